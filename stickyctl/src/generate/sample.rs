//! Specs for tests, here and in other packages (feature `sample`): one in which everything is said, and random valid ones.

#![allow(clippy::unwrap_used, reason = "it serves tests only")]

use crate::mode::Mode;
use crate::spec::StickyApp;
use crate::spec::ingress::{FrontDoor, Persistence, SameSite, Seconds, Version};
use crate::spec::placement::{TaintEffect, Toleration};
use crate::spec::pods::{Autoscaling, Drain, Expose, Fanout, Limits};
use crate::spec::redis::SecretKey;
use proptest::prelude::*;

/// A spec with a value at every key. It is no release that could run: a Redis elsewhere has no storage.
#[must_use]
pub fn full() -> StickyApp {
    let mut spec = StickyApp::default();
    spec.image.pull_secret = Some("registry".to_owned());
    spec.limits = Limits {
        max_body: Some(1 << 16),
        max_text: Some(1 << 12),
        max_frame: Some(1 << 16),
        max_sockets: Some(1_000),
        max_requests: Some(100),
        sockets_per_session: Some(4),
        new_sessions_per_minute: Some(30),
    };
    spec.drain.grace = Some(Seconds(60));
    spec.redis.url = Some("redis://r.example:6379".to_owned());
    spec.redis.password = Some(SecretKey { secret: "redis".to_owned(), key: "password".to_owned() });
    spec.redis.storage_class = Some("fast".to_owned());
    let ingress = &mut spec.ingress;
    ingress.front_door_version = Some(Version(3, 7, 13));
    ingress.front_door_namespace = Some("edge".to_owned());
    ingress.host = Some("demo.example".to_owned());
    ingress.tls_secret = Some("cert".to_owned());
    ingress.websocket_timeout = Some(Seconds(600));
    ingress.trusted_proxies = vec!["192.0.2.0/24".parse().unwrap()];
    ingress.cookie.name = Some("mine".to_owned());
    ingress.cookie.secure = Some(true);
    ingress.cookie.change_on_failure = Some(true);
    spec.autoscaling = Some(Autoscaling { min: Some(2), max: 8, cpu: 60 });
    spec.placement.node_selector = [("pool".to_owned(), "web".to_owned())].into();
    spec.placement.tolerations =
        vec![Toleration { key: "dedicated".to_owned(), value: Some("web".to_owned()), effect: Some(TaintEffect::NoSchedule) }];
    spec.network_policy.allow_from = vec!["198.51.100.0/24".parse().unwrap()];
    spec.metrics.namespace = Some("monitoring".to_owned());
    spec
}

/// Words that YAML 1.1 takes for something else than text, as far as a label's value may be one.
fn word() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z0-9]([a-z0-9._-]{0,20}[a-z0-9])?",
        proptest::sample::select(vec!["on", "y", "no", "0x1F", "1_000", "017", "null", "1e3", "12.5"]).prop_map(str::to_owned)
    ]
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z]([a-z0-9-]{0,30}[a-z0-9])?",
        proptest::sample::select(vec!["on", "y", "no", "n", "off", "yes", "null", "true"]).prop_map(str::to_owned)
    ]
}

prop_compose! {
    fn release()(name in name(), namespace in name(), pods in 1..=64_u16, workers in 1..=64_u16, broadcast: bool, expose in 0..3_u8,
                 scaled: bool, policy: bool, metrics in proptest::option::of(name())) -> StickyApp {
        let mut spec = StickyApp { name, namespace, mode: Mode { pods, workers }, ..StickyApp::default() };
        spec.relay.fanout = if broadcast { Fanout::Broadcast } else { Fanout::Directed };
        spec.expose_identity = [Expose::Full, Expose::Pod, Expose::Off][usize::from(expose)];
        spec.autoscaling = scaled.then_some(Autoscaling { min: None, max: 64, cpu: 70 });
        spec.network_policy.enabled = policy;
        spec.metrics.namespace = metrics;
        spec
    }
}

prop_compose! {
    /// A spec that passes every check.
    pub fn valid()(mut spec in release(), traefik: bool, host in proptest::option::of("[a-z]{1,9}\\.example"), tls: bool,
                          strict: bool, balanced: bool, lifetime in 1..1_000_000_u32, pre_stop in 1..60_u32, delay in 7..60_u32,
                          window in 1..60_u32, elsewhere: bool, selector in proptest::collection::btree_map(word(), word(), 0..4),
                          sockets in proptest::option::of(1..=1_000_u64)) -> StickyApp {
        spec.ingress.front_door = if traefik { FrontDoor::Traefik } else { FrontDoor::Nginx };
        spec.ingress.tls_secret = (tls && host.is_some()).then(|| "on".to_owned());
        spec.ingress.host = host;
        let cookie = &mut spec.ingress.cookie;
        cookie.same_site = if strict { SameSite::Strict } else { SameSite::Lax };
        cookie.persistence = if balanced && !traefik { Persistence::Balanced } else { Persistence::Persistent };
        cookie.lifetime = Seconds(lifetime);
        spec.drain = Drain { pre_stop: Seconds(pre_stop), delay: Seconds(delay), window: Seconds(window), grace: None };
        spec.redis.url = elsewhere.then(|| "rediss://cache.example:6380/1".to_owned());
        spec.placement.node_selector = selector;
        spec.limits.sockets_per_session = sockets;
        spec
    }
}
