//! Specs for tests, here and in other packages (feature `sample`): one that sets every key, and random valid ones.

#![allow(clippy::unwrap_used, reason = "it serves tests only")]

use crate::spec::canary::Canary;
use crate::spec::gateway::{Gateway, HTTP, HTTPS};
use crate::spec::ingress::{Cookie, FrontDoor, Ingress, Persistence, SameSite, Seconds};
use crate::spec::placement::{NetworkPolicy, Placement, TaintEffect, Toleration};
use crate::spec::pods::{Amounts, Autoscaling, Drain, Limits, PullPolicy, Resources};
use crate::spec::redis::{Redis, SecretKey};
use crate::spec::{self, StickyApp};
use ipnet::IpNet;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use sticky_core::choice::{Expose, Fanout};
use sticky_core::mode::Mode;
use sticky_core::version::Version;

/// A spec that sets every key. It can't run: a Redis elsewhere has no storage.
#[must_use]
pub fn full() -> StickyApp {
    let mut spec = StickyApp::default();
    spec.image.pull_secret = Some("registry".to_owned());
    spec.image.digest = Some(format!("sha256:{}", "0a".repeat(32)));
    spec.limits = Limits {
        max_body: Some(1 << 16),
        max_text: Some(1 << 12),
        max_frame: Some(1 << 16),
        max_sockets: Some(1_000),
        max_requests: Some(100),
        sockets_per_session: Some(4),
        connections_per_address: Some(200),
        new_sessions_per_minute: Some(30),
        max_cursors: Some(100),
        max_models: Some(50),
    };
    spec.drain.grace = Some(Seconds(60));
    spec.redis.url = Some("redis://r.example:6379".to_owned());
    spec.redis.password = Some(SecretKey { secret: "redis".to_owned(), key: "password".to_owned() });
    spec.redis.storage_class = Some("fast".to_owned());
    let ingress = &mut spec.ingress;
    ingress.front_door_version = Some(spec::version::Version(3, 7, 13));
    ingress.front_door_namespace = Some("edge".to_owned());
    ingress.host = Some("demo.example".to_owned());
    ingress.tls_secret = Some("cert".to_owned());
    ingress.websocket_timeout = Some(Seconds(600));
    ingress.trusted_proxies = vec!["192.0.2.0/24".parse().unwrap()];
    ingress.cookie.name = Some("mine".to_owned());
    ingress.cookie.secure = Some(true);
    ingress.cookie.change_on_failure = Some(true);
    spec.gateway = Gateway {
        name: Some("shared".to_owned()),
        namespace: Some("edge".to_owned()),
        section: Some("https".to_owned()),
        hostnames: vec!["www.demo.example".to_owned()],
        api: Some(spec::version::Version(1, 7, 0)),
        ..Gateway::default()
    };
    spec.autoscaling = Some(Autoscaling { min: Some(2), max: 8, cpu: 60 });
    spec.canary = Canary { pods: 2, version: Version::parse("2.0-rc.1").ok(), image: Some("registry.example/sticky-app:2.0-rc.1".to_owned()) };
    spec.placement.node_selector = [("pool".to_owned(), "web".to_owned())].into();
    spec.placement.tolerations =
        vec![Toleration { key: "dedicated".to_owned(), value: Some("web".to_owned()), effect: Some(TaintEffect::NoSchedule) }];
    spec.network_policy.restrict_egress = true;
    spec.network_policy.allow_from = vec!["198.51.100.0/24".parse().unwrap()];
    spec.metrics.namespace = Some("monitoring".to_owned());
    spec
}

/// Values of labels, among them words that YAML 1.1 doesn't take for text.
fn word() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z0-9]([a-z0-9._-]{0,20}[a-z0-9])?",
        select(vec!["on", "y", "no", "0x1F", "1_000", "017", "null", "1e3", "12.5"]).prop_map(str::to_owned)
    ]
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z]([a-z0-9-]{0,30}[a-z0-9])?", select(vec!["on", "y", "no", "n", "off", "yes", "null", "true"]).prop_map(str::to_owned)]
}

fn networks() -> impl Strategy<Value = Vec<IpNet>> {
    let all = ["192.0.2.0/24", "10.1.2.3/32", "2001:db8::/32", "::1/128", "0.0.0.0/0"];
    proptest::sample::subsequence(all.map(|net| net.parse().unwrap()).to_vec(), 0..all.len())
}

/// Requests and limits of CPU and memory, in every notation.
fn resources() -> impl Strategy<Value = Resources> {
    let of = |text: &str| (!text.is_empty()).then(|| text.parse().unwrap());
    let cpu = select(vec![("100m", "2"), ("0.5", "1.5"), ("1", ""), ("50000u", "1e3"), (".25", "250m")]);
    let memory = select(vec![("64Mi", "256Mi"), ("", "0.5Gi"), ("5e7", "1G"), ("", ""), ("100000k", "100M")]);
    (cpu, memory).prop_map(move |(cpu, memory)| Resources {
        requests: Amounts { cpu: of(cpu.0), memory: of(memory.0) },
        limits: Amounts { cpu: of(cpu.1), memory: of(memory.1) },
    })
}

