use super::*;
use crate::spec::gateway::Gateway;
use crate::spec::ingress::{FrontDoor, Persistence, SameSite, Seconds};
use crate::spec::version::Version;
use crate::spec::{Findings, StickyApp};
use serde_json::{Value, json};

fn with(change: impl FnOnce(&mut StickyApp)) -> StickyApp {
    let mut spec = StickyApp::default();
    spec.ingress.front_door = FrontDoor::Gateway;
    change(&mut spec);
    spec
}

fn balanced(change: impl FnOnce(&mut StickyApp)) -> StickyApp {
    with(|spec| {
        spec.ingress.cookie.persistence = Persistence::Balanced;
        change(spec);
    })
}

/// For a Gateway that somebody else owns.
fn attached(spec: &mut StickyApp) {
    spec.gateway.name = Some("shared".to_owned());
    spec.gateway.namespace = Some("edge".to_owned());
    spec.gateway.section = Some("web".to_owned());
}

fn foreign(spec: &mut StickyApp) {
    spec.gateway.controller = "example.net/gateway-controller".to_owned();
    spec.ingress.front_door_namespace = Some("edge".to_owned());
}

fn tls(spec: &mut StickyApp) {
    spec.ingress.host = Some("demo.example".to_owned());
    spec.ingress.tls_secret = Some("cert".to_owned());
}

/// The `spec` of the only object of a kind.
#[track_caller]
fn one(spec: &StickyApp, kind: &str) -> Value {
    let all: Vec<Value> = objects(spec).iter().filter(|object| object.kind() == kind).map(|object| serde_json::to_value(object).unwrap()).collect();
    assert_eq!(all.len(), 1, "{kind}: {all:?}");
    all[0]["spec"].clone()
}

fn rule(spec: &StickyApp) -> Value {
    one(spec, "HTTPRoute")["rules"][0].clone()
}

fn kinds(spec: &StickyApp) -> Vec<&'static str> {
    objects(spec).iter().map(Object::kind).collect()
}

#[test]
fn the_order_in_which_they_are_applied() {
    assert_eq!(kinds(&with(|_| ())), ["Gateway", "BackendTrafficPolicy", "HTTPRoute"]);
    assert_eq!(kinds(&with(attached)), ["BackendTrafficPolicy", "HTTPRoute"]);
    assert_eq!(kinds(&with(foreign)), ["Gateway", "HTTPRoute"]);
    let shared = with(|spec| {
        attached(spec);
        tls(spec);
    });
    assert_eq!(kinds(&shared), ["ReferenceGrant", "BackendTrafficPolicy", "HTTPRoute"]);
    let grant = json!({
        "from": [{"group": "gateway.networking.k8s.io", "kind": "Gateway", "namespace": "edge"}],
        "to": [{"group": "", "kind": "Secret", "name": "cert"}],
    });
    assert_eq!(one(&shared, "ReferenceGrant"), grant);
    let near = StickyApp { namespace: "edge".to_owned(), ..shared };
    assert_eq!(kinds(&near), ["BackendTrafficPolicy", "HTTPRoute"], "in one namespace nothing has to be granted");
}

#[test]
fn a_gateway_of_its_own_listens_on_80_and_with_a_certificate_on_443() {
    let listeners = |spec: &StickyApp| {
        let gateway = one(spec, "Gateway");
        assert_eq!(gateway["gatewayClassName"], "eg");
        let all = gateway["listeners"].as_array().unwrap().clone();
        assert!(all.iter().all(|listener| listener["allowedRoutes"]["namespaces"]["from"] == "Same"), "{all:?}");
        all.into_iter().map(|listener| (listener["name"].clone(), listener["port"].clone(), listener["protocol"].clone())).collect::<Vec<_>>()
    };
    assert_eq!(listeners(&with(|_| ())), [(json!("http"), json!(80), json!("HTTP"))]);
    let secure = with(tls);
    assert_eq!(listeners(&secure)[1], (json!("https"), json!(443), json!("HTTPS")));
    assert_eq!(one(&secure, "Gateway")["listeners"][1]["tls"]["certificateRefs"], json!([{"name": "cert"}]));
}

#[test]
fn a_route_attaches_to_its_gateway() {
    let own = json!([{"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": "sticky-sessions"}]);
    assert_eq!(one(&with(|_| ()), "HTTPRoute")["parentRefs"], own);
    let route = one(
        &with(|spec| {
            attached(spec);
            spec.ingress.host = Some("demo.example".to_owned());
            spec.gateway.hostnames = vec!["*.demo.example".to_owned()];
        }),
        "HTTPRoute",
    );
    let parent = json!([{"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": "shared", "namespace": "edge", "sectionName": "web"}]);
    assert_eq!((&route["parentRefs"], &route["hostnames"]), (&parent, &json!(["demo.example", "*.demo.example"])));
}

