//! Tests of every target, with Ingresses as charts write them.

use super::*;
use crate::doctor::finding::Severity;
use crate::doctor::objects::Read;
use crate::gateway_api::Shape;
use k8s_openapi::api::networking::v1::Ingress;

fn objects(documents: &str) -> Objects {
    let ingresses = documents.split("---\n").map(|text| Read { object: serde_yaml::from_str::<Ingress>(text).unwrap(), place: None });
    Objects { ingresses: ingresses.collect(), ..Objects::default() }
}

/// An Ingress `shop/web` for shop.example with these annotations, without their prefix, and these paths, each `PATH SERVICE`.
fn ingress(annotations: &[(&str, &str)], paths: &[&str], tls: bool) -> String {
    named("web", annotations, paths, tls)
}

fn named(name: &str, annotations: &[(&str, &str)], paths: &[&str], tls: bool) -> String {
    let annotations: String = annotations.iter().map(|(key, value)| format!("    nginx.ingress.kubernetes.io/{key}: \"{value}\"\n")).collect();
    let paths: String = paths
        .iter()
        .filter_map(|way| way.split_once(' '))
        .map(|(path, service)| {
            format!("      - {{path: \"{path}\", pathType: Prefix, backend: {{service: {{name: {service}, port: {{number: 80}}}}}}}}\n")
        })
        .collect();
    let tls = if tls { "  tls: [{hosts: [shop.example], secretName: shop}]\n" } else { "" };
    format!(
        "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: {name}\n  namespace: shop\n  annotations:\n{annotations}spec:\n  ingressClassName: nginx\n{tls}  rules:\n  - host: shop.example\n    http:\n      paths:\n{paths}"
    )
}

fn to(target: Target, text: &str) -> Moves {
    moves(&objects(text), target, None)
}

/// What becomes of an annotation or a topic; none if it isn't listed.
fn becomes(moves: &Moves, what: &str) -> Option<Becomes> {
    moves.changes.iter().find(|change| change.what == what).map(|change| change.becomes)
}

fn change<'a>(moves: &'a Moves, what: &str) -> &'a Change {
    moves.changes.iter().find(|change| change.what == what).unwrap_or_else(|| panic!("{what} isn't among {:#?}", moves.changes))
}

fn value<'a>(moves: &'a Moves, what: &str, key: &str) -> &'a str {
    let settings = &change(moves, what).settings;
    &settings.iter().find(|setting| setting.key == key).unwrap_or_else(|| panic!("{key} isn't among {settings:#?}")).value
}

const PLAIN: &[(&str, &str)] = &[("affinity", "cookie")];
const FULL: &[(&str, &str)] = &[
    ("affinity", "cookie"),
    ("affinity-mode", "persistent"),
    ("session-cookie-name", "route"),
    ("session-cookie-path", "/"),
    ("session-cookie-max-age", "3600"),
    ("session-cookie-expires", "3600"),
    ("session-cookie-change-on-failure", "true"),
    ("session-cookie-secure", "true"),
    ("session-cookie-samesite", "Lax"),
    ("proxy-read-timeout", "7200"),
];

#[test]
fn an_ingress_without_affinity_has_nothing_to_lose() {
    for target in Target::ALL {
        assert!(to(target, &ingress(&[("proxy-body-size", "8m")], &["/ web"], true)).changes.is_empty(), "{target:?}");
    }
}

#[test]
fn every_target_answers_every_topic_with_a_source() {
    let text = format!(
        "{}---\n{}",
        ingress(
            &[FULL, &[("session-cookie-partitioned", "true"), ("session-cookie-domain", "shop.example"), ("service-upstream", "true")]].concat(),
            &["/ web"],
            true
        ),
        named("other", &[], &["/other web"], true)
    );
    for target in Target::ALL {
        let moves = to(target, &text);
        assert!(moves.changes.len() >= 14, "{target:?}: {:#?}", moves.changes);
        for change in &moves.changes {
            assert!(!change.source.is_empty() && !change.then.is_empty() && !change.today.is_empty(), "{change:?}");
            assert!(!change.then.contains('`'), "{change:?}");
            assert_eq!(change.becomes == Becomes::NeedsSetting, !change.settings.is_empty() && change.becomes == Becomes::NeedsSetting, "{change:?}");
        }
        assert!(moves.findings().iter().all(|finding| !finding.fix.is_empty()));
    }
}