prop_compose! {
    fn release()(name in name(), namespace in name(), pods in 1..=64_u16, workers in 1..=64_u16, broadcast: bool, expose in 0..3_u8,
                 scaled: bool, fewest in option::of(1..=64_u16), cpu in 1..=1_000_u16, resources in resources()) -> StickyApp {
        let mut spec = StickyApp { name, namespace, mode: Mode { pods, workers }, resources, ..StickyApp::default() };
        spec.relay.fanout = if broadcast { Fanout::Broadcast } else { Fanout::Directed };
        spec.expose_identity = [Expose::Full, Expose::Pod, Expose::Off][usize::from(expose)];
        spec.autoscaling = scaled.then_some(Autoscaling { min: fewest.map(|fewest| fewest.min(pods)), max: 64, cpu });
        spec
    }
}

prop_compose! {
    fn cookie()(name in option::of("own[A-Za-z0-9_-]{0,58}(---)?"), same_site in 0..3_u8, balanced: bool, lifetime in 1..2_678_400_u32,
                secure in option::of(any::<bool>()), change_on_failure in option::of(any::<bool>())) -> Cookie {
        let same_site = [SameSite::Strict, SameSite::Lax, SameSite::None][usize::from(same_site)];
        let persistence = if balanced { Persistence::Balanced } else { Persistence::Persistent };
        Cookie { name, persistence, lifetime: Seconds(lifetime), same_site, secure, change_on_failure }
    }
}

prop_compose! {
    fn ingress()(mut cookie in cookie(), door in select(vec![FrontDoor::Nginx, FrontDoor::Traefik, FrontDoor::Gateway]), host in option::of("(\\*\\.)?[a-z]{1,9}\\.example"), tls: bool, class in name(),
                 namespace in option::of(name()), timeout in option::of(40..100_000_u32), trusted_proxies in networks(),
                 version in select(vec![None, Some(spec::version::Version(3, 6, 12)), Some(spec::version::Version(3, 7, 0)), Some(spec::version::Version(3, 7, 13)), Some(spec::version::Version(4, 0, 1))])) -> Ingress {
        let tls_secret = (tls && host.is_some()).then(|| "on".to_owned());
        let traefik = door == FrontDoor::Traefik;
        if traefik {
            cookie.persistence = Persistence::Persistent;
            cookie.change_on_failure = cookie.change_on_failure.map(|_| false);
        } else if door == FrontDoor::Nginx && tls_secret.is_some() {
            cookie.secure = cookie.secure.filter(|secure| *secure);
        }
        let reads_timers = !traefik || version.is_some_and(|version| version >= spec::version::Version(3, 7, 13));
        if cookie.same_site == SameSite::None && !cookie.secure.unwrap_or(tls_secret.is_some()) {
            cookie.same_site = SameSite::Lax;
        }
        Ingress {
            front_door: door,
            front_door_version: version.filter(|_| traefik),
            front_door_namespace: namespace,
            class,
            host,
            tls_secret,
            cookie,
            websocket_timeout: timeout.filter(|_| reads_timers).map(Seconds),
            trusted_proxies,
        }
    }
}

/// An existing Gateway, or one of the release's own.
fn gateway() -> impl Strategy<Value = Gateway> {
    let api = || {
        option::of(select(vec![
            spec::version::Version(1, 1, 0),
            spec::version::Version(1, 6, 1),
            spec::version::Version(1, 7, 0),
            spec::version::Version(2, 0, 0),
        ]))
    };
    let hostnames = || proptest::collection::btree_set("(\\*\\.)?[a-z]{1,9}\\.example\\.net", 0..4);
    let controller = select(vec!["gateway.envoyproxy.io/gatewayclass-controller", "gateway.envoyproxy.io/stickyctl-x", "example.net/other"]);
    let existing = (name(), option::of(name()), option::of(name()));
    let own = option::of(select(vec![HTTP, HTTPS]));
    (name(), controller, option::of(existing), own, hostnames(), api()).prop_map(|(class, controller, existing, own, hostnames, api)| {
        let (name, namespace, section) = match existing {
            Some((name, namespace, section)) => (Some(name), namespace, section),
            None => (None, None, own.map(str::to_owned)),
        };
        Gateway { class, controller: controller.to_owned(), name, namespace, section, hostnames: hostnames.into_iter().collect(), api }
    })
}

/// Takes back what the Gateway in question can't do.
fn fit(ingress: &mut Ingress, gateway: &mut Gateway) {
    if ingress.front_door != FrontDoor::Gateway {
        return;
    }
    let cookie = &mut ingress.cookie;
    if !gateway.is_envoy() {
        cookie.persistence = Persistence::Persistent;
        cookie.change_on_failure = cookie.change_on_failure.map(|_| false);
        ingress.websocket_timeout = None;
    }
    if cookie.persistence == Persistence::Persistent {
        cookie.same_site = SameSite::Lax;
        cookie.secure = cookie.secure.map(|_| false);
    }
    if gateway.name.is_none() && ingress.tls_secret.is_none() {
        gateway.section = gateway.section.take().filter(|section| section != HTTPS);
    }
}