#[test]
fn the_version_of_the_crds_decides_how_session_persistence_is_written() {
    let old = json!({"sessionName": "sticky_9ebf82", "type": "Cookie", "absoluteTimeout": "48h", "cookieConfig": {"lifetimeType": "Permanent"}});
    let new = json!({"type": "Cookie", "absoluteTimeout": "48h", "cookie": {"name": "sticky_9ebf82", "path": "/", "lifetimeType": "Permanent"}});
    for (api, shape) in [(None, &old), (Some(Version(1, 1, 0)), &old), (Some(Version(1, 6, 9)), &old), (Some(Version(1, 7, 0)), &new)] {
        assert_eq!(rule(&with(|spec| spec.gateway.api = api))["sessionPersistence"], *shape, "{api:?}");
    }
    assert_eq!(rule(&with(|_| ()))["matches"], json!([{"path": {"type": "PathPrefix", "value": "/"}}]));
}

/// The longest lifetime has seven digits in seconds, and the CRDs take five.
#[test]
fn every_duration_is_one_of_gep_2257() {
    let spec = balanced(|spec| {
        spec.ingress.cookie.lifetime = Seconds(2_678_399);
        spec.ingress.websocket_timeout = Some(Seconds(100_001));
    });
    let policy = one(&spec, "BackendTrafficPolicy");
    assert_eq!(policy["loadBalancer"]["consistentHash"]["cookie"]["ttl"], "743h59m59s");
    assert_eq!(policy["timeout"]["http"]["streamIdleTimeout"], "27h46m41s");
    let session = rule(&with(|spec| spec.ingress.cookie.lifetime = Seconds(2_678_399)))["sessionPersistence"].clone();
    assert_eq!(session["absoluteTimeout"], "743h59m59s");
}

