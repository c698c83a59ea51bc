//! What controllers have not accepted. No I/O.
//!
//! A condition counts only if its `observedGeneration` is the object's `generation`: right after an apply the old ones are still there.

use super::Live;
use crate::cluster::release::Place;
use crate::gateway_api::envoy::BackendTrafficPolicy;
use crate::gateway_api::{Gateway, HttpRoute, ParentRef};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, ObjectMeta};
use std::fmt;

/// Which kind of object a condition is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum About {
    Gateway,
    Listener,
    Route,
    Policy,
}

/// A condition that isn't True.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unmet {
    pub(crate) about: About,
    /// As in `httproute sticky-sessions`.
    pub(crate) object: String,
    /// As in `Accepted`.
    pub(crate) condition: String,
    /// What the controller says, once it has seen what is applied now.
    pub(crate) said: Option<Said>,
}

/// What a controller says in a condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Said {
    /// `False` or `Unknown`.
    pub(crate) status: String,
    /// One word.
    pub(crate) reason: String,
    pub(crate) message: String,
}

impl Unmet {
    /// Whether the controller has decided against it, at least for now.
    pub(crate) fn is_refused(&self) -> bool {
        self.said.as_ref().is_some_and(|said| said.status == "False")
    }

    pub(crate) fn has_reason(&self, reason: &str) -> bool {
        self.said.as_ref().is_some_and(|said| said.reason == reason)
    }
}

impl fmt::Display for Unmet {
    /// `gateway sticky-sessions: Programmed is False (AddressNotAssigned): No addresses have been assigned to the Gateway`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let said = self.said.as_ref().map(|Said { status, reason, message }| [status, reason, message.trim_end_matches('.')]);
        f.write_str(&sentence(&self.object, &self.condition, said))
    }
}

/// A condition in words; `said` is its status, reason and message.
pub(crate) fn sentence(object: &str, condition: &str, said: Option<[&str; 3]>) -> String {
    match said {
        Some([status, reason, ""]) => format!("{object}: {condition} is {status} ({reason})"),
        Some([status, reason, message]) => format!("{object}: {condition} is {status} ({reason}): {message}"),
        None => format!("{object}: no controller has reported {condition} yet"),
    }
}

/// Everything that isn't accepted, the Gateway's first, because the rest follows from it. A Gateway that may not be read counts as
/// accepted: the route says the same.
pub(crate) fn unmet(live: &Live) -> Vec<Unmet> {
    let mut all = Vec::new();
    if let Some(gateway) = live.gateway.here() {
        all.extend(of_gateway(gateway, live.parent().and_then(|parent| parent.section_name.as_deref())));
    }
    if let Some(route) = live.route.here() {
        all.extend(of_route(route, &live.at));
    }
    all.extend(live.policies.iter().flat_map(of_policy));
    all
}

fn of_gateway(gateway: &Gateway, section: Option<&str>) -> Vec<Unmet> {
    let meta = &gateway.metadata;
    let title = format!("gateway {}", meta.name.as_deref().unwrap_or_default());
    let status = gateway.status.clone().unwrap_or_default();
    let mut all = missing(About::Gateway, &title, &["Accepted", "Programmed"], &status.conditions, meta);
    for listener in status.listeners.iter().filter(|listener| section.is_none_or(|section| section == listener.name)) {
        let title = format!("listener {} of {title}", listener.name);
        let said = listener.conditions.iter().filter(|condition| ["Accepted", "ResolvedRefs"].contains(&condition.type_.as_str()));
        let refused = said.filter(|condition| condition.status == "False" && is_current(condition, meta));
        all.extend(refused.map(|condition| unmet_of(About::Listener, &title, condition)));
    }
    all
}

fn of_route(route: &HttpRoute, at: &Place) -> Vec<Unmet> {
    let meta = &route.metadata;
    let title = format!("httproute {}", meta.name.as_deref().unwrap_or_default());
    let is_at = |parent: &ParentRef| parent.name == at.name && parent.namespace.as_ref().or(meta.namespace.as_ref()) == Some(&at.namespace);
    let parents = route.status.iter().flat_map(|status| &status.parents).filter(|parent| is_at(&parent.parent_ref));
    let reports = parents.map(|parent| parent.conditions.as_slice());
    each(reports, |conditions| missing(About::Route, &title, &["Accepted", "ResolvedRefs"], conditions, meta))
}

fn of_policy(policy: &BackendTrafficPolicy) -> Vec<Unmet> {
    let title = format!("backendtrafficpolicy {}", policy.metadata.name.as_deref().unwrap_or_default());
    let ancestors = policy.status.iter().flat_map(|status| &status.ancestors).map(|ancestor| ancestor.conditions.as_slice());
    each(ancestors, |conditions| missing(About::Policy, &title, &["Accepted"], conditions, &policy.metadata))
}

/// What is unmet for each Gateway that a controller reports about, or for none.
fn each<'a>(reports: impl Iterator<Item = &'a [Condition]>, unmet: impl Fn(&'a [Condition]) -> Vec<Unmet>) -> Vec<Unmet> {
    let mut reports = reports.peekable();
    if reports.peek().is_none() { unmet(&[]) } else { reports.flat_map(unmet).collect() }
}