#[test]
fn traefik_reads_most_of_it() {
    let moves = to(Target::Traefik, &ingress(FULL, &["/ web"], true));
    for same in [
        "affinity",
        "session-cookie-name",
        "session-cookie-path",
        "session-cookie-max-age",
        "session-cookie-secure",
        "session-cookie-samesite",
        "affinity-mode",
    ] {
        assert_eq!(becomes(&moves, same), Some(Becomes::Same), "{same}");
    }
    assert_eq!(becomes(&moves, "session-cookie-change-on-failure"), Some(Becomes::Unsupported));
    assert_eq!(change(&moves, "session-cookie-change-on-failure").severity, Severity::Warning);
    // Max-Age stands beside it.
    assert_eq!(change(&moves, "session-cookie-expires").severity, Severity::Note);
    assert_eq!(value(&moves, "proxy-read-timeout", "--entryPoints.NAME.transport.respondingTimeouts.readTimeout"), "7200s");
    assert!(!moves.breaks());
    let newer = super::moves(&objects(&ingress(FULL, &["/ web"], true)), Target::Traefik, Some(Version(3, 7, 13)));
    assert_eq!(becomes(&newer, "session-cookie-expires"), Some(Becomes::Same));
    assert_eq!(becomes(&newer, "proxy-read-timeout"), Some(Becomes::Same));
}

#[test]
fn traefik_changes_the_silent_defaults() {
    let moves = to(Target::Traefik, &ingress(PLAIN, &["/app web"], true));
    assert_eq!(becomes(&moves, "session-cookie-path"), Some(Becomes::Different));
    assert_eq!(value(&moves, "session-cookie-path", "nginx.ingress.kubernetes.io/session-cookie-path"), "/");
    assert_eq!(value(&moves, "session-cookie-secure", "nginx.ingress.kubernetes.io/session-cookie-secure"), "true");
    assert_eq!(becomes(&moves, "affinity-mode"), Some(Becomes::Different));
    // Nothing is lost at / and over plain http.
    let moves = to(Target::Traefik, &ingress(PLAIN, &["/ web"], false));
    assert_eq!(becomes(&moves, "session-cookie-path"), Some(Becomes::Same));
    assert_eq!(becomes(&moves, "session-cookie-secure"), None);
}

#[test]
fn values_that_ingress_nginx_drops() {
    let text = ingress(&[("affinity", "ip")], &["/ web"], false);
    assert_eq!(becomes(&to(Target::Traefik, &text), "affinity"), Some(Becomes::Different));
    let newer = moves(&objects(&text), Target::Traefik, Some(Version(3, 7, 13)));
    assert_eq!(becomes(&newer, "affinity"), Some(Becomes::Same));
    assert!(to(Target::Gateway, &text).changes.is_empty());
    let text = ingress(
        &[("affinity", "cookie"), ("session-cookie-name", "a b;c"), ("session-cookie-max-age", "1h"), ("session-cookie-samesite", "strict")],
        &["/ web"],
        false,
    );
    let moves = to(Target::Traefik, &text);
    assert_eq!(becomes(&moves, "session-cookie-name"), Some(Becomes::Different));
    assert_eq!(becomes(&moves, "session-cookie-max-age"), None);
    assert_eq!(becomes(&moves, "session-cookie-samesite"), Some(Becomes::Different));
}

