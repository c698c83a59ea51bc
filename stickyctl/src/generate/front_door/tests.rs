use super::*;
use crate::spec::ingress::{Persistence, Seconds};

fn ingress(spec: &StickyApp) -> Ingress {
    let found = objects(spec).into_iter().find_map(|object| if let Object::Ingress(ingress) = object { Some(*ingress) } else { None });
    found.unwrap()
}

fn traefik(version: Option<Version>) -> StickyApp {
    let mut spec = StickyApp::default();
    spec.ingress.front_door = FrontDoor::Traefik;
    spec.ingress.front_door_version = version;
    spec
}

/// The annotations without their prefix.
fn keys(spec: &StickyApp) -> Vec<String> {
    let annotations = ingress(spec).metadata.annotations.unwrap();
    annotations.keys().map(|key| key.strip_prefix(annotations::PREFIX).unwrap().to_owned()).collect()
}

#[test]
fn ingress_nginx_gets_all_with_numbers_that_have_no_unit() {
    let spec = StickyApp::default();
    let all = ingress(&spec).metadata.annotations.unwrap();
    let get = |key: &str| all.get(&format!("{}{key}", annotations::PREFIX)).map(String::as_str);
    assert_eq!(get("affinity"), Some("cookie"));
    assert_eq!(get("affinity-mode"), Some("persistent"));
    assert_eq!(get("session-cookie-path"), Some("/"));
    assert_eq!(get("session-cookie-max-age"), Some("172800"));
    assert_eq!(get("session-cookie-expires"), Some("172800"));
    assert_eq!(get("session-cookie-samesite"), Some("Lax"));
    assert_eq!(get("session-cookie-change-on-failure"), Some("true"));
    assert_eq!(get("proxy-read-timeout"), Some("3600"));
    assert_eq!(get("proxy-send-timeout"), Some("3600"));
    assert_eq!(get("session-cookie-secure"), None);
    assert_eq!(check(&spec), Findings::default());
}

#[test]
fn an_ingress_says_class_path_and_type() {
    let spec = ingress(&StickyApp::default()).spec.unwrap();
    assert_eq!(spec.ingress_class_name.as_deref(), Some("nginx"));
    let rule = &spec.rules.unwrap()[0];
    let path = &rule.http.as_ref().unwrap().paths[0];
    assert_eq!((rule.host.as_deref(), path.path.as_deref(), path.path_type.as_str()), (None, Some("/"), "Prefix"));
}

#[test]
fn tls_makes_the_cookie_secure_for_both() {
    for mut spec in [StickyApp::default(), traefik(None)] {
        spec.ingress.host = Some("demo.example".to_owned());
        spec.ingress.tls_secret = Some("cert".to_owned());
        assert!(keys(&spec).contains(&"session-cookie-secure".to_owned()));
        assert_eq!(ingress(&spec).spec.unwrap().tls.unwrap()[0].hosts, Some(vec!["demo.example".to_owned()]));
    }
}

#[test]
fn traefik_gets_what_its_version_reads() {
    let old = ["affinity", "session-cookie-max-age", "session-cookie-name", "session-cookie-path", "session-cookie-samesite"];
    assert_eq!(keys(&traefik(None)), old);
    assert_eq!(keys(&traefik(Some(Version(3, 6, 99)))), old);
    let new = keys(&traefik(Some(Version(3, 7, 13))));
    assert!(new.contains(&"proxy-read-timeout".to_owned()) && new.contains(&"session-cookie-expires".to_owned()), "{new:?}");
    assert!(!new.contains(&"affinity-mode".to_owned()) && !new.contains(&"session-cookie-change-on-failure".to_owned()), "{new:?}");
}

#[test]
fn only_a_version_that_reads_more_is_worth_writing() {
    assert_eq!((version_to_write(Version(3, 6, 12)), version_to_write(Version(3, 6, 99)), version_to_write(Version(3, 5, 0))), (None, None, None));
    assert_eq!(version_to_write(Version(3, 7, 20)), Some(Version(3, 7, 20)));
}

#[test]
fn traefik_refuses_what_it_does_not_read() {
    assert_eq!(check(&traefik(None)), Findings::default(), "nobody chose anything");
    let mut spec = traefik(None);
    spec.ingress.cookie.persistence = Persistence::Balanced;
    assert_eq!(check(&spec).problems[0].path, "ingress.cookie.persistence");
    let mut spec = traefik(None);
    spec.ingress.cookie.change_on_failure = Some(true);
    spec.ingress.websocket_timeout = Some(Seconds(600));
    let paths = |spec: &StickyApp| check(spec).problems.into_iter().map(|problem| problem.path).collect::<Vec<_>>();
    assert_eq!(paths(&spec), ["ingress.cookie.changeOnFailure", "ingress.websocketTimeout"]);
    spec.ingress.front_door_version = Some(Version(3, 7, 13));
    assert_eq!(paths(&spec), ["ingress.cookie.changeOnFailure"], "this one reads the timers");
    spec.ingress.cookie.change_on_failure = Some(false);
    assert_eq!(check(&spec), Findings::default(), "that is what it does");
    assert_eq!(check(&traefik(Some(Version(3, 5, 0)))).problems[0].path, "ingress.frontDoorVersion");
    assert!(check(&traefik(Some(Version(3, 8, 0)))).warnings[0].contains("assumes those of 3.7.13"));
}

#[test]
fn nginx_refuses_what_changes_nothing() {
    let mut spec = StickyApp::default();
    spec.ingress.tls_secret = Some("cert".to_owned());
    spec.ingress.cookie.secure = Some(false);
    spec.ingress.front_door_version = Some(Version(1, 15, 1));
    assert_eq!(check(&spec).problems.len(), 2);
}
