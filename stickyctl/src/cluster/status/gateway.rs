//! Route and cookie of a release behind a Gateway, from the HTTPRoute and its policies as they are on the cluster.

use super::model::{Condition, Cookie, Gateway, Route};
use crate::cluster::route::Live;
use crate::cluster::route::conditions::{Unmet, unmet};
use crate::gateway_api::envoy::HashCookie;
use crate::gateway_api::implementations::{self, Support};
use crate::gateway_api::{CookieLifetime, HttpRouteRule, Shape};

/// The first rule: our HTTPRoute has no other.
pub(super) fn route(live: &Live, controller: Option<&str>) -> Option<Route> {
    let route = live.route.here()?;
    let rule = route.spec.rules.first()?;
    let backend = rule.backend_refs.first()?;
    let parent = live.parent();
    let gateway = live.gateway.here();
    let addresses = gateway.and_then(|gateway| gateway.status.as_ref()).map(|status| status.addresses.as_slice()).unwrap_or_default();
    Some(Route {
        host: route.spec.hostnames.first().cloned(),
        path: path(rule),
        service: backend.name.clone(),
        port: backend.port.map(|port| port.to_string()).unwrap_or_default(),
        class: gateway.map(|gateway| gateway.spec.gateway_class_name.clone()),
        tls: live.listeners().any(|listener| listener.protocol == "HTTPS"),
        hosts: route.spec.hostnames.iter().skip(1).cloned().collect(),
        gateway: Some(Gateway {
            name: live.at.name.clone(),
            namespace: live.at.namespace.clone(),
            section: parent.and_then(|parent| parent.section_name.clone()),
            controller: controller.map(str::to_owned),
            addresses: addresses.iter().map(|address| address.value.clone()).collect(),
            conditions: unmet(live).into_iter().map(condition).collect(),
        }),
    })
}

fn path(rule: &HttpRouteRule) -> String {
    let first = rule.matches.first().and_then(|matched| matched.path.as_ref());
    first.map_or_else(|| "/".to_owned(), |path| path.value.clone())
}

fn condition(unmet: Unmet) -> Condition {
    let (status, reason, message) = match unmet.said {
        Some(said) => (Some(said.status), Some(said.reason), Some(said.message)),
        None => (None, None, None),
    };
    Condition { object: unmet.object, kind: unmet.condition, status, reason, message }
}

/// That the implementation doesn't do what the route says, if it is known not to.
pub(super) fn note(live: &Live, controller: &str, version: Option<&str>) -> Option<String> {
    let persistence = live.route.here()?.spec.rules.first()?.session_persistence.as_ref()?;
    let shape = if persistence.cookie.is_some() { Shape::Cookie } else { Shape::SessionName };
    let known = implementations::of(controller)?;
    let support = known.session_persistence(version.and_then(|version| version.parse().ok()), shape);
    (support.sticks() == Some(false) || support == Support::Renamed).then(|| known.says(support))
}

/// The cookie that the route keeps sessions with, or the one that a policy hashes. `None` without affinity.
pub(super) fn cookie(live: &Live) -> Option<Cookie> {
    let rule = live.route.here()?.spec.rules.first()?;
    let hashes = live.policies.iter().filter_map(|policy| policy.spec.load_balancer.as_ref()?.consistent_hash.as_ref()?.cookie.as_ref());
    let cookie = persistent(rule).or_else(|| hashes.map(hashed).next())?;
    // A retry goes to another pod, whose answer sets the cookie anew.
    Some(Cookie { moves_on_failure: live.policies.iter().any(|policy| policy.spec.retry.is_some()), ..cookie })
}

/// Session persistence: the pod is in the cookie, so sessions stay when pods are added.
fn persistent(rule: &HttpRouteRule) -> Option<Cookie> {
    let field = rule.session_persistence.as_ref()?;
    let named = field.cookie.as_ref();
    let lifetime = named.map(|cookie| cookie.lifetime_type).or(field.cookie_config.as_ref().map(|config| config.lifetime_type));
    let is_permanent = lifetime == Some(CookieLifetime::Permanent);
    Some(Cookie {
        name: named.and_then(|cookie| cookie.name.clone()).or_else(|| field.session_name.clone()).unwrap_or_else(|| "?".to_owned()),
        persistence: "persistent".to_owned(),
        path: named.and_then(|cookie| cookie.path.clone()).unwrap_or_else(|| path(rule)),
        max_age: field.absolute_timeout.as_deref().filter(|_| is_permanent).and_then(seconds),
        same_site: None,
        moves_on_failure: false,
    })
}

/// A hash of the cookie selects the pod, so some sessions move when pods are added.
fn hashed(cookie: &HashCookie) -> Cookie {
    let attribute = |name: &str| cookie.attributes.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.clone());
    Cookie {
        name: cookie.name.clone(),
        persistence: "balanced".to_owned(),
        path: attribute("path").unwrap_or_else(|| "/".to_owned()),
        max_age: cookie.ttl.as_deref().and_then(seconds),
        same_site: attribute("samesite"),
        moves_on_failure: false,
    }
}

/// The whole seconds of a duration of the Gateway API, as in `1h30m` or `500ms` (GEP-2257).
fn seconds(text: &str) -> Option<u64> {
    let (mut total, mut rest) = (0_u64, text);
    while !rest.is_empty() {
        let digits = rest.find(|letter: char| !letter.is_ascii_digit())?;
        let (number, after) = rest.split_at(digits);
        let unit = after.find(|letter: char| letter.is_ascii_digit()).unwrap_or(after.len());
        let (unit, after) = after.split_at(unit);
        let milliseconds = match unit {
            "h" => 3_600_000,
            "m" => 60_000,
            "s" => 1_000,
            "ms" => 1,
            _ => return None,
        };
        total = total.checked_add(number.parse::<u64>().ok()?.checked_mul(milliseconds)?)?;
        rest = after;
    }
    Some(total / 1_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_of_the_gateway_api() {
        assert_eq!(["172800s", "48h", "1h30m", "1500ms", ""].map(seconds), [Some(172_800), Some(172_800), Some(5_400), Some(1), Some(0)]);
        assert_eq!(["1d", "h", "12", "99999999999999999999s"].map(seconds), [None; 4]);
    }
}