#[test]
fn a_canary() {
    let text = format!(
        "{}---\n{}",
        ingress(PLAIN, &["/ web"], false),
        named("new", &[("canary", "true"), ("canary-weight", "20"), ("affinity-canary-behavior", "legacy")], &["/ web-new"], false)
    );
    let traefik = to(Target::Traefik, &text);
    assert_eq!(becomes(&traefik, "canary"), Some(Becomes::Unsupported));
    assert!(traefik.breaks());
    let newer = moves(&objects(&text), Target::Traefik, Some(Version(3, 7, 0)));
    assert_eq!(becomes(&newer, "canary"), Some(Becomes::Same));
    assert_eq!(becomes(&newer, "affinity-canary-behavior"), Some(Becomes::Different));
    let gateway = to(Target::Gateway, &text);
    assert_eq!(value(&gateway, "canary", "spec.rules[].backendRefs"), "[{name: MAIN, weight: REST}, {name: web-new, weight: 20}]");
    assert_eq!(value(&to(Target::Haproxytech, &text), "canary", "haproxy.org/route-acl"), "rand(100) lt 20");
    assert!(to(Target::F5Nginx, &text).breaks());
    assert_eq!(becomes(&to(Target::HaproxyIngress, &text), "canary"), Some(Becomes::NeedsSetting));
}

#[test]
fn two_services_that_only_their_paths_keep_apart() {
    let apart = ingress(PLAIN, &["/shop shop", "/api api"], false);
    for target in [Target::Traefik, Target::HaproxyIngress, Target::Haproxytech] {
        let moves = to(target, &apart);
        assert_eq!(change(&moves, "two Services of one host with the same cookie name").severity, Severity::Error, "{target:?}");
        assert!(moves.breaks());
    }
    // The route's path in 1.9, a path for each Service in the annotation.
    for target in [Target::Gateway, Target::F5Nginx] {
        assert!(!to(target, &apart).breaks(), "{target:?}");
    }
    assert!(moves(&objects(&apart), Target::Gateway, Some(Version(1, 10, 0))).breaks());
    assert_eq!(
        value(&to(Target::F5Nginx, &apart), "affinity", "nginx.org/sticky-cookie-services"),
        "serviceName=api INGRESSCOOKIE path=/api httponly;serviceName=shop INGRESSCOOKIE path=/shop httponly"
    );
    // Names of their own, or paths that meet today already.
    let named = format!(
        "{}---\n{}",
        named("a", &[("affinity", "cookie"), ("session-cookie-name", "a")], &["/shop shop"], false),
        named("b", &[("affinity", "cookie"), ("session-cookie-name", "b")], &["/api api"], false)
    );
    assert!(!to(Target::Traefik, &named).breaks());
    assert!(!to(Target::Traefik, &ingress(PLAIN, &["/ shop", "/api api"], false)).breaks());
}

#[test]
fn several_ingresses_on_one_service() {
    let text = format!("{}---\n{}", ingress(PLAIN, &["/ web"], false), named("plain", &[], &["/plain web"], false));
    let traefik = to(Target::Traefik, &text);
    let topic = "several Ingresses on one Service";
    let of = |name: &str| traefik.changes.iter().find(|change| change.about.name == name && change.what == topic).map(|change| change.becomes);
    assert_eq!((of("web"), of("plain")), (Some(Becomes::Different), Some(Becomes::Different)));
    assert_eq!(change(&traefik, topic).today, "with Ingress plain");
    assert_eq!(becomes(&to(Target::Traefik, &ingress(PLAIN, &["/ web"], false)), topic), None);
}