#[test]
fn envoy_gateway_gets_what_the_standard_can_not_say() {
    let policy = one(&with(|_| ()), "BackendTrafficPolicy");
    assert_eq!(policy["targetRefs"], json!([{"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "name": "sticky-sessions"}]));
    assert_eq!(policy["timeout"]["http"], json!({"streamIdleTimeout": "1h", "connectionIdleTimeout": "1m"}));
    assert_eq!(policy["retry"], json!({"retryOn": {"triggers": ["connect-failure", "reset-before-request"]}}));
    assert_eq!((policy.get("loadBalancer"), policy.get("mergeType")), (None, None));
    let stays = one(&with(|spec| spec.ingress.cookie.change_on_failure = Some(false)), "BackendTrafficPolicy");
    assert_eq!((stays.get("retry"), stays["timeout"].get("tcp")), (None, None), "a session stays, whatever happens");
    assert_eq!(one(&with(attached), "BackendTrafficPolicy")["mergeType"], "StrategicMerge", "the owner's own policy still holds");
}

#[test]
fn balanced_hashes_a_cookie_with_all_attributes() {
    let cookie = |spec: &StickyApp| {
        assert_eq!(rule(spec).get("sessionPersistence"), None, "the standard channel's CRDs are enough");
        one(spec, "BackendTrafficPolicy")["loadBalancer"]["consistentHash"]["cookie"].clone()
    };
    let plain = json!({"name": "sticky_9ebf82", "ttl": "48h", "attributes": {"Path": "/", "SameSite": "Lax"}});
    assert_eq!(cookie(&balanced(|_| ())), plain);
    let secure = balanced(|spec| {
        tls(spec);
        spec.ingress.cookie.same_site = SameSite::None;
    });
    assert_eq!(cookie(&secure)["attributes"], json!({"Path": "/", "SameSite": "None", "Secure": ""}));
}

/// The keys that are refused, and the warnings' keys.
fn found(spec: &StickyApp) -> (Vec<String>, Vec<String>) {
    let Findings { problems, warnings } = check(spec);
    let key = |text: &String| text.split(": ").next().unwrap().to_owned();
    (problems.into_iter().map(|problem| problem.path).collect(), warnings.iter().map(key).collect())
}

#[track_caller]
fn refuses(spec: &StickyApp, paths: &[&str]) {
    let (refused, warned) = found(spec);
    assert_eq!((refused, warned), (paths.iter().map(|path| (*path).to_owned()).collect(), vec![]));
}

#[track_caller]
fn warns(spec: &StickyApp, paths: &[&str]) {
    let (refused, warned) = found(spec);
    assert_eq!((refused, warned), (vec![], paths.iter().map(|path| (*path).to_owned()).collect::<Vec<_>>()));
}

#[test]
fn attributes_that_session_persistence_has_not() {
    warns(&with(|_| ()), &[]);
    for same_site in [SameSite::Strict, SameSite::None] {
        refuses(&with(|spec| spec.ingress.cookie.same_site = same_site), &["ingress.cookie.sameSite"]);
    }
    refuses(&with(|spec| spec.ingress.cookie.secure = Some(true)), &["ingress.cookie.secure"]);
    warns(&with(tls), &["ingress.cookie.secure"]);
    let accepted = |spec: &mut StickyApp| {
        tls(spec);
        spec.ingress.cookie.secure = Some(false);
    };
    warns(&with(accepted), &[]);
    let prefixed = |spec: &mut StickyApp| {
        accepted(spec);
        spec.ingress.cookie.name = Some("__Host-sticky".to_owned());
    };
    refuses(&with(prefixed), &["ingress.cookie.name"]);
    let all = balanced(|spec| {
        tls(spec);
        spec.ingress.cookie.same_site = SameSite::Strict;
        spec.ingress.cookie.secure = Some(true);
        spec.ingress.cookie.name = Some("__Host-sticky".to_owned());
    });
    warns(&all, &[]);
    let told = check(&with(|spec| spec.ingress.cookie.same_site = SameSite::None)).problems[0].what.clone();
    assert!(told.ends_with("write Lax, or set ingress.cookie.persistence to balanced"), "{told}");
}

#[test]
fn what_another_controller_can_not_do() {
    warns(&with(foreign), &[]);
    let asks = balanced(|spec| {
        foreign(spec);
        spec.ingress.cookie.change_on_failure = Some(true);
        spec.ingress.websocket_timeout = Some(Seconds(600));
    });
    refuses(&asks, &["ingress.cookie.persistence", "ingress.cookie.changeOnFailure", "ingress.websocketTimeout"]);
    let unknown = |spec: &mut StickyApp| {
        foreign(spec);
        spec.ingress.front_door_namespace = None;
    };
    warns(&with(unknown), &["ingress.frontDoorNamespace"]);
    let admitted = |spec: &mut StickyApp| {
        unknown(spec);
        spec.network_policy.allow_from = vec!["192.0.2.0/24".parse().unwrap()];
    };
    warns(&with(admitted), &[]);
    let strict = with(|spec| {
        foreign(spec);
        spec.ingress.cookie.same_site = SameSite::Strict;
    });
    assert!(check(&strict).problems[0].what.ends_with("write Lax"), "only Envoy Gateway has another way");
}

#[test]
fn versions_without_session_persistence_and_unknown_ones() {
    let api = |version| with(|spec| spec.gateway.api = Some(version));
    refuses(&api(Version(1, 0, 0)), &["gateway.api"]);
    for known in [Version(1, 1, 0), Version(1, 6, 1), Version(1, 6, 99)] {
        warns(&api(known), &[]);
    }
    warns(&api(Version(1, 7, 3)), &[]);
    let other = |version| {
        with(|spec| {
            foreign(spec);
            spec.gateway.api = Some(version);
        })
    };
    warns(&other(Version(1, 7, 3)), &[]);
    warns(&other(Version(1, 8, 0)), &["gateway.api"]);
    warns(&other(Version(2, 0, 0)), &["gateway.api"]);
    warns(&balanced(|spec| spec.gateway.api = Some(Version(1, 0, 0))), &[]);
}

#[test]
fn keys_of_other_front_doors_and_of_other_gateways() {
    let other = with(|spec| {
        spec.ingress.class = "public".to_owned();
        spec.ingress.front_door_version = Some(Version(3, 7, 13));
    });
    warns(&other, &["ingress.class", "ingress.frontDoorVersion"]);
    let classed = |spec: &mut StickyApp| {
        attached(spec);
        spec.gateway.class = "other".to_owned();
        tls(spec);
        spec.ingress.cookie.secure = Some(false);
    };
    warns(&with(classed), &["gateway.class", "ingress.tlsSecret"]);
    let section = |name: &str| with(|spec| spec.gateway.section = Some(name.to_owned()));
    warns(&section("http"), &[]);
    refuses(&section("https"), &["gateway.section"]);
    refuses(&section("web"), &["gateway.section"]);
    let secure = balanced(|spec| {
        tls(spec);
        spec.gateway = Gateway { section: Some("https".to_owned()), ..Gateway::default() };
    });
    warns(&secure, &[]);
}

/// As far as that can be said without a cluster.
#[test]
fn controllers_that_ignore_session_persistence() {
    let asked = |controller: &str, api| {
        let spec = with(|spec| {
            spec.gateway.controller = controller.to_owned();
            spec.gateway.api = api;
        });
        affinity::check(&spec)
    };
    let envoy = "gateway.envoyproxy.io/stickyctl-mine";
    assert_eq!(asked(envoy, None), Findings::default());
    let renamed = asked(envoy, Some(Version(1, 7, 0)));
    assert!(
        matches!(&renamed.warnings[..], [one] if one.starts_with("gateway.api: Envoy Gateway") && one.ends_with("1.1.0 to 1.6.1")),
        "{renamed:?}"
    );
    let ignored = asked("traefik.io/gateway-controller", None);
    assert_eq!(ignored.problems[0].path, "gateway.controller");
    let what = &ignored.problems[0].what;
    assert!(what.starts_with("Traefik ignores session persistence") && what.contains("TraefikService") && what.ends_with("up --force"), "{what}");
    let unknown = asked("example.net/gateway-controller", None);
    assert!(unknown.problems.is_empty() && unknown.warnings[0].contains("it is unknown whether example.net/gateway-controller"), "{unknown:?}");
    assert!(!asked("gateway.nginx.org/nginx-gateway-controller", None).warnings.is_empty(), "only the commercial edition");
    let hashed = balanced(|spec| spec.gateway.controller = "traefik.io/gateway-controller".to_owned());
    assert_eq!(affinity::check(&hashed), Findings::default(), "that is refused anyway, for another reason");
}
