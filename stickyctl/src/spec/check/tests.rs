use super::*;
use crate::spec::canary::Canary;
use crate::spec::gateway::Gateway;
use crate::spec::ingress::{FrontDoor, SameSite};
use crate::spec::pods::{Autoscaling, Seconds};
use crate::spec::redis::SecretKey;
use sticky_core::version::Version;

/// What is refused after `change`, and where.
fn refused(change: impl FnOnce(&mut StickyApp)) -> Vec<(String, String)> {
    found(change).problems.into_iter().map(|problem| (problem.path, problem.what)).collect()
}

fn found(change: impl FnOnce(&mut StickyApp)) -> Findings {
    let mut spec = StickyApp::default();
    change(&mut spec);
    check(&spec)
}

#[track_caller]
fn refuses(path: &str, word: &str, change: impl FnOnce(&mut StickyApp)) {
    let all = refused(change);
    assert!(matches!(&all[..], [(at, what)] if at == path && what.contains(word)), "wanted {path} with {word:?}, got {all:?}");
}

#[test]
fn the_default_is_faultless() {
    assert_eq!(found(|_| ()), Findings::default());
}

#[test]
fn names_that_no_object_may_have() {
    for bad in ["", "Sticky", "-a", "a-", "a.b", "a b"] {
        refuses("name", "invalid name", |s| s.name = bad.to_owned());
        refuses("namespace", "invalid name", |s| s.namespace = bad.to_owned());
    }
    refuses("name", "start with a letter", |s| s.name = "1st".to_owned());
    refuses("name", "41 characters", |s| s.name = "a".repeat(41));
    refuses("namespace", "cluster itself", |s| s.namespace = "kube-system".to_owned());
    refuses("image.name", "latest", |s| s.image.name = "sticky-app:latest".to_owned());
    let digest = format!("sha256:{}", "0a".repeat(32));
    assert_eq!(refused(|s| s.image.digest = Some(digest.clone())), []);
    for bad in ["", "sha256:12", &digest.to_uppercase(), &format!("@{digest}")] {
        refuses("image.digest", "64 lower-case hex digits", |s| s.image.digest = Some(bad.to_owned()));
    }
    refuses("image.digest", "one of the two keys", |s| {
        s.image.name = format!("sticky-app:1@{digest}");
        s.image.digest = Some(digest.clone());
    });
    refuses("networkPolicy.restrictEgress", "enabled is false", |s| {
        s.network_policy.restrict_egress = true;
        s.network_policy.enabled = false;
    });
    refuses("image.pullSecret", "invalid name", |s| s.image.pull_secret = Some("A".to_owned()));
    refuses("metrics.namespace", "invalid name", |s| s.metrics.namespace = Some("a.b".to_owned()));
}

#[test]
fn resources_that_contradict_each_other() {
    refuses("resources.requests.cpu", "more than the limit", |s| s.resources.requests.cpu = Some("3".parse().unwrap()));
    refuses("resources.requests.memory", "more than the limit", |s| s.resources.requests.memory = Some("1Gi".parse().unwrap()));
    refuses("resources.requests.memory", "unit missing", |s| s.resources.requests.memory = Some("64".parse().unwrap()));
}

#[test]
fn a_text_must_fit_its_carriers() {
    let all = refused(|s| s.limits.max_text = Some(20_000));
    assert_eq!(all.len(), 2, "{all:?}");
    refuses("limits.maxText", "limits.maxBody is 100", |s| s.limits.max_body = Some(100));
    refuses("limits.maxSockets", "1 to", |s| s.limits.max_sockets = Some(0));
    refuses("limits.connectionsPerAddress", "trustedProxies", |s| s.limits.connections_per_address = Some(5));
    refuses("limits.newSessionsPerMinute", "trustedProxies", |s| s.limits.new_sessions_per_minute = Some(5));
}

#[test]
fn the_arithmetic_of_leaving() {
    refuses("drain.grace", "which is 35s", |s| s.drain.grace = Some(Seconds(30)));
    assert_eq!(refused(|s| s.drain.grace = Some(Seconds(35))), []);
    refuses("drain.preStop", "race", |s| s.drain.pre_stop = Seconds(0));
    refuses("drain.window", "at once", |s| s.drain.window = Seconds(0));
    assert!(found(|s| s.drain.delay = Seconds(1)).warnings[0].starts_with("drain.delay"));
}

