//! The HTTPRoute with its session persistence.

use crate::gateway_api::{
    BackendRef, CookieConfig, CookieLifetime, HttpRoute, HttpRouteRule, HttpRouteSpec, NamedCookie, ParentRef, PathMatch, RouteMatch,
    SessionPersistence, Shape,
};
use crate::generate::meta::{Component, meta};
use crate::spec::StickyApp;
use crate::spec::gateway::API;
use crate::spec::ingress::Persistence;

/// The route from the Gateway to the Service.
pub(super) fn route(spec: &StickyApp) -> HttpRoute {
    let gateway = &spec.gateway;
    let parent = ParentRef {
        name: gateway.name.clone().unwrap_or_else(|| spec.name.clone()),
        namespace: gateway.namespace.clone(),
        section_name: gateway.section.clone(),
    };
    let persistent = spec.ingress.cookie.persistence == Persistence::Persistent;
    let rule = HttpRouteRule {
        matches: vec![RouteMatch { path: Some(PathMatch { kind: "PathPrefix".to_owned(), value: "/".to_owned() }) }],
        backend_refs: vec![BackendRef { name: spec.name.clone(), namespace: None, port: Some(80) }],
        session_persistence: persistent.then(|| persistence(spec)),
        ..HttpRouteRule::default()
    };
    HttpRoute {
        metadata: meta(spec, Component::App, spec.name.clone()),
        spec: HttpRouteSpec {
            parent_refs: vec![parent],
            hostnames: spec.ingress.host.iter().chain(&gateway.hostnames).cloned().collect(),
            rules: vec![rule],
        },
        status: None,
    }
}

fn persistence(spec: &StickyApp) -> SessionPersistence {
    let lifetime_type = CookieLifetime::Permanent;
    let base = SessionPersistence {
        kind: Some("Cookie".to_owned()),
        absolute_timeout: Some(format!("{}s", spec.ingress.cookie.lifetime.0)),
        ..SessionPersistence::default()
    };
    match Shape::of(spec.gateway.api.unwrap_or(API)) {
        Shape::SessionName => {
            SessionPersistence { session_name: Some(spec.cookie_name()), cookie_config: Some(CookieConfig { lifetime_type }), ..base }
        }
        Shape::Cookie => {
            SessionPersistence { cookie: Some(NamedCookie { name: Some(spec.cookie_name()), path: Some("/".to_owned()), lifetime_type }), ..base }
        }
    }
}
