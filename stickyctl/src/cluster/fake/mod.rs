//! A small API server for tests: stateful, in memory, and as honest as the flows of this folder need.
//!
//! It is a `Service` behind a real [`Client`], so that everything up to the HTTP request is what users run. [`store`] keeps objects
//! with uid, resourceVersion and generation; [`apply`] is server-side apply with owners and conflicts by field; [`serve`] is the
//! HTTP interface (get, list with selectors and pages, create, apply, delete with preconditions, finalizers, discovery); [`controllers`]
//! turn Deployments and StatefulSets into pods before each request is answered; [`gateway`] and
//! [`envoy_gateway`] are Envoy Gateway; [`network`] is the way of a
//! port-forward, [`pod`] what it reaches, and [`logs`] the log that grows.
//!
//! Nothing waits for real time: with Tokio's clock paused, minutes of a rollout take microseconds.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod apply;
mod controllers;
mod envoy_gateway;
mod gateway;
mod jobs;
mod logs;
mod network;
pub(crate) mod pod;
mod serve;
mod spdy;
mod store;
#[cfg(test)]
mod tests;

use crate::cluster::connect::Cluster;
use crate::cluster::release::Place;
use bytes::Bytes;
pub(crate) use controllers::Pods;
use http::{Method, Request, Response};
use http_body_util::combinators::UnsyncBoxBody;
use kube::Client;
use kube::client::Body;
use pod::{Listener, Listening};
use serde_json::{Value, json};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};
use store::Store;
use tokio::sync::Notify;

/// The default release.
pub(crate) fn place() -> Place {
    Place { name: "sticky-sessions".to_owned(), namespace: "sticky-sessions".to_owned() }
}

/// A handle to the API server; clones share its state.
#[derive(Clone, Default)]
pub(crate) struct Fake(Arc<Mutex<State>>);

/// The body of an answer, which may come line by line.
type Answer = UnsyncBoxBody<Bytes, io::Error>;

#[derive(Default)]
struct State {
    store: Store,
    logs: logs::Logs,
    pods: Pods,
    rules: Vec<Rule>,
    listeners: Vec<Listener>,
    /// Port-forwards so far, as the methods of their requests.
    forwards: Vec<Method>,
    cut: Arc<Notify>,
    /// Writes so far, as in `PATCH /apis/apps/v1/namespaces/a/deployments/b`.
    writes: Vec<String>,
    metrics_api: bool,
    objections: Vec<gateway::Objection>,
    jobs: Option<jobs::Script>,
}

/// How a request ends before it gets to the store.
struct Rule {
    method: Option<Method>,
    path: String,
    /// How many more times; `None` is always.
    times: Option<usize>,
    then: Then,
}