/// Those of `wanted` that aren't True for the object's generation.
fn missing(about: About, object: &str, wanted: &[&str], conditions: &[Condition], meta: &ObjectMeta) -> Vec<Unmet> {
    let of = |wanted: &&str| match conditions.iter().find(|one| one.type_ == *wanted && is_current(one, meta)) {
        Some(condition) if condition.status == "True" => None,
        Some(condition) => Some(unmet_of(about, object, condition)),
        None => Some(Unmet { about, object: object.to_owned(), condition: (*wanted).to_owned(), said: None }),
    };
    wanted.iter().filter_map(of).collect()
}

fn unmet_of(about: About, object: &str, condition: &Condition) -> Unmet {
    let said = Said { status: condition.status.clone(), reason: condition.reason.clone(), message: condition.message.clone() };
    // The API server's default, before any controller has looked: it says what is missing as well as no condition at all.
    let is_default = said.reason == "Pending" && said.status == "Unknown";
    Unmet { about, object: object.to_owned(), condition: condition.type_.clone(), said: (!is_default).then_some(said) }
}

/// A controller that doesn't report generations is believed.
fn is_current(condition: &Condition, meta: &ObjectMeta) -> bool {
    condition.observed_generation.is_none_or(|seen| meta.generation.is_none_or(|now| seen >= now))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use crate::cluster::seen::Seen;
    use serde_json::{Value, json};

    fn condition(kind: &str, status: &str, reason: &str, generation: i64) -> Value {
        json!({"type": kind, "status": status, "reason": reason, "message": "Because.", "observedGeneration": generation,
            "lastTransitionTime": "2026-01-01T00:00:00Z"})
    }

    fn live(gateway: Value, parents: Value) -> Live {
        let gateway = json!({"metadata": {"name": "web", "namespace": "a", "generation": 2}, "spec": {"gatewayClassName": "eg"}, "status": gateway});
        let route = json!({"metadata": {"name": "r", "namespace": "a", "generation": 3}, "spec": {"parentRefs": [{"name": "web"}]}, "status": {"parents": parents}});
        Live {
            route: Seen::Here(Box::new(serde_json::from_value(route).unwrap())),
            gateway: Seen::Here(Box::new(serde_json::from_value(gateway).unwrap())),
            at: Place { name: "web".to_owned(), namespace: "a".to_owned() },
            ..Live::default()
        }
    }

    fn parent(name: &str, conditions: Value) -> Value {
        json!({"parentRef": {"name": name}, "controllerName": "c", "conditions": conditions})
    }

    fn told(live: &Live) -> Vec<String> {
        unmet(live).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn all_is_accepted() {
        let gateway = json!({"conditions": [condition("Accepted", "True", "Accepted", 2), condition("Programmed", "True", "Programmed", 2)]});
        let parents =
            json!([parent("web", json!([condition("Accepted", "True", "Accepted", 3), condition("ResolvedRefs", "True", "ResolvedRefs", 3)]))]);
        assert_eq!(told(&live(gateway, parents)), Vec::<String>::new());
    }

    #[test]
    fn what_is_old_or_another_gateways_does_not_count() {
        let gateway = json!({"conditions": [condition("Accepted", "True", "Accepted", 1), condition("Programmed", "Unknown", "Pending", 2)]});
        let other = json!([parent("other", json!([condition("Accepted", "False", "NoMatchingParent", 3)]))]);
        assert_eq!(
            told(&live(gateway, other)),
            [
                "gateway web: no controller has reported Accepted yet",
                "gateway web: no controller has reported Programmed yet",
                "httproute r: no controller has reported Accepted yet",
                "httproute r: no controller has reported ResolvedRefs yet",
            ]
        );
    }

    #[test]
    fn what_is_refused_has_its_reason() {
        let listener = json!({"name": "https", "conditions": [condition("ResolvedRefs", "False", "InvalidCertificateRef", 2)]});
        let conditions = [condition("Accepted", "True", "Accepted", 2), condition("Programmed", "False", "AddressNotAssigned", 2)];
        let parents = json!([parent(
            "web",
            json!([condition("Accepted", "False", "NotAllowedByListeners", 3), condition("ResolvedRefs", "True", "ResolvedRefs", 3)])
        )]);
        let seen = live(json!({"conditions": conditions, "listeners": [listener]}), parents);
        assert_eq!(
            told(&seen),
            [
                "gateway web: Programmed is False (AddressNotAssigned): Because",
                "listener https of gateway web: ResolvedRefs is False (InvalidCertificateRef): Because",
                "httproute r: Accepted is False (NotAllowedByListeners): Because",
            ]
        );
        assert!(unmet(&seen).iter().all(Unmet::is_refused));
    }

    #[test]
    fn a_policy_that_nobody_looked_at_and_one_that_is_refused() {
        let policy = |ancestors: Value| {
            serde_json::from_value(json!({"metadata": {"name": "p", "generation": 1}, "spec": {}, "status": {"ancestors": ancestors}})).unwrap()
        };
        let refused = json!([{"controllerName": "c", "conditions": [condition("Accepted", "False", "Conflicted", 1)]}]);
        let seen = Live { policies: vec![policy(json!([])), policy(refused)], ..Live::default() };
        assert_eq!(
            told(&seen),
            ["backendtrafficpolicy p: no controller has reported Accepted yet", "backendtrafficpolicy p: Accepted is False (Conflicted): Because"]
        );
    }
}