#[test]
fn an_autoscaler_needs_room_and_something_to_measure() {
    let scaling = |min, max| Some(Autoscaling { min, max, cpu: 70 });
    assert_eq!(refused(|s| s.autoscaling = scaling(None, 10)), []);
    refuses("autoscaling", "5 to 4", |s| s.autoscaling = scaling(Some(5), 4));
    refuses("autoscaling", "0 to 4", |s| s.autoscaling = scaling(Some(0), 4));
    refuses("autoscaling", "to 65", |s| s.autoscaling = scaling(None, 65));
    refuses("mode", "3 pods", |s| s.autoscaling = scaling(Some(4), 8));
    refuses("resources.requests.cpu", "percentage", |s| {
        s.autoscaling = scaling(None, 10);
        s.resources.requests.cpu = None;
    });
}

#[test]
fn a_canary_that_nobody_can_have_or_tell() {
    let version = |text: &str| Version::parse(text).ok();
    let with = |pods, version, image: Option<&str>| Canary { pods, version, image: image.map(str::to_owned) };
    assert_eq!(found(|s| s.canary = with(64, version("2.0"), Some("sticky-app:2.0"))), Findings::default());
    refuses("canary.pods", "0 to 64", |s| s.canary.pods = 65);
    refuses("canary.image", "neither a tag", |s| s.canary.image = Some("sticky-app".to_owned()));
    let same = found(|s| s.canary = with(1, Some(Version::own()), None));
    assert!(same.problems.is_empty() && same.warnings[0].starts_with("canary.version: the other pods report it too"), "{same:?}");
    assert_eq!(with(1, None, None).reports(), Some(concat!(env!("CARGO_PKG_VERSION"), "-canary")));
    assert_eq!(with(1, None, Some("sticky-app:2.0")).reports(), None, "it knows its version");
    assert_eq!(with(1, version("blue"), Some("sticky-app:2.0")).reports(), Some("blue"));
}

#[test]
fn no_secret_in_a_url() {
    for url in ["redis://:hunter2@r", "redis://u:hunter2@r:6379/0", "rediss://r?password=hunter2"] {
        let all = refused(|s| s.redis.url = Some(url.to_owned()));
        assert!(all[0].1.contains("holds a password") && !all[0].1.contains("hunter2"), "{all:?}");
    }
    for bad in ["r:6379", "http://r", "redis://", "redis://:6379", "redis://r:port", "redis://r$(X)"] {
        assert!(!refused(|s| s.redis.url = Some(bad.to_owned())).is_empty(), "{bad}");
    }
    for good in ["redis://r", "rediss://app@r.example:6380/2", "redis://[2001:db8::1]:6379", "redis://[2001:db8::1]"] {
        assert_eq!(found(|s| s.redis.url = Some(good.to_owned())), Findings::default(), "{good}");
    }
    refuses("redis.password.secret", "invalid name", |s| {
        s.redis.password = Some(SecretKey { secret: "A b".to_owned(), key: "password".to_owned() });
    });
    refuses("redis.password.key", "invalid key", |s| {
        s.redis.password = Some(SecretKey { secret: "a".to_owned(), key: "a/b".to_owned() });
    });
}

#[test]
fn sizes_of_redis() {
    refuses("redis.maxmemory", "half of", |s| s.redis.maxmemory = "200Mi".parse().unwrap());
    refuses("redis.maxmemory", "unit missing", |s| s.redis.maxmemory = "96".parse().unwrap());
    refuses("redis.storage", "twice", |s| s.redis.storage = "100Mi".parse().unwrap());
    refuses("redis.image", "neither a tag", |s| s.redis.image = "redis".to_owned());
}

#[test]
fn hosts_and_certificates() {
    for bad in ["Demo.example", "http://demo.example", "demo.example:80", "*.*.example", ""] {
        refuses("ingress.host", "invalid host", |s| s.ingress.host = Some(bad.to_owned()));
    }
    refuses("ingress.host", "address", |s| s.ingress.host = Some("127.0.0.1".to_owned()));
    assert_eq!(refused(|s| s.ingress.host = Some("*.demo.example".to_owned())), []);
    refuses("ingress.tlsSecret", "ingress.host", |s| s.ingress.tls_secret = Some("cert".to_owned()));
    refuses("ingress.websocketTimeout", "pings", |s| s.ingress.websocket_timeout = Some(Seconds(30)));
}

