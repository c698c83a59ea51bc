//! Envoy Gateway's policies: time limits that leave WebSockets alone, and a cookie that is hashed.

use crate::gateway_api::GROUP;
use crate::gateway_api::envoy::{
    BackendHttpTimeout, BackendTimeout, BackendTrafficPolicy, BackendTrafficPolicySpec, ConsistentHash, HashCookie, LoadBalancer, TargetRef,
};
use crate::generate::meta::{Component, meta};
use crate::generate::object::Object;
use crate::spec::StickyApp;
use crate::spec::ingress::{Persistence, Seconds};

/// How long a WebSocket may be silent if the spec doesn't say.
const SILENCE: Seconds = Seconds(3_600);

/// The policies; none for other controllers.
pub(super) fn policies(spec: &StickyApp) -> Vec<Object> {
    if !spec.gateway.is_envoy() {
        return Vec::new();
    }
    let silence = spec.ingress.websocket_timeout.unwrap_or(SILENCE).0;
    let timeout = BackendHttpTimeout { request_timeout: Some("0s".to_owned()), stream_idle_timeout: Some(format!("{silence}s")) };
    let policy = BackendTrafficPolicy {
        metadata: meta(spec, Component::App, spec.name.clone()),
        spec: BackendTrafficPolicySpec {
            target_refs: vec![TargetRef { group: GROUP.to_owned(), kind: "HTTPRoute".to_owned(), name: spec.name.clone() }],
            load_balancer: (spec.ingress.cookie.persistence == Persistence::Balanced).then(|| hashed(spec)),
            timeout: Some(BackendTimeout { http: Some(timeout) }),
        },
        status: None,
    };
    vec![policy.into()]
}

fn hashed(spec: &StickyApp) -> LoadBalancer {
    let cookie = HashCookie {
        name: spec.cookie_name(),
        ttl: Some(format!("{}s", spec.ingress.cookie.lifetime.0)),
        attributes: [("SameSite".to_owned(), spec.ingress.cookie.same_site.word().to_owned())].into(),
    };
    LoadBalancer { kind: "ConsistentHash".to_owned(), consistent_hash: Some(ConsistentHash { kind: "Cookie".to_owned(), cookie: Some(cookie) }) }
}