/// What a rule does.
#[derive(Clone)]
pub(crate) enum Then {
    /// Answers with a Status.
    Status(Value),
    /// Never answers.
    Silence,
    /// There is no connection.
    Refuse(&'static str),
}

impl Fake {
    /// An API server with one node and the namespaces of every cluster.
    pub(crate) fn new() -> Self {
        let fake = Self::default();
        fake.put(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "default"}}));
        let info = json!({"architecture": "amd64", "bootID": "", "containerRuntimeVersion": "", "kernelVersion": "", "kubeProxyVersion": "",
            "kubeletVersion": "", "machineID": "", "operatingSystem": "linux", "osImage": "", "systemUUID": ""});
        fake.put(json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "node-1"}, "status": {"nodeInfo": info}}));
        fake
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    pub(crate) fn client(&self) -> Client {
        let fake = self.clone();
        Client::new(tower::service_fn(move |request: Request<Body>| fake.clone().answer(request)), "default")
    }

    /// A cluster that is not kind's.
    pub(crate) fn cluster(&self) -> Cluster {
        Cluster { client: self.client(), context: "test".to_owned(), version: "1.35.4".to_owned(), inside: false }
    }

    async fn answer(self, request: Request<Body>) -> Result<Response<Answer>, io::Error> {
        let (head, body) = request.into_parts();
        let path = head.uri.path_and_query().map(ToString::to_string).unwrap_or_default();
        let body = body.collect_bytes().await.map_err(io::Error::other)?;
        let then = self.state().rule(&head.method, &path);
        match then {
            Some(Then::Status(status)) => return Ok(logs::whole(serve::json_response(serve::code(&status), &status))),
            Some(Then::Silence) => std::future::pending().await,
            Some(Then::Refuse(why)) => return Err(io::Error::new(io::ErrorKind::ConnectionRefused, why)),
            None => {}
        }
        let forwarded = self.state().forwarded(&head.uri);
        if let Some(pod) = forwarded {
            let (fake, name) = (self.clone(), pod.clone());
            let cut = {
                let mut state = self.state();
                state.forwards.push(head.method.clone());
                state.cut.clone()
            };
            let find = Arc::new(move |port| {
                let state = fake.state();
                let found = state.listeners.iter().rev().find(|one| name.contains(&one.pod) && one.port == port);
                found.map(|listener| listener.answers.clone())
            });
            return Ok(logs::whole(network::forward(head, Listening { pod, find, cut }).await));
        }
        let log = logs::answer(&mut self.state(), &head.uri);
        if let Some(log) = log {
            return Ok(log.await);
        }
        let mut state = self.state();
        if head.method != Method::GET {
            state.writes.push(format!("{} {path}", head.method));
        }
        let State { store, pods, objections, jobs, .. } = &mut *state;
        controllers::run(store, pods, objections, jobs.as_ref());
        Ok(logs::whole(serve::answer(&mut state, &head, &body)))
    }

    /// Creates an object as kubectl would, or replaces it.
    pub(crate) fn put(&self, object: Value) {
        self.state().store.put(object, "kubectl-create");
    }

    /// Applies all objects of a plan as `up` does, and lets the controllers act.
    pub(crate) async fn apply(&self, plan: &crate::cluster::plan::Plan) {
        use crate::cluster::apply::{Manner, apply_patiently};
        for object in &plan.objects {
            apply_patiently(&self.client(), object, Manner::default()).await.unwrap();
        }
        self.get("Deployment", &plan.spec.name);
    }

    /// A front door of ours or of somebody else, with one ready pod that answers as the app does: each fresh session meets the next of
    /// the app's pods.
    pub(crate) fn front_door(&self, class: &str) {
        self.put(json!({"apiVersion": "networking.k8s.io/v1", "kind": "IngressClass", "metadata": {"name": class}, "spec": {"controller": "k8s.io/ingress-nginx"}}));
        let owner = json!([{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "ingress-nginx-controller-1", "uid": "u", "controller": true}]);
        self.put(json!({"apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": "ingress-nginx-controller-1-a", "namespace": "ingress-nginx", "labels": {"pod-template-hash": "1"}, "ownerReferences": owner},
            "spec": {"nodeName": "node-1", "containers": [{"name": "controller", "image": "registry.k8s.io/ingress-nginx/controller:v1.15.1",
                "args": ["/nginx-ingress-controller"]}]},
            "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}}));
        self.answers("ingress-nginx-controller", 80);
    }

    /// Lets pods answer as the app behind a front door does.
    pub(crate) fn answers(&self, pod: &str, port: u16) {
        let (fake, turn) = (Arc::downgrade(&self.0), std::sync::atomic::AtomicUsize::new(0));
        self.listen(pod, port, move |asked| {
            let Some(state) = fake.upgrade() else { return pod::Answers::Silence };
            let is_app =
                |pod: &&Value| pod["metadata"]["labels"]["app.kubernetes.io/component"] == "app" && pod["metadata"]["deletionTimestamp"].is_null();
            let state = state.lock().unwrap();
            let pods: Vec<&str> = state.store.all("pods").filter(is_app).map(|pod| pod["metadata"]["name"].as_str().unwrap()).collect();
            if pods.is_empty() {
                return pod::Answers::Http(503, Vec::new(), String::new());
            }
            let turn = turn.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            let (pod, worker) = (pods[turn % pods.len()], (turn / pods.len()) % 4);
            let cookie = ("set-cookie", "sticky=abc; Path=/".to_owned());
            match asked.path.as_str() {
                "/whoami" => pod::Answers::Http(200, vec![cookie], json!({"pod": pod, "worker": worker}).to_string()),
                "/session" => pod::Answers::Http(200, Vec::new(), json!({"client_id": "a".repeat(26)}).to_string()),
                path if path.starts_with("/submit/") => {
                    pod::Answers::Http(200, vec![("x-sticky-pod", pod.to_owned()), ("x-sticky-worker", worker.to_string())], String::new())
                }
                path if path.starts_with("/ws/") => pod::Answers::Socket("{}"),
                _ => pod::Answers::Http(404, Vec::new(), String::new()),
            }
        });
    }

    /// Changes an object as a controller would: nobody owns what changed.
    pub(crate) fn edit(&self, kind: &str, name: &str, change: impl FnOnce(&mut Value)) {
        self.state().store.edit(kind, name, change);
    }

    /// Deletes an object as kubectl would.
    pub(crate) fn delete(&self, kind: &str, name: &str) {
        let mut state = self.state();
        let namespace = state.store.named(kind, name).unwrap()["metadata"]["namespace"].as_str().unwrap_or_default().to_owned();
        state.store.delete(store::plural_of(kind), &namespace, name);
    }

    /// `kubectl scale`, or an autoscaler, by its field manager.
    pub(crate) fn scale(&self, name: &str, replicas: i64, manager: &str) {
        self.state().store.scale(name, replicas, manager);
    }

    /// An object as it is stored, after the controllers ran.
    pub(crate) fn get(&self, kind: &str, name: &str) -> Option<Value> {
        let mut state = self.state();
        let State { store, pods, objections, jobs, .. } = &mut *state;
        controllers::run(store, pods, objections, jobs.as_ref());
        store.named(kind, name).cloned()
    }

    /// Titles of all objects, as in `Deployment sticky-sessions`, without nodes and namespaces of every cluster.
    pub(crate) fn titles(&self) -> Vec<String> {
        let all = self.state().store.titles();
        all.into_iter().filter(|title| title != "Namespace default" && title != "Node node-1").collect()
    }

    /// The owners of a Deployment's replica count.
    pub(crate) fn owners(&self, deployment: &str) -> Vec<String> {
        let live = self.get("Deployment", deployment).unwrap();
        let entries = live["metadata"]["managedFields"].as_array().cloned().unwrap_or_default();
        let own = entries.iter().filter(|entry| entry.pointer("/fieldsV1/f:spec/f:replicas").is_some());
        own.map(|entry| entry["manager"].as_str().unwrap().to_owned()).collect()
    }

    /// How new pods come up from now on.
    pub(crate) fn pods(&self, pods: Pods) {
        let mut state = self.state();
        state.pods = pods;
        state.store.settled = None;
    }

    /// What the pods of Jobs do from now on.
    pub(crate) fn jobs(&self, script: impl Fn(&Value) -> Option<(Value, String)> + Send + Sync + 'static) {
        let mut state = self.state();
        state.jobs = Some(Arc::new(script));
        state.store.settled = None;
    }

    /// The methods of the requests that opened a port-forward, since it was asked last.
    pub(crate) fn forwards(&self) -> Vec<Method> {
        std::mem::take(&mut self.state().forwards)
    }

    /// Ends the port-forwards that are open.
    pub(crate) fn cut(&self) {
        self.state().cut.notify_waiters();
    }

    pub(crate) fn has_metrics_api(&self) {
        self.state().metrics_api = true;
    }

    /// Lets requests end before they get to the store. `path` is any part of the path with its query.
    pub(crate) fn rule(&self, method: Option<Method>, path: &str, times: Option<usize>, then: Then) {
        self.state().rules.push(Rule { method, path: path.to_owned(), times, then });
    }

    /// Denies everything on paths with a part.
    pub(crate) fn forbid(&self, path: &str) {
        let message = format!("{path} is forbidden: User \"jane\" cannot do that");
        self.rule(None, path, None, Then::Status(serve::status(403, "Forbidden", &message, json!({"kind": "x"}))));
    }

    /// What pods with a part of a name answer on a port.
    pub(crate) fn listen(&self, pod: &str, port: u16, answers: impl Fn(&pod::Asked) -> pod::Answers + Send + Sync + 'static) {
        self.state().listeners.push(Listener { pod: pod.to_owned(), port, answers: Arc::new(answers) });
    }

    /// Writes since the last call, as in `PATCH /apis/apps/v1/…`, without dry runs.
    pub(crate) fn writes(&self) -> Vec<String> {
        let all = std::mem::take(&mut self.state().writes);
        all.into_iter().filter(|write| !write.contains("dryRun=All")).collect()
    }
}

impl State {
    fn rule(&mut self, method: &Method, path: &str) -> Option<Then> {
        let applies = |rule: &&mut Rule| rule.times != Some(0) && path.contains(&rule.path) && rule.method.as_ref().is_none_or(|one| one == method);
        let rule = self.rules.iter_mut().find(applies)?;
        rule.times = rule.times.map(|times| times - 1);
        Some(rule.then.clone())
    }

    /// Whether a request is for a port-forward to a pod, and to which.
    fn forwarded(&self, uri: &http::Uri) -> Option<String> {
        let parts: Vec<&str> = uri.path().split('/').collect();
        let ["", "api", "v1", "namespaces", namespace, "pods", pod, "portforward"] = parts[..] else { return None };
        self.store.get("pods", namespace, pod)?;
        Some(pod.to_owned())
    }
}
