//! The HTTP interface.

use super::State;
use super::apply;
use super::store::Store;
use crate::spec::tree::merge;
use http::request::Parts;
use http::{Method, Response};
use kube::client::Body;
use serde_json::{Value, json};

pub(super) fn json_response(code: u16, body: &Value) -> Response<Body> {
    Response::builder().status(code).header("content-type", "application/json").body(Body::from(body.to_string().into_bytes())).unwrap()
}

/// A Status of a failure.
pub(crate) fn status(code: u16, reason: &str, message: &str, details: Value) -> Value {
    json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code, "reason": reason, "message": message, "details": details})
}

pub(super) fn code(status: &Value) -> u16 {
    u16::try_from(status["code"].as_u64().unwrap()).unwrap()
}

fn not_found(plural: &str, name: &str) -> Value {
    status(404, "NotFound", &format!("{plural} {name:?} not found"), json!({"name": name, "kind": plural}))
}

/// What a path names.
struct Place<'a> {
    kind: &'static str,
    plural: &'static str,
    version: &'static str,
    namespace: &'a str,
    name: Option<&'a str>,
    subresource: Option<&'a str>,
}

impl<'a> Place<'a> {
    fn of(store: &Store, path: &'a str) -> Option<Self> {
        let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
        let (version, rest) = match parts.as_slice() {
            ["api", version, rest @ ..] => ((*version).to_owned(), rest),
            ["apis", group, version, rest @ ..] => (format!("{group}/{version}"), rest),
            _ => return None,
        };
        let (namespace, rest) = match rest {
            ["namespaces", namespace, rest @ ..] if !rest.is_empty() => (*namespace, rest),
            rest => ("", rest),
        };
        let row = store.kinds().find(|row| row.1 == rest[0] && row.2 == version)?;
        Some(Self { kind: row.0, plural: row.1, version: row.2, namespace, name: rest.get(1).copied(), subresource: rest.get(2).copied() })
    }
}

fn parameter(head: &Parts, name: &str) -> Option<String> {
    let pairs = head.uri.query()?.split('&').filter_map(|pair| pair.split_once('='));
    let value = pairs.filter(|(key, _)| *key == name).map(|(_, value)| value).next()?;
    // As much of URL decoding as selectors need.
    let plain = [("%3D", "="), ("%2C", ","), ("%2F", "/"), ("%28", "("), ("%29", ")"), ("+", " "), ("%20", " ")];
    Some(plain.iter().fold(value.to_owned(), |text, (code, plain)| text.replace(code, plain)))
}

pub(super) fn answer(state: &mut State, head: &Parts, body: &[u8]) -> Response<Body> {
    let path = head.uri.path();
    if let Some(found) = discovery(state, head, path) {
        return json_response(200, &found);
    }
    let Some(place) = Place::of(&state.store, path) else {
        return Response::builder().status(404).body(Body::from(b"404 page not found\n".to_vec())).unwrap();
    };
    let found = match (&head.method, place.name, place.subresource) {
        (&Method::GET, Some(_), Some("log")) => return log(state, head, &place),
        (&Method::GET, Some(_), None) => get(state, head, &place),
        (&Method::GET, None, None) => list(state, head, &place),
        (&Method::POST, None, None) => create(state, head, &place, body),
        (&Method::PATCH, Some(name), Some("scale")) => scale(state, head, &place, name, body),
        (&Method::POST, Some(name), Some("eviction")) => evict(state, head, &place, name),
        (&Method::PATCH, Some(name), None) => patch(state, head, &place, name, body),
        (&Method::DELETE, Some(name), None) => delete(state, &place, name, body),
        other => panic!("the fake does not know {other:?} {path}"),
    };
    match found {
        Ok(value) => json_response(200, &value),
        Err(status) => json_response(code(&status), &status),
    }
}

