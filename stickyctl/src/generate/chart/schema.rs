//! The schema of the chart's values: what one value can be, and what values can't be together. Helm enforces it.

use super::tree::{OF_HELM, maxmemory};
use serde_json::{Value, json};

/// The spec's schema without the keys that Helm has itself, in the forms that the templates print as they are, and with the rules
/// that tie values to each other.
pub(super) fn schema() -> Value {
    let mut schema = crate::spec::schema();
    schema["title"] = json!("Values of the chart sticky-sessions");
    if let Some(properties) = schema["properties"].as_object_mut() {
        properties.retain(|key, _| !OF_HELM.contains(&key.as_str()));
    }
    plain(&mut schema["properties"]);
    require(&mut schema);
    schema["allOf"] = rules();
    // Helm adds this if the chart is a subchart.
    schema["properties"]["global"] = json!({"type": "object", "description": "Values of a parent chart; this chart uses none."});
    schema
}

/// Templates do no arithmetic: sizes that Redis reads are bytes, and networks have their prefix.
fn plain(properties: &mut Value) {
    let redis = &mut properties["redis"]["properties"];
    redis["maxmemory"] = json!({
        "type": "integer",
        "minimum": 1 << 20,
        "description": format!("{} In bytes.", redis["maxmemory"]["description"].as_str().unwrap_or_default()),
        "default": maxmemory(&crate::spec::StickyApp::default()),
    });
    for (group, key) in [("ingress", "trustedProxies"), ("networkPolicy", "allowFrom")] {
        let list = &mut properties[group]["properties"][key];
        list["items"] = json!({"allOf": [list["items"].clone(), {"type": "string", "pattern": "/[0-9]+$"}]});
    }
}

/// Requires every key that has a default, in groups that are always there. Helm merges the user's values into `values.yaml`, so a
/// key is missing only if the user removed it with `null`. That has a meaning for a key that may be left out (no CPU limit);
/// elsewhere nothing could take its place. Lists and maps may be removed: then they are empty.
fn require(schema: &mut Value) {
    let mut required = Vec::new();
    for (key, property) in schema["properties"].as_object_mut().into_iter().flatten() {
        let is_group = property["type"] == "object" && property.get("properties").is_some();
        if is_group {
            require(property);
        }
        let may_go = property["type"].as_array().is_some_and(|types| types.iter().any(|of| of == "null"));
        let has_text = property.get("default").is_some_and(|default| !default.is_array() && !default.is_object());
        if (has_text && !may_go) || (is_group && property.get("required").is_some()) {
            required.push(key.clone());
        }
    }
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
}

/// Values that a front door, a browser or the API server would refuse or ignore together.
fn rules() -> Value {
    let text = || json!({"type": "string"});
    let door = |word: &str| at("ingress.frontDoor", json!({"const": word}));
    let tls = || at("ingress.tlsSecret", text());
    let not_off = || maybe("ingress.cookie.secure", json!({"enum": [true, null]}));
    // The cookie has Secure where it is set, and by default with TLS.
    let secure = || json!({"anyOf": [at("ingress.cookie.secure", json!({"const": true})), both(tls(), not_off())]});
    json!([
        when("One digest is enough.", at("image.digest", text()), at("image.name", json!({"type": "string", "pattern": "^[^@]*$"})),),
        when(
            "Egress is restricted by a NetworkPolicy.",
            at("networkPolicy.restrictEgress", json!({"const": true})),
            at("networkPolicy.enabled", json!({"const": true})),
        ),
        when("A front door picks the certificate by host name.", tls(), at("ingress.host", text())),
        when("Browsers drop SameSite=None without Secure.", at("ingress.cookie.sameSite", json!({"const": "None"})), secure()),
        when(
            "Browsers drop a __Host- or __Secure- cookie without Secure.",
            at("ingress.cookie.name", json!({"type": "string", "pattern": "^__([Hh][Oo][Ss][Tt]|[Ss][Ee][Cc][Uu][Rr][Ee])-"})),
            secure(),
        ),
        when("ingress-nginx adds Secure to every cookie that it sets over TLS.", both(door("nginx"), tls()), not_off(),),
        when("Only Traefik's version decides what is read.", door("nginx"), maybe("ingress.frontDoorVersion", json!({"type": "null"}))),
        when(
            "Traefik doesn't read affinity-mode and session-cookie-change-on-failure.",
            door("traefik"),
            both(
                at("ingress.cookie.persistence", json!({"const": "persistent"})),
                maybe("ingress.cookie.changeOnFailure", json!({"enum": [false, null]})),
            ),
        ),
        when(
            "Traefik reads timeouts since 3.7.13.",
            both(door("traefik"), at("ingress.websocketTimeout", text())),
            at(
                "ingress.frontDoorVersion",
                json!({"type": "string", "pattern": r"^v?(3\.7\.(1[3-9]|[2-9][0-9]|[1-9][0-9]{2,})|3\.([89]|[1-9][0-9]+)\.|([4-9]|[1-9][0-9]+)\.)"})
            ),
        ),
        when(
            "Without trusted proxies every client has the front door's address.",
            at("limits.newSessionsPerMinute", json!({"type": "integer"})),
            at("ingress.trustedProxies", json!({"type": "array", "minItems": 1})),
        ),
        when(
            "Without trusted proxies every client has the front door's address.",
            at("limits.connectionsPerAddress", json!({"type": "integer"})),
            at("ingress.trustedProxies", json!({"type": "array", "minItems": 1})),
        ),
        when(
            "The autoscaler's target is a percentage of the CPU request.",
            at("autoscaling", json!({"type": "object"})),
            at("resources.requests.cpu", json!({"type": ["string", "number"]})),
        ),
    ])
}

fn when(why: &str, condition: Value, then: Value) -> Value {
    json!({"$comment": why, "if": condition, "then": then})
}

fn both(one: Value, other: Value) -> Value {
    json!({"allOf": [one, other]})
}

/// A schema for the value at a path, which must be there.
fn at(path: &str, schema: Value) -> Value {
    path.rsplit('.').fold(schema, |schema, key| json!({"type": "object", "properties": {key: schema}, "required": [key]}))
}

/// A schema for the value at a path, if it is there.
fn maybe(path: &str, schema: Value) -> Value {
    path.rsplit('.').fold(schema, |schema, key| json!({"properties": {key: schema}}))
}