#[test]
fn cookies_that_browsers_or_proxies_drop() {
    for taken in ["JSESSIONID", "PHPSESSID", "connect.sid", "jsessionid", "StickyStr", "ASPSESSIONIDABC"] {
        refuses("ingress.cookie.name", "is the cookie of", |s| s.ingress.cookie.name = Some(taken.to_owned()));
    }
    for (taken, owner) in [
        ("AWSALBCORS", "Amazon"),
        ("AWSALBTG", "Amazon"),
        ("AWSALBTGCORS", "Amazon"),
        ("ApplicationGatewayAffinity", "Application Gateway"),
        ("applicationgatewayaffinitycors", "Application Gateway"),
        ("ASLBSA", "Front Door"),
        ("ASLBSACORS", "Front Door"),
        ("__cflb", "Cloudflare"),
        ("__VCAP_ID__", "Cloud Foundry"),
        ("ARRAffinitySameSite", "App Service"),
        ("AUTH_SESSION_ID_LEGACY", "Keycloak"),
        ("session_id", "Odoo"),
    ] {
        refuses("ingress.cookie.name", owner, |s| s.ingress.cookie.name = Some(taken.to_owned()));
    }
    assert_eq!(refused(|s| s.ingress.cookie.name = Some("AWSALBCORS2".to_owned())), [], "a name of its own");
    for odd in ["", "a b;c", "a.b", "käse", &"x".repeat(65)] {
        refuses("ingress.cookie.name", "every front door", |s| s.ingress.cookie.name = Some(odd.to_owned()));
    }
    refuses("ingress.cookie.name", "without Secure", |s| s.ingress.cookie.name = Some("__Host-sticky".to_owned()));
    refuses("ingress.cookie.lifetime", "delete the cookie", |s| s.ingress.cookie.lifetime = Seconds(0));
    refuses("ingress.cookie.sameSite", "without Secure", |s| s.ingress.cookie.same_site = SameSite::None);
    assert_eq!(
        refused(|s| {
            s.ingress.cookie.same_site = SameSite::None;
            s.ingress.host = Some("demo.example".to_owned());
            s.ingress.tls_secret = Some("cert".to_owned());
        }),
        []
    );
    assert!(found(|s| s.ingress.cookie.secure = Some(true)).warnings[0].contains("plain HTTP"));
}

#[test]
fn keys_of_a_gateway() {
    let with = |change: fn(&mut Gateway)| {
        move |spec: &mut StickyApp| {
            spec.ingress.front_door = FrontDoor::Gateway;
            change(&mut spec.gateway);
        }
    };
    assert_eq!(found(with(|_| ())), Findings::default());
    refuses("gateway.class", "invalid name", with(|g| g.class = "A b".to_owned()));
    for bad in ["eg", "", "a.b/", "A.b/c", "a.b/c d"] {
        refuses("gateway.controller", "spec.controllerName", move |spec| {
            spec.ingress.front_door = FrontDoor::Gateway;
            spec.gateway.controller = bad.to_owned();
        });
    }
    refuses("gateway.name", "invalid name", with(|g| g.name = Some("A".to_owned())));
    refuses("gateway.namespace", "gateway.name too", with(|g| g.namespace = Some("edge".to_owned())));
    refuses("gateway.section", "invalid listener", with(|g| g.section = Some("Web".to_owned())));
    refuses("gateway.hostnames[1]", "invalid host", with(|g| g.hostnames = vec!["a.example".to_owned(), "a.example:80".to_owned()]));
    refuses("gateway.hostnames", "at most 16", with(|g| g.hostnames = (0..17).map(|n| format!("h{n}.example")).collect()));
    refuses("gateway.hostnames[0]", "more than once", |spec| {
        with(|g| g.hostnames = vec!["demo.example".to_owned()])(spec);
        spec.ingress.host = Some("demo.example".to_owned());
    });
    let unused = found(|spec| spec.gateway.section = Some("web".to_owned()));
    assert!(unused.problems.is_empty() && unused.warnings[0].starts_with("gateway: ignored with ingress.frontDoor nginx"), "{unused:?}");
}

#[test]
fn all_at_once() {
    let all = refused(|s| {
        s.name = "A".to_owned();
        s.image.name = "x".to_owned();
        s.ingress.cookie.lifetime = Seconds(0);
    });
    assert_eq!(all.len(), 3, "{all:?}");
}
