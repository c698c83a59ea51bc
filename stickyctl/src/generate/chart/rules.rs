//! Values of the chart that can't be together.

use serde_json::{Value, json};

/// Names of cookies that browsers drop without the Secure attribute.
const NEEDS_SECURE: &str = "^__([Hh][Oo][Ss][Tt]|[Hh][Tt][Tt][Pp]|[Ss][Ee][Cc][Uu][Rr][Ee])-";

/// Values that a front door, a browser or the API server would refuse or ignore together.
pub(super) fn rules() -> Value {
    let tls = || at("ingress.tlsSecret", text());
    let not_off = || maybe("ingress.cookie.secure", json!({"enum": [true, null]}));
    // The cookie has Secure where it is set, and by default with TLS.
    let secure = || json!({"anyOf": [at("ingress.cookie.secure", json!({"const": true})), both(tls(), not_off())]});
    let mut rules = vec![
        when("One digest is enough.", at("image.digest", text()), at("image.name", json!({"type": "string", "pattern": "^[^@]*$"}))),
        when(
            "Egress is restricted by a NetworkPolicy.",
            at("networkPolicy.restrictEgress", json!({"const": true})),
            at("networkPolicy.enabled", json!({"const": true})),
        ),
        when("A front door picks the certificate by host name.", tls(), at("ingress.host", text())),
        when("Browsers drop SameSite=None without Secure.", at("ingress.cookie.sameSite", json!({"const": "None"})), secure()),
        when(
            "Browsers drop a __Host-, __Http- or __Secure- cookie without Secure.",
            at("ingress.cookie.name", json!({"type": "string", "pattern": NEEDS_SECURE})),
            secure(),
        ),
        when("ingress-nginx adds Secure to every cookie that it sets over TLS.", both(door("nginx"), tls()), not_off()),
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
                json!({"type": "string", "pattern": r"^v?(3\.7\.(1[3-9]|[2-9][0-9]|[1-9][0-9]{2,})|3\.([89]|[1-9][0-9]+)\.|([4-9]|[1-9][0-9]+)\.)"}),
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
    ];
    rules.extend(gateway());
    Value::Array(rules)
}

/// What a Gateway can't do.
fn gateway() -> Vec<Value> {
    let door = || door("gateway");
    let absent = |path: &str| maybe(path, json!({"type": "null"}));
    // The affinity comes from `sessionPersistence`.
    let persistence = || both(door(), at("ingress.cookie.persistence", json!({"const": "persistent"})));
    let own = || both(door(), absent("gateway.name"));
    let other = both(door(), at("gateway.controller", json!({"not": {"pattern": r"^gateway\.envoyproxy\.io/"}})));
    let may_move = maybe("ingress.cookie.changeOnFailure", json!({"enum": [false, null]}));
    vec![
        when(
            "sessionPersistence has no SameSite and no Secure.",
            persistence(),
            both(at("ingress.cookie.sameSite", json!({"const": "Lax"})), maybe("ingress.cookie.secure", json!({"enum": [false, null]}))),
        ),
        when(
            "sessionPersistence has no Secure, without which browsers drop such a cookie.",
            persistence(),
            maybe("ingress.cookie.name", json!({"not": {"type": "string", "pattern": NEEDS_SECURE}})),
        ),
        when(
            "The Gateway API has had sessionPersistence since v1.1.0.",
            persistence(),
            maybe("gateway.api", json!({"anyOf": [{"type": "null"}, {"pattern": r"^v?(1\.[1-9][0-9]*|[2-9]|[1-9][0-9]+)\."}]})),
        ),
        when("The namespace is that of an existing Gateway.", both(door(), at("gateway.namespace", text())), at("gateway.name", text())),
        when("The release's own Gateway has these listeners.", own(), maybe("gateway.section", json!({"enum": ["http", "https", null]}))),
        when(
            "The release's own Gateway listens for HTTPS only with a certificate.",
            both(own(), at("gateway.section", json!({"const": "https"}))),
            at("ingress.tlsSecret", text()),
        ),
        when(
            "Only Envoy Gateway has policies for these.",
            other,
            both(at("ingress.cookie.persistence", json!({"const": "persistent"})), both(may_move, absent("ingress.websocketTimeout"))),
        ),
        when("A route names each host once, and at most 16.", door(), maybe("gateway.hostnames", json!({"uniqueItems": true, "maxItems": 16}))),
    ]
}

fn text() -> Value {
    json!({"type": "string"})
}

fn door(word: &str) -> Value {
    at("ingress.frontDoor", json!({"const": word}))
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