#[test]
fn a_gateway_with_session_persistence() {
    let persistent = &[("affinity", "cookie"), ("affinity-mode", "persistent"), ("session-cookie-name", "route"), ("session-cookie-max-age", "3600")];
    let moves = to(Target::Gateway, &ingress(persistent, &["/ web"], true));
    let change = change(&moves, "affinity");
    assert_eq!(change.settings[0].object, "HTTPRoute shop/web");
    assert_eq!(
        value(&moves, "affinity", "spec.rules[].sessionPersistence"),
        "{sessionName: route, absoluteTimeout: 3600s, cookieConfig: {lifetimeType: Permanent}}"
    );
    assert_eq!(becomes(&moves, "session-cookie-secure"), Some(Becomes::Different));
    assert_eq!(becomes(&moves, "affinity-mode"), Some(Becomes::Same));
    assert!(!moves.breaks());
    // Embedded in other sites, the cookie would not come back.
    let embedded = [&persistent[..], &[("session-cookie-samesite", "None"), ("session-cookie-secure", "true")]].concat();
    let moves = to(Target::Gateway, &ingress(&embedded, &["/ web"], true));
    assert_eq!(becomes(&moves, "session-cookie-samesite"), Some(Becomes::Unsupported));
    assert!(moves.breaks());
    // For a regular expression, there is no cookie.
    let regex = ingress(&[("affinity", "cookie"), ("use-regex", "true"), ("affinity-mode", "persistent")], &["/shop/[a-z]+ web"], false);
    assert!(to(Target::Gateway, &regex).breaks());
    assert!(!super::moves(&objects(&regex), Target::Gateway, Some(Version(1, 10, 0))).breaks());
}

#[test]
fn a_gateway_with_a_hashed_cookie() {
    let moves = to(
        Target::Gateway,
        &ingress(&[("affinity", "cookie"), ("session-cookie-samesite", "Lax"), ("session-cookie-change-on-failure", "true")], &["/ web"], true),
    );
    let wanted = "{type: ConsistentHash, consistentHash: {type: Cookie, cookie: {name: INGRESSCOOKIE, ttl: 0s, attributes: {Path: /, Secure: \"\", SameSite: Lax}}}}";
    assert_eq!(value(&moves, "affinity", "spec.loadBalancer"), wanted);
    assert_eq!(value(&moves, "session-cookie-samesite", "spec.loadBalancer"), wanted);
    assert_eq!(value(&moves, "session-cookie-change-on-failure", "spec.retry.retryOn.triggers"), "[connect-failure, reset-before-request]");
    assert_eq!(becomes(&moves, "affinity-mode"), Some(Becomes::Same));
    assert_eq!(change(&moves, "affinity").settings[0].object, "BackendTrafficPolicy shop/web");
}

#[test]
fn the_shape_of_the_clusters_definitions() {
    use crate::cluster::doors::gateway::crd::Definition;
    let text = ingress(&[("affinity", "cookie"), ("affinity-mode", "persistent")], &["/ web"], false);
    let with = |shape| {
        let definition = Some(Definition { version: None, channel: None, shape });
        moves(&Objects { definition, ..objects(&text) }, Target::Gateway, None)
    };
    assert_eq!(value(&with(Some(Shape::Cookie)), "affinity", "spec.rules[].sessionPersistence"), "{cookie: {name: INGRESSCOOKIE}}");
    assert_eq!(value(&with(Some(Shape::SessionName)), "affinity", "spec.rules[].sessionPersistence"), "{sessionName: INGRESSCOOKIE}");
    let none = with(None);
    assert_eq!(becomes(&none, "affinity"), Some(Becomes::Unsupported));
    assert!(none.breaks());
}

#[test]
fn haproxy_ingress_takes_attributes_as_keywords() {
    let moves = to(Target::HaproxyIngress, &ingress(FULL, &["/ web"], true));
    assert_eq!(value(&moves, "affinity", "haproxy-ingress.github.io/affinity"), "cookie");
    assert_eq!(value(&moves, "session-cookie-name", "haproxy-ingress.github.io/session-cookie-name"), "route");
    let keywords = "indirect nocache httponly secure attr SameSite=Lax attr Max-Age=3600";
    for what in ["session-cookie-secure", "session-cookie-samesite", "session-cookie-max-age"] {
        assert_eq!(value(&moves, what, "haproxy-ingress.github.io/session-cookie-keywords"), keywords, "{what}");
    }
    assert_eq!(value(&moves, "proxy-read-timeout", "haproxy-ingress.github.io/timeout-tunnel"), "7200s");
    assert_eq!(becomes(&moves, "session-cookie-change-on-failure"), Some(Becomes::Same));
    assert_eq!(becomes(&moves, "the app sees the cookie"), Some(Becomes::Different));
    let moves = to(Target::HaproxyIngress, &ingress(PLAIN, &["/ web"], false));
    assert_eq!(becomes(&moves, "session-cookie-name"), Some(Becomes::Same));
}

