//! The Gateway API with Envoy Gateway: `sessionPersistence` on the rules of an HTTPRoute, or a BackendTrafficPolicy that hashes a cookie.
//!
//! The first keeps sessions when pods are added, the second can have every attribute. So the second is taken where the Ingress asks for
//! `balanced`, or for an attribute without asking for `persistent`.

use super::haproxy_ingress::longest;
use super::judged::{Judged, Move, on_ingress};
use crate::comparison::Topic;
use crate::doctor::to::asked::Asked;
use crate::doctor::to::change::Setting;
use crate::gateway_api::Shape;
use crate::spec::version::Version;

/// From this version on, the cookie's path is `/` (envoyproxy/gateway#9950).
const SLASH: Version = Version(1, 10, 0);

pub(super) fn judge(one: &Move<'_>, topic: Topic, plain: Judged) -> Judged {
    let asked = one.asked;
    let hashes = hashes(asked);
    let attribute = |plain: Judged, name: &str| {
        if hashes {
            plain.needs(policy(asked, "spec.loadBalancer", by_hash(asked)))
        } else {
            plain.lacks(format!("{name} is not possible with sessionPersistence, which affinity-mode: persistent needs"))
        }
    };
    match topic {
        Topic::Switch if hashes => plain.needs(policy(asked, "spec.loadBalancer", by_hash(asked))),
        Topic::Switch => match one.shape {
            Some(shape) => plain.needs(route(asked, "spec.rules[].sessionPersistence", persistence(asked, shape))),
            None => plain
                .lacks("the cluster's CRDs of the Gateway API don't have sessionPersistence; install those of the experimental channel")
                .with(policy(asked, "spec.loadBalancer", by_hash(asked))),
        },
        // In the value that the switch has.
        Topic::Name => plain.same(),
        Topic::Path => path(one, plain, hashes),
        Topic::Secure if hashes || asked.is_on("session-cookie-secure") => attribute(plain, "Secure"),
        // Nobody asked for it, and affinity works without.
        Topic::Secure => plain.differs("not added; HSTS keeps browsers from sending the cookie over http, and only a hashed cookie can have it"),
        Topic::SameSite if asked.same_site().is_none() => plain.same(),
        Topic::SameSite => attribute(plain, "SameSite"),
        Topic::Partitioned => attribute(plain, "Partitioned"),
        Topic::Domain => attribute(plain, "Domain"),
        Topic::MaxAge if asked.seconds("session-cookie-max-age").is_none() => plain.differs("the browser's session"),
        // In the value that the switch has.
        Topic::MaxAge => plain.same(),
        Topic::Expires if asked.seconds("session-cookie-max-age").is_none() => plain.differs("Max-Age instead, in the switch's value"),
        Topic::Mode if hashes => Judged { then: "about half of the sessions move from 3 to 6 pods".to_owned(), ..plain.same() },
        Topic::Mode if !asked.is_balanced() => plain.same(),
        Topic::Mode => plain.differs("no session moves, and new pods stay idle until new sessions come"),
        Topic::DeadPod => plain.needs(policy(asked, "spec.retry.retryOn.triggers", "[connect-failure, reset-before-request]".to_owned())),
        Topic::Canary if asked.value("canary-by-cookie").is_some() => {
            plain.lacks("weights and header matches only; no rule matches a cookie by its own")
        }
        Topic::Canary => {
            let weight = asked.value("canary-weight").unwrap_or("WEIGHT");
            let canary = asked.services().into_iter().next().unwrap_or("CANARY").to_owned();
            plain.needs(Setting {
                object: "the main Ingress's HTTPRoute".to_owned(),
                key: "spec.rules[].backendRefs".to_owned(),
                value: format!("[{{name: MAIN, weight: REST}}, {{name: {canary}, weight: {weight}}}]"),
            })
        }
        Topic::CanaryAffinity => plain.differs("sessions stay with their version; legacy is not known"),
        Topic::ServiceUpstream => plain.differs("pods are addressed, so sessions begin to stick; the setting is not carried over"),
        Topic::IdleSocket => plain.needs(policy(asked, "spec.timeout.http.streamIdleTimeout", format!("{}s", longest(asked)))),
        _ => plain,
    }
}