prop_compose! {
    fn redis()(url in option::of(select(vec!["redis://r", "rediss://app@cache.example:6380/1?a=<&>", "redis://[2001:db8::1]:6379"])),
               password in option::of((name(), "[a-z.A-Z_-][a-z]{1,9}")), class in option::of(name()), resources in resources(),
               (maxmemory, storage, most) in select(vec![("96Mi", "1Gi", "256Mi"), ("0.1Gi", "1G", "512Mi"), ("50M", "0.5Gi", ""), ("1e8", "1e9", "1Gi"),
                                                         ("123456789", "1Ti", "1E"), ("1.7Gi", "4Gi", "3.5Gi"), ("2097152000m", "4Mi", "5e6")])) -> Redis {
        let mut redis = Redis {
            url: url.map(str::to_owned),
            password: password.map(|(secret, key)| SecretKey { secret, key }),
            storage_class: class,
            maxmemory: maxmemory.parse().unwrap(),
            storage: storage.parse().unwrap(),
            resources,
            ..Redis::default()
        };
        redis.resources.requests.memory = None;
        redis.resources.limits.memory = (!most.is_empty()).then(|| most.parse().unwrap());
        redis
    }
}

prop_compose! {
    fn limits()(max_body in option::of(16_384..=67_108_864_u64), max_text in option::of(1..=16_384_u64), max_frame in option::of(16_384..=67_108_864_u64),
                max_sockets in option::of(1..=10_000_000_u64), max_requests in option::of(1..=1_000_000_u64),
                sockets_per_session in option::of(1..=1_000_u64), connections_per_address in option::of(1..=10_000_000_u64),
                new_sessions_per_minute in option::of(1..=1_000_000_u64), max_cursors in option::of(1..=1_000_000_u64),
                max_models in option::of(1..=1_000_000_u64)) -> Limits {
        Limits {
            max_body, max_text, max_frame, max_sockets, max_requests, sockets_per_session, connections_per_address, new_sessions_per_minute,
            max_cursors, max_models,
        }
    }
}

fn tolerations() -> impl Strategy<Value = Vec<Toleration>> {
    let effect = select(vec![TaintEffect::NoSchedule, TaintEffect::PreferNoSchedule, TaintEffect::NoExecute]);
    let value = prop_oneof![Just(String::new()), word()];
    let one = (word(), option::of(value), option::of(effect)).prop_map(|(key, value, effect)| Toleration { key, value, effect });
    proptest::collection::vec(one, 0..3)
}

fn canary() -> impl Strategy<Value = Canary> {
    let version =
        prop_oneof!["[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?", select(vec!["on", "1.10", "017", "1e3", "null"]).prop_map(str::to_owned)];
    let image = "registry\\.example/sticky-app(:[a-z0-9]{1,9}x)?@sha256:[0-9a-f]{64}";
    let some = (1..=64_u16, option::of(version), option::of(image)).prop_map(|(pods, version, image)| Canary {
        pods,
        version: version.map(|version| Version::parse(&version).unwrap()),
        image,
    });
    prop_oneof![Just(Canary::default()), some]
}

prop_compose! {
    /// A spec without problems.
    pub fn valid()(mut spec in release(), mut ingress in ingress(), mut gateway in gateway(), redis in redis(), limits in limits(), canary in canary(), tolerations in tolerations(),
                   node_selector in proptest::collection::btree_map(word(), word(), 0..4),
                   (pre_stop, delay, window, more) in (1..7_200_u32, 0..7_200_u32, 1..7_200_u32, option::of(0..100_u32)),
                   (enabled, restricts, allow_from, metrics) in (any::<bool>(), any::<bool>(), networks(), option::of(name())),
                   pull_secret in option::of(name()), digest in option::of("sha256:[0-9a-f]{64}"), always: bool) -> StickyApp {
        spec.image.pull_secret = pull_secret;
        spec.image.digest = digest;
        spec.image.pull_policy = if always { PullPolicy::Always } else { PullPolicy::Never };
        spec.drain = Drain { pre_stop: Seconds(pre_stop), delay: Seconds(delay), window: Seconds(window), grace: None };
        spec.drain.grace = more.map(|more| Seconds(spec.drain.least_grace() + more));
        spec.network_policy = NetworkPolicy { enabled, allow_from, restrict_egress: enabled && restricts };
        spec.metrics.namespace = metrics;
        spec.placement = Placement { node_selector, tolerations };
        fit(&mut ingress, &mut gateway);
        let trusted = !ingress.trusted_proxies.is_empty();
        let new_sessions_per_minute = limits.new_sessions_per_minute.filter(|_| trusted);
        let connections_per_address = limits.connections_per_address.filter(|_| trusted);
        StickyApp { ingress, gateway, redis, canary, limits: Limits { new_sessions_per_minute, connections_per_address, ..limits }, ..spec }
    }
}