#[test]
fn haproxytech_has_an_annotation_on_the_service_or_a_backend() {
    let moves = to(Target::Haproxytech, &ingress(&[("affinity", "cookie"), ("session-cookie-name", "route")], &["/ web"], false));
    let change = change(&moves, "affinity");
    assert_eq!((change.settings[0].object.as_str(), change.settings[0].key.as_str()), ("Service shop/web", "haproxy.org/cookie-persistence"));
    assert_eq!(change.settings[0].value, "route");
    assert_eq!(becomes(&moves, "HttpOnly"), Some(Becomes::Different));
    let moves = to(Target::Haproxytech, &ingress(FULL, &["/ web"], true));
    assert_eq!(value(&moves, "affinity", "haproxy.org/cr-backend"), "shop/web");
    assert_eq!(
        value(&moves, "session-cookie-samesite", "spec.cookie"),
        "{name: route, type: insert, indirect: true, nocache: true, dynamic: true, httponly: true, secure: true, \
         attr: [{value: SameSite=Lax}, {value: Max-Age=3600}]}"
    );
}

#[test]
fn f5_has_one_annotation_for_everything() {
    let text = ingress(FULL, &["/ web"], true);
    let moves = to(Target::F5Nginx, &text);
    let wanted = "serviceName=web route path=/ httponly secure samesite=lax expires=3600s";
    for what in
        ["affinity", "session-cookie-name", "session-cookie-path", "session-cookie-secure", "session-cookie-samesite", "session-cookie-max-age"]
    {
        assert_eq!(value(&moves, what, "nginx.org/sticky-cookie-services"), wanted, "{what}");
    }
    assert_eq!(value(&moves, "proxy-read-timeout", "nginx.org/websocket-services"), "web");
    assert_eq!(value(&moves, "proxy-read-timeout", "nginx.org/proxy-read-timeout"), "7200s");
    let older = super::moves(&objects(&text), Target::F5Nginx, Some(Version(5, 3, 4)));
    assert_eq!(value(&older, "affinity", "nginx.com/sticky-cookie-services"), wanted);
    assert!(change(&older, "affinity").then.contains("NGINX Plus"));
    // WebSockets need a setting even if no timer is set.
    assert_eq!(becomes(&to(Target::F5Nginx, &ingress(PLAIN, &["/ web"], false)), "an idle WebSocket is closed after"), Some(Becomes::NeedsSetting));
}

#[test]
fn findings_leave_out_what_stays() {
    let moves = to(Target::Traefik, &ingress(FULL, &["/ web"], true));
    let findings = moves.findings();
    assert!(findings.len() < moves.changes.len());
    assert!(findings.iter().any(|finding| finding.code == "move-unsupported" && finding.field.ends_with("change-on-failure]")));
    assert!(findings.iter().all(|finding| finding.code.starts_with("move-") && finding.link == "docs/moving.md"));
}

#[test]
fn in_80_columns() {
    let text = format!("{}---\n{}", ingress(FULL, &["/ web"], true), named("api", PLAIN, &["/api api"], true));
    for target in Target::ALL {
        let shown = to(target, &text).table(Some(80));
        assert!(shown.lines().all(|line| line.chars().count() <= 80 && line == line.trim_end()), "{shown}");
        let golden = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("src/doctor/to/golden/{}.txt", target.word()));
        if std::env::var_os("STICKY_GENERATE").is_some() {
            std::fs::write(&golden, format!("{shown}\n")).unwrap();
        }
        assert_eq!(std::fs::read_to_string(&golden).unwrap_or_default(), format!("{shown}\n"), "{}", golden.display());
    }
}