fn discovery(state: &State, head: &Parts, path: &str) -> Option<Value> {
    let aggregated = head.headers.get("accept").is_some_and(|accept| accept.to_str().unwrap().contains("apidiscovery"));
    let version = json!({"major": "1", "minor": "35", "gitVersion": "v1.35.4", "gitCommit": "", "gitTreeState": "", "buildDate": "", "goVersion": "",
        "compiler": "", "platform": ""});
    let groups = |core: bool| {
        let mut versions: Vec<&str> = state.store.kinds().map(|row| row.2).filter(|version| version.contains('/') != core).collect();
        versions.dedup();
        versions
    };
    match path {
        "/version" => Some(version),
        "/api" | "/apis" if aggregated => {
            let items = groups(path == "/api").into_iter().map(|of| {
                let (group, version) = of.split_once('/').unwrap_or(("", of));
                let resources = state.store.kinds().filter(|row| row.2 == of).map(|row| {
                    json!({"resource": row.1, "singularResource": row.0.to_lowercase(), "scope": if row.3 { "Namespaced" } else { "Cluster" },
                        "responseKind": {"group": group, "version": version, "kind": row.0}, "verbs": ["get", "list", "create", "patch", "delete"]})
                });
                json!({"metadata": {"name": group}, "versions": [{"version": version, "freshness": "Current", "resources": resources.collect::<Vec<_>>()}]})
            });
            Some(json!({"kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": {}, "items": items.collect::<Vec<_>>()}))
        }
        "/apis" => {
            let mut names: Vec<&str> = groups(false).into_iter().filter_map(|of| of.split_once('/')).map(|(group, _)| group).collect();
            names.extend(state.metrics_api.then_some("metrics.k8s.io"));
            let version = json!({"groupVersion": "x/v1", "version": "v1"});
            let items: Vec<Value> = names.iter().map(|name| json!({"name": name, "versions": [version], "preferredVersion": version})).collect();
            Some(json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": items}))
        }
        _ => None,
    }
}

/// What an answer holds of an object: all of it, or its metadata alone.
fn shown(head: &Parts, object: &Value) -> Value {
    let accept = head.headers.get("accept").and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    if accept.contains("PartialObjectMetadata") {
        return json!({"apiVersion": "meta.k8s.io/v1", "kind": "PartialObjectMetadata", "metadata": object["metadata"]});
    }
    object.clone()
}

fn get(state: &State, head: &Parts, place: &Place<'_>) -> Result<Value, Value> {
    let name = place.name.unwrap();
    state.store.get(place.plural, place.namespace, name).map(|object| shown(head, object)).ok_or_else(|| not_found(place.plural, name))
}

fn matches(object: &Value, selector: &str) -> bool {
    let labels = &object["metadata"]["labels"];
    // As in `a=b,c in (d,e)`.
    let mut rest = selector;
    while !rest.is_empty() {
        let end = match (rest.find('('), rest.find(',')) {
            (Some(open), Some(comma)) if open < comma => rest.find(')').unwrap() + 1,
            (Some(_), None) => rest.len(),
            (_, comma) => comma.unwrap_or(rest.len()),
        };
        let (term, after) = rest.split_at(end);
        rest = after.trim_start_matches(',');
        let holds = match term.split_once(" in ") {
            Some((key, values)) => values.trim_matches(['(', ')']).split(',').any(|value| labels[key] == *value),
            None => term.split_once('=').is_some_and(|(key, value)| labels[key] == *value),
        };
        if !holds {
            return false;
        }
    }
    true
}

fn list(state: &State, head: &Parts, place: &Place<'_>) -> Result<Value, Value> {
    let selector = parameter(head, "labelSelector").unwrap_or_default();
    let fields = parameter(head, "fieldSelector").unwrap_or_default();
    let has_field = |object: &Value| {
        fields
            .split(',')
            .filter_map(|term| term.split_once('='))
            .all(|(path, value)| object.pointer(&format!("/{}", path.replace('.', "/"))).and_then(Value::as_str) == Some(value))
    };
    let in_namespace = |object: &&Value| place.namespace.is_empty() || object["metadata"]["namespace"] == place.namespace;
    let all: Vec<&Value> =
        state.store.all(place.plural).filter(in_namespace).filter(|object| matches(object, &selector) && has_field(object)).collect();
    let from: usize = parameter(head, "continue").and_then(|token| token.parse().ok()).unwrap_or(0);
    let limit: usize = parameter(head, "limit").and_then(|limit| limit.parse().ok()).unwrap_or(usize::MAX);
    let items = all.iter().skip(from).take(limit).map(|object| {
        let mut item = shown(head, object);
        // Items of a typed list do not repeat what the list is of.
        if item["kind"] != "PartialObjectMetadata" {
            item.as_object_mut().unwrap().retain(|key, _| key != "kind" && key != "apiVersion");
        }
        item
    });
    let items = items.collect::<Vec<_>>();
    let next = from + items.len();
    let token = if next < all.len() { next.to_string() } else { String::new() };
    Ok(
        json!({"apiVersion": place.version, "kind": format!("{}List", place.kind), "metadata": {"resourceVersion": "1", "continue": token}, "items": items}),
    )
}

/// Writing into a namespace that is not there, or that is going.
fn admit(state: &State, place: &Place<'_>) -> Result<(), Value> {
    if place.namespace.is_empty() || place.plural == "namespaces" || state.store.get("namespaces", "", place.namespace).is_some() {
        return Ok(());
    }
    Err(not_found("namespaces", place.namespace))
}

fn create(state: &mut State, head: &Parts, place: &Place<'_>, body: &[u8]) -> Result<Value, Value> {
    admit(state, place)?;
    let mut object: Value = serde_json::from_slice(body).unwrap();
    object["apiVersion"] = json!(place.version);
    object["kind"] = json!(place.kind);
    let name = object["metadata"]["name"].as_str().unwrap().to_owned();
    if !place.namespace.is_empty() {
        object["metadata"]["namespace"] = json!(place.namespace);
    }
    if state.store.get(place.plural, place.namespace, &name).is_some() {
        return Err(status(409, "AlreadyExists", &format!("{} {name:?} already exists", place.plural), json!({"name": name, "kind": place.plural})));
    }
    state.store.put(object, &parameter(head, "fieldManager").unwrap_or_default());
    Ok(state.store.get(place.plural, place.namespace, &name).unwrap().clone())
}

fn patch(state: &mut State, head: &Parts, place: &Place<'_>, name: &str, body: &[u8]) -> Result<Value, Value> {
    if head.headers["content-type"] == "application/merge-patch+json" {
        return merge_patch(state, place, name, body);
    }
    assert_eq!(head.headers["content-type"], "application/apply-patch+yaml", "the fake knows no other patch");
    admit(state, place)?;
    let applied: Value = serde_json::from_slice(body).unwrap();
    assert_eq!((&applied["kind"], &applied["metadata"]["name"]), (&json!(place.kind), &json!(name)), "the body is about something else");
    assert!(applied["metadata"]["managedFields"].is_null(), "metadata.managedFields must be nil");
    let manager = parameter(head, "fieldManager").unwrap();
    let force = parameter(head, "force").as_deref() == Some("true");
    let live = state.store.get(place.plural, place.namespace, name).cloned();
    let mut result = apply::apply(live.as_ref(), &applied, &manager, force).map_err(|conflicts| {
        let causes: Vec<Value> =
            conflicts.iter().map(|one| json!({"reason": "FieldManagerConflict", "field": one.field, "message": one.message})).collect();
        let message = format!("Apply failed with {} conflicts", causes.len());
        status(409, "Conflict", &message, json!({"causes": causes}))
    })?;
    if !place.namespace.is_empty() {
        result["metadata"]["namespace"] = json!(place.namespace);
    }
    if live.as_ref() == Some(&result) {
        return Ok(result);
    }
    if parameter(head, "dryRun").as_deref() == Some("All") {
        if result["kind"] == "Deployment" && result["spec"]["replicas"].is_null() {
            result["spec"]["replicas"] = json!(1);
        }
        return Ok(result);
    }
    Ok(state.store.store(result).clone())
}

/// The scale subresource: `{"spec": {"replicas": 5}}`.
fn scale(state: &mut State, head: &Parts, place: &Place<'_>, name: &str, body: &[u8]) -> Result<Value, Value> {
    state.store.get(place.plural, place.namespace, name).ok_or_else(|| not_found(place.plural, name))?;
    let patch: Value = serde_json::from_slice(body).unwrap();
    state.store.scale(name, patch["spec"]["replicas"].as_i64().unwrap(), &parameter(head, "fieldManager").unwrap_or_default());
    Ok(json!({"apiVersion": "autoscaling/v1", "kind": "Scale", "metadata": {"name": name, "namespace": place.namespace}, "spec": patch["spec"]}))
}

/// The eviction API: a budget that allows no disruption forbids it, whatever it selects.
fn evict(state: &mut State, head: &Parts, place: &Place<'_>, name: &str) -> Result<Value, Value> {
    state.store.get(place.plural, place.namespace, name).ok_or_else(|| not_found(place.plural, name))?;
    let is_full = |budget: &Value| budget["metadata"]["namespace"] == place.namespace && budget["status"]["disruptionsAllowed"] == 0;
    if let Some(budget) = state.store.all("poddisruptionbudgets").find(|budget| is_full(budget)) {
        let message = format!("The disruption budget {} needs 3 healthy pods and has 3 currently", budget["metadata"]["name"].as_str().unwrap());
        return Err(status(429, "TooManyRequests", &message, json!({"causes": [{"reason": "DisruptionBudget"}]})));
    }
    if parameter(head, "dryRun").is_none() {
        state.store.delete(place.plural, place.namespace, name);
    }
    Ok(json!({"kind": "Status", "apiVersion": "v1", "status": "Success", "metadata": {}}))
}

/// An object that is being deleted goes with its last finalizer.
fn merge_patch(state: &mut State, place: &Place<'_>, name: &str, body: &[u8]) -> Result<Value, Value> {
    let mut object = state.store.get(place.plural, place.namespace, name).cloned().ok_or_else(|| not_found(place.plural, name))?;
    let patch: Value = serde_json::from_slice(body).unwrap();
    let version = &patch["metadata"]["resourceVersion"];
    if !version.is_null() && *version != object["metadata"]["resourceVersion"] {
        return Err(status(409, "Conflict", "the object has been modified", json!({"name": name, "kind": place.plural})));
    }
    let annotations = patch["metadata"]["annotations"].as_object().into_iter().flatten();
    let gone: Vec<String> = annotations.filter(|(_, text)| text.is_null()).map(|(key, _)| key.clone()).collect();
    merge(&mut object, patch);
    // What is null goes (RFC 7396).
    if let Some(annotations) = object["metadata"]["annotations"].as_object_mut() {
        annotations.retain(|key, _| !gone.contains(key));
    }
    let object = state.store.store(object).clone();
    if !object["metadata"]["deletionTimestamp"].is_null() {
        state.store.delete(place.plural, place.namespace, name);
    }
    Ok(object)
}

fn delete(state: &mut State, place: &Place<'_>, name: &str, body: &[u8]) -> Result<Value, Value> {
    let found = state.store.get(place.plural, place.namespace, name).ok_or_else(|| not_found(place.plural, name))?;
    let options: Value = serde_json::from_slice(body).unwrap_or_default();
    let uid = &options["preconditions"]["uid"];
    if !uid.is_null() && *uid != found["metadata"]["uid"] {
        return Err(status(409, "Conflict", "the UID in the precondition does not match", json!({"name": name, "kind": place.plural})));
    }
    state.store.delete(place.plural, place.namespace, name);
    Ok(json!({"kind": "Status", "apiVersion": "v1", "status": "Success", "metadata": {}}))
}

/// A pod's log is in its annotations: `log`, and `previous-log` of the container before.
fn log(state: &State, head: &Parts, place: &Place<'_>) -> Response<Body> {
    let key = if parameter(head, "previous").as_deref() == Some("true") { "previous-log" } else { "log" };
    let pod = state.store.get(place.plural, place.namespace, place.name.unwrap());
    let text = pod.and_then(|pod| pod["metadata"]["annotations"][key].as_str());
    match text {
        Some(text) => Response::new(Body::from(text.as_bytes().to_vec())),
        None => json_response(400, &status(400, "BadRequest", "previous terminated container not found", Value::Null)),
    }
}
