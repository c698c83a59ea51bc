//! What an HTTPRoute says of the way to an application. No I/O.

use super::host;
use super::lead::Lead;
use super::path::{Compared, concrete};
use crate::cluster::release::Place;
use crate::gateway_api::{BackendRef, Gateway, HttpRoute, HttpRouteRule, Listener, ParentRef, RouteMatch};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use sticky_affinity::promise::Promise;

/// The listeners that carry a route's requests.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Attached<'a> {
    pub(super) plain: Option<&'a Listener>,
    pub(super) secure: Option<&'a Listener>,
    /// A host that route and listener accept, without a wildcard; `None` is any.
    pub(super) host: Option<String>,
}

/// The Gateways among what a route attaches to, with their places. A mesh attaches routes to Services.
pub(super) fn parents(route: &HttpRoute) -> impl Iterator<Item = (Place, &ParentRef)> {
    let is_gateway = |parent: &&ParentRef| parent.kind.as_deref().is_none_or(|kind| kind == "Gateway");
    route.spec.parent_refs.iter().filter(is_gateway).map(|parent| {
        let namespace = parent.namespace.as_ref().or(route.metadata.namespace.as_ref()).cloned().unwrap_or_default();
        (Place { name: parent.name.clone(), namespace }, parent)
    })
}

/// The listeners of a Gateway that a route attaches to; `None` if none of them accepts it.
pub(super) fn attached<'a>(route: &HttpRoute, parent: &ParentRef, gateway: &'a Gateway) -> Option<Attached<'a>> {
    let named = |listener: &&Listener| parent.section_name.as_ref().is_none_or(|section| *section == listener.name);
    let accepting: Vec<(&Listener, Option<String>)> = gateway
        .spec
        .listeners
        .iter()
        .filter(named)
        .filter_map(|listener| Some((listener, host::both(&route.spec.hostnames, listener.hostname.as_deref()).ok()?)))
        .collect();
    let by = |protocol: &str| accepting.iter().find(|(listener, _)| listener.protocol == protocol);
    let (plain, secure) = (by("HTTP"), by("HTTPS"));
    // Users of a site with both come over TLS.
    let (_, host) = secure.or(plain)?;
    Some(Attached { plain: plain.map(|(listener, _)| *listener), secure: secure.map(|(listener, _)| *listener), host: host.clone() })
}

/// The way to a Service, or to that of the first rule with one. `Err` is what there is instead.
pub(super) fn lead(route: &HttpRoute, service: Option<&Place>, attached: &Attached<'_>) -> Result<Lead, String> {
    let (rule, backend) = rule(route, service).ok_or_else(|| instead(route))?;
    let others = rule.backend_refs.iter().filter(|other| *other != backend && counts(other)).map(|other| place(route, other));
    let first = best(&rule.matches).and_then(|one| one.path.as_ref());
    let path = first.map(|path| path.value.as_str()).unwrap_or_default();
    let compared = if first.is_some_and(|path| path.kind == "RegularExpression") { Compared::Whole } else { Compared::Literally };
    Ok(Lead {
        host: attached.host.clone(),
        path: concrete(path, compared).ok_or_else(|| path.to_owned()),
        tls: attached.secure.is_some(),
        service: place(route, backend),
        port: backend.port.map(|port| IntOrString::Int(port.into())),
        promise: rule.session_persistence.as_ref().map(|_| Promise::Persistent),
        others: others.collect(),
    })
}

/// Whether a route leads to a Service.
pub(super) fn leads_to(route: &HttpRoute, service: &Place) -> bool {
    rule(route, Some(service)).is_some()
}

/// The first rule with the Service, and the reference to it; without one, the first rule with any, and its biggest.
fn rule<'a>(route: &'a HttpRoute, service: Option<&Place>) -> Option<(&'a HttpRouteRule, &'a BackendRef)> {
    route.spec.rules.iter().find_map(|rule| {
        let mut all: Vec<&BackendRef> = rule.backend_refs.iter().filter(|backend| counts(backend)).collect();
        all.retain(|backend| service.is_none_or(|wanted| place(route, backend) == *wanted));
        let most = all.iter().map(|backend| backend.weight.unwrap_or(1)).max()?;
        Some((rule, *all.iter().find(|backend| backend.weight.unwrap_or(1) == most)?))
    })
}

/// Whether requests get to a Service.
fn counts(backend: &BackendRef) -> bool {
    backend.kind.as_deref().is_none_or(|kind| kind == "Service") && backend.weight != Some(0)
}

fn place(route: &HttpRoute, backend: &BackendRef) -> Place {
    let namespace = backend.namespace.as_ref().or(route.metadata.namespace.as_ref()).cloned().unwrap_or_default();
    Place { name: backend.name.clone(), namespace }
}