/// Whether the cookie is hashed rather than made by `sessionPersistence`.
fn hashes(asked: &Asked<'_>) -> bool {
    let wants_attributes = asked.same_site().is_some()
        || asked.is_on("session-cookie-secure")
        || asked.is_on("session-cookie-partitioned")
        || asked.value("session-cookie-domain").is_some();
    match asked.value("affinity-mode") {
        Some("persistent") => false,
        Some(_) => true,
        None => wants_attributes,
    }
}

fn path(one: &Move<'_>, plain: Judged, hashes: bool) -> Judged {
    let asked = one.asked;
    let wanted = asked.value("session-cookie-path");
    if hashes {
        return plain.needs(policy(asked, "spec.loadBalancer", by_hash(asked)));
    }
    match wanted {
        _ if one.version >= SLASH => {
            if asked.ways.iter().all(|way| asked.cookie_path(way) == "/") {
                plain.same()
            } else {
                plain.differs("/")
            }
        }
        None if asked.is_regex() => plain.lacks("no cookie at all for a rule that matches a regular expression without *; match a prefix"),
        None => plain.same(),
        Some(path) if asked.paths().iter().all(|rule| *rule == path) => plain.same(),
        Some(path) => plain.differs(format!("the rule's path instead of {path}; put all paths of one Service under one rule with the prefix {path}")),
    }
}

/// `sessionPersistence` in the shape that the cluster's CRDs have.
fn persistence(asked: &Asked<'_>, shape: Shape) -> String {
    let name = asked.cookie();
    match (shape, asked.lifetime()) {
        (Shape::SessionName, None) => format!("{{sessionName: {name}}}"),
        (Shape::SessionName, Some(seconds)) => {
            format!("{{sessionName: {name}, absoluteTimeout: {seconds}s, cookieConfig: {{lifetimeType: Permanent}}}}")
        }
        (Shape::Cookie, None) => format!("{{cookie: {{name: {name}}}}}"),
        (Shape::Cookie, Some(seconds)) => format!("{{absoluteTimeout: {seconds}s, cookie: {{name: {name}, lifetimeType: Permanent}}}}"),
    }
}

/// `loadBalancer` with a hashed cookie. Without `ttl`, Envoy sets none (`buildConsistentHashPolicy` in internal/xds/translator/route.go).
fn by_hash(asked: &Asked<'_>) -> String {
    let mut attributes = vec![format!("Path: {}", asked.value("session-cookie-path").unwrap_or("/"))];
    attributes.extend(asked.secure().then(|| "Secure: \"\"".to_owned()));
    attributes.extend(asked.same_site().map(|value| format!("SameSite: {value}")));
    attributes.extend(asked.value("session-cookie-domain").map(|domain| format!("Domain: {domain}")));
    attributes.extend(asked.is_on("session-cookie-partitioned").then(|| "Partitioned: \"\"".to_owned()));
    let (name, ttl) = (asked.cookie(), asked.lifetime().unwrap_or(0));
    let cookie = format!("{{name: {name}, ttl: {ttl}s, attributes: {{{}}}}}", attributes.join(", "));
    format!("{{type: ConsistentHash, consistentHash: {{type: Cookie, cookie: {cookie}}}}}")
}

fn route(asked: &Asked<'_>, key: &str, value: String) -> Setting {
    Setting { object: asked.about.title().replacen("Ingress", "HTTPRoute", 1), ..on_ingress(asked, key, value) }
}

fn policy(asked: &Asked<'_>, key: &str, value: String) -> Setting {
    Setting { object: asked.about.title().replacen("Ingress", "BackendTrafficPolicy", 1), ..on_ingress(asked, key, value) }
}
