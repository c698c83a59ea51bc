//! Envoy Gateway's policy for the route: time limits, retries, and affinity by a hash where `sessionPersistence` isn't used.
//!
//! Only what differs from Envoy Gateway's defaults is written. No ClientTrafficPolicy is needed: the route's limits override those of
//! the listener (`idleTimeout` in `internal/xds/translator/route.go` of Envoy Gateway 1.9.1), on an existing Gateway too.

use super::duration::duration;
use super::persistence::has_session_persistence;
use crate::gateway_api::GROUP;
use crate::gateway_api::envoy::{
    BackendHttpTimeout, BackendTcpTimeout, BackendTimeout, BackendTrafficPolicy, BackendTrafficPolicySpec, ConsistentHash, HashCookie, LoadBalancer,
    Retry, RetryOn, TargetRef,
};
use crate::generate::front_door::annotations::WEBSOCKET_TIMEOUT;
use crate::generate::meta::{Component, meta};
use crate::spec::StickyApp;
use crate::spec::ingress::Seconds;
use std::collections::BTreeMap;

/// How long Envoy keeps an idle connection to a pod: shorter than the app's 120 s (`STICKY_KEEP_ALIVE`), or a request could meet a
/// connection that the app is just closing, and fail. Envoy Gateway's default is one hour.
const CONNECTION_IDLE: Seconds = Seconds(60);

/// How long Envoy waits for a pod that doesn't answer at all, as after the loss of a node, before it tries another one. This is
/// ingress-nginx's default; Envoy Gateway's is 10 s.
const CONNECT: Seconds = Seconds(5);

/// What makes Envoy try another pod, up to twice: the request hasn't reached one. A retry ignores the session's pod, and its answer
/// sets the cookie anew. Envoy Gateway's default triggers, which include an answer of 503, could run a POST twice.
const RETRY_ON: [&str; 2] = ["connect-failure", "reset-before-request"];

/// The policy for the route.
pub(super) fn backend(spec: &StickyApp) -> BackendTrafficPolicy {
    let moves = spec.ingress.cookie.change_on_failure.unwrap_or(true);
    let triggers = RETRY_ON.map(str::to_owned).to_vec();
    let wanted = BackendTrafficPolicySpec {
        target_refs: vec![TargetRef { group: GROUP.to_owned(), kind: "HTTPRoute".to_owned(), name: spec.name.clone() }],
        // Without it, this policy would replace the one that an existing Gateway may have, with its rate limits and the like.
        merge_type: spec.gateway.name.is_some().then(|| "StrategicMerge".to_owned()),
        load_balancer: (!has_session_persistence(spec)).then(|| by_hash(spec)),
        retry: moves.then_some(Retry { retry_on: Some(RetryOn { triggers }) }),
        timeout: Some(BackendTimeout {
            tcp: moves.then(|| BackendTcpTimeout { connect_timeout: Some(duration(CONNECT)) }),
            http: Some(BackendHttpTimeout {
                stream_idle_timeout: Some(duration(spec.ingress.websocket_timeout.unwrap_or(WEBSOCKET_TIMEOUT))),
                connection_idle_timeout: Some(duration(CONNECTION_IDLE)),
            }),
        }),
    };
    BackendTrafficPolicy { metadata: meta(spec, Component::App, spec.name.clone()), spec: wanted, ..BackendTrafficPolicy::default() }
}

/// Affinity by a hash of a cookie that Envoy sets. Without `ttl` Envoy would set none, and without Path the cookie would be for the
/// folder of the first request only (`buildConsistentHashPolicy` in `internal/xds/translator/route.go`).
fn by_hash(spec: &StickyApp) -> LoadBalancer {
    let cookie = &spec.ingress.cookie;
    let mut attributes = BTreeMap::from([("Path", "/"), ("SameSite", cookie.same_site.word())]);
    if spec.ingress.secure() {
        attributes.insert("Secure", "");
    }
    let cookie = HashCookie {
        name: spec.cookie_name(),
        ttl: Some(duration(cookie.lifetime)),
        attributes: attributes.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
    };
    let hash = ConsistentHash { kind: "Cookie".to_owned(), cookie: Some(cookie) };
    LoadBalancer { kind: "ConsistentHash".to_owned(), consistent_hash: Some(hash) }
}