/// A match that a plain GET meets, or else the first.
fn best(matches: &[RouteMatch]) -> Option<&RouteMatch> {
    let is_plain =
        |one: &&RouteMatch| one.headers.is_empty() && one.query_params.is_empty() && one.method.as_deref().is_none_or(|method| method == "GET");
    matches.iter().find(is_plain).or(matches.first())
}

fn instead(route: &HttpRoute) -> String {
    let mut backends = route.spec.rules.iter().flat_map(|rule| &rule.backend_refs);
    match backends.find(|backend| backend.kind.as_deref().is_some_and(|kind| kind != "Service")) {
        Some(backend) => format!("leads to {} {}", backend.kind.as_deref().unwrap_or_default(), backend.name),
        None => "has no rule with a backend, as a route that only redirects".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use serde_json::{Value, json};

    fn route(hosts: Value, rules: Value) -> HttpRoute {
        let spec =
            json!({"parentRefs": [{"name": "web", "sectionName": "x"}, {"name": "mesh", "kind": "Service"}], "hostnames": hosts, "rules": rules});
        serde_json::from_value(json!({"metadata": {"name": "shop", "namespace": "n"}, "spec": spec})).unwrap()
    }

    fn gateway(listeners: Value) -> Gateway {
        serde_json::from_value(json!({"metadata": {}, "spec": {"gatewayClassName": "eg", "listeners": listeners}})).unwrap()
    }

    const ANY: Attached<'static> = Attached { plain: None, secure: None, host: None };

    #[test]
    fn gateways_and_their_listeners() {
        let shop = route(json!(["shop.example"]), json!([]));
        let all: Vec<Place> = parents(&shop).map(|(place, _)| place).collect();
        assert_eq!(all, [Place { name: "web".to_owned(), namespace: "n".to_owned() }]);
        let web = gateway(json!([
            {"name": "other", "port": 81, "protocol": "HTTP", "hostname": "other.example"},
            {"name": "web", "port": 80, "protocol": "HTTP"},
            {"name": "tls", "port": 443, "protocol": "HTTPS", "hostname": "*.example"},
        ]));
        let seen = |section: Option<&str>| {
            let parent = ParentRef { section_name: section.map(str::to_owned), ..ParentRef::default() };
            let attached = attached(&shop, &parent, &web)?;
            Some((attached.plain.map(|one| one.port), attached.secure.map(|one| one.port), attached.host))
        };
        let host = Some("shop.example".to_owned());
        assert_eq!(seen(None), Some((Some(80), Some(443), host.clone())));
        assert_eq!(seen(Some("web")), Some((Some(80), None, host)));
        assert_eq!(seen(Some("other")), None, "another host");
        assert_eq!(seen(Some("absent")), None);
    }

    #[test]
    fn the_first_rule_with_a_service_or_that_of_the_service() {
        let rules = json!([
            {"matches": [{"path": {"type": "PathPrefix", "value": "/old"}}], "filters": [{"type": "RequestRedirect"}]},
            {"matches": [
                {"path": {"type": "PathPrefix", "value": "/beta"}, "headers": [{"name": "a", "value": "b"}]},
                {"path": {"type": "RegularExpression", "value": "/app/.+"}, "method": "GET"},
            ], "backendRefs": [{"name": "off", "weight": 0}, {"name": "few", "weight": 1}, {"name": "many", "weight": 9, "port": 80}]},
            {"backendRefs": [{"name": "far", "namespace": "other"}]},
        ]);
        let shop = route(json!([]), rules);
        let seen = |service: Option<Place>| {
            let lead = lead(&shop, service.as_ref(), &ANY).unwrap();
            (lead.service.to_string(), lead.path.unwrap(), lead.others.len())
        };
        assert_eq!(seen(None), ("many in namespace n".to_owned(), "/app/a".to_owned(), 1));
        let far = Place { name: "far".to_owned(), namespace: "other".to_owned() };
        assert_eq!(seen(Some(far.clone())), ("far in namespace other".to_owned(), "/".to_owned(), 0));
        assert!(leads_to(&shop, &far) && !leads_to(&shop, &Place { namespace: "n".to_owned(), ..far }));
        assert!(!leads_to(&shop, &Place { name: "off".to_owned(), namespace: "n".to_owned() }));
    }

    #[test]
    fn without_a_service() {
        let of = |rules: Value| lead(&route(json!([]), rules), None, &ANY).unwrap_err();
        assert_eq!(of(json!([{"backendRefs": [{"kind": "Backend", "group": "gateway.envoyproxy.io", "name": "b"}]}])), "leads to Backend b");
        assert!(of(json!([{"filters": []}])).contains("redirects"));
    }
}
