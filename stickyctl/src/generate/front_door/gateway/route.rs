//! The HTTPRoute.

use super::duration::{OFF, duration};
use super::persistence::has_session_persistence;
use crate::gateway_api::{
    BackendRef, CookieConfig, CookieLifetime, GROUP, HttpRoute, HttpRouteRule, HttpRouteSpec, NamedCookie, ParentRef, PathMatch, RouteMatch,
    RouteTimeouts, SessionPersistence, Shape,
};
use crate::generate::meta::{Component, meta};
use crate::generate::service::SERVICE_PORT;
use crate::spec::StickyApp;
use crate::spec::gateway::API;

/// One rule for the whole site, because a rule is what has a cookie: with two, page and socket could go to different pods.
///
/// `parentRefs` and `rules` are lists that server-side apply takes as one value. What the API server would add to them is spelled
/// out, or they would differ from ours for every other field manager.
pub(super) fn route(spec: &StickyApp) -> HttpRoute {
    let gateway = &spec.gateway;
    let parent = ParentRef {
        group: Some(GROUP.to_owned()),
        kind: Some("Gateway".to_owned()),
        name: gateway.name.clone().unwrap_or_else(|| spec.name.clone()),
        namespace: gateway.namespace.clone(),
        section_name: gateway.section.clone(),
    };
    let rule = HttpRouteRule {
        matches: vec![RouteMatch { path: Some(path()), ..RouteMatch::default() }],
        backend_refs: vec![backend(spec)],
        timeouts: Some(timeouts()),
        session_persistence: has_session_persistence(spec).then(|| session(spec)),
    };
    let hostnames = spec.ingress.host.iter().chain(&gateway.hostnames).cloned().collect();
    HttpRoute {
        metadata: meta(spec, Component::App, spec.name.clone()),
        spec: HttpRouteSpec { parent_refs: vec![parent], hostnames, rules: vec![rule] },
        ..HttpRoute::default()
    }
}

/// Up to Gateway API v1.6 the cookie's Path is the path that the rule matches (GEP-1619). A rule for `/ws` would have a cookie that
/// browsers don't send with the page's requests. Envoy Gateway 1.9.1 also ignores `sessionPersistence` of a rule without any match
/// (`processHTTPRouteRule` in `internal/gatewayapi/route.go`).
fn path() -> PathMatch {
    PathMatch { kind: "PathPrefix".to_owned(), value: "/".to_owned() }
}

fn backend(spec: &StickyApp) -> BackendRef {
    BackendRef {
        group: Some(String::new()),
        kind: Some("Service".to_owned()),
        name: spec.name.clone(),
        namespace: None,
        port: Some(SERVICE_PORT),
        weight: Some(1),
    }
}

/// No limit for a whole request: a WebSocket is a request that lasts as long as the socket, and the app limits its other requests
/// itself. Envoy's default of 15 s (`config.route.v3.RouteAction.timeout`) leaves WebSockets alone, but the standard doesn't ask
/// that of an implementation (GEP-1742).
fn timeouts() -> RouteTimeouts {
    RouteTimeouts { request: Some(OFF.to_owned()) }
}

/// The cookie's name and lifetime. The standard has no SameSite and no Secure.
fn session(spec: &StickyApp) -> SessionPersistence {
    let common = SessionPersistence {
        kind: Some("Cookie".to_owned()),
        absolute_timeout: Some(duration(spec.ingress.cookie.lifetime)),
        ..SessionPersistence::default()
    };
    let (name, lifetime_type) = (Some(spec.cookie_name()), CookieLifetime::Permanent);
    match Shape::of(spec.gateway.api.unwrap_or(API)) {
        Shape::SessionName => SessionPersistence { session_name: name, cookie_config: Some(CookieConfig { lifetime_type }), ..common },
        Shape::Cookie => {
            let cookie = NamedCookie { name, path: Some("/".to_owned()), lifetime_type };
            SessionPersistence { cookie: Some(cookie), ..common }
        }
    }
}
