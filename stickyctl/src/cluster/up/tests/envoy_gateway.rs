//! Envoy Gateway, installed by `up`.

use super::*;
use crate::gateway_api::Shape;

fn site() -> Site {
    let site = Site { install_front_door: true, ..Site::new() };
    site.fake.gateway_api("v1.6.1", Some(Shape::SessionName));
    site.fake.answers("envoy-", 10_080);
    site
}

fn of_class(class: &str) -> Value {
    json!({"ingress": {"frontDoor": "gateway"}, "gateway": {"class": class}})
}

#[tokio::test(start_paused = true)]
async fn it_is_installed_once() {
    let mut site = site();
    assert_eq!(site.up(of_class("eg")).await.unwrap(), is_up(3, 1, true));
    let said = site.seen.err();
    assert!(said.contains("✓ front door  Envoy Gateway 1.9.1, class eg, installed, accepted\n"), "{said}");
    assert!(!said.contains("unknown"), "{said}");
    let titles = site.fake.titles();
    for title in ["GatewayClass eg", "Deployment envoy-gateway", "ConfigMap envoy-gateway-config", "Secret envoy", "Job envoy-gateway-certgen"] {
        assert!(titles.iter().any(|one| one == title), "{title} is not in {titles:?}");
    }
    let certificate = site.fake.get("Secret", "envoy-gateway");
    site.seen = Recorded::pipe();
    site.fake.writes();
    site.up(of_class("eg")).await.unwrap();
    assert_eq!(site.fake.get("Secret", "envoy-gateway"), certificate);
    let written = site.fake.writes();
    assert!(!written.iter().any(|one| one.contains("/jobs/")), "the certificates are there: {written:?}");
}

/// A second one in the namespace would take over the first one's names.
#[tokio::test(start_paused = true)]
async fn a_namespace_has_room_for_one() {
    let site = site();
    site.up(of_class("eg")).await.unwrap();
    let before = site.fake.get("ConfigMap", "envoy-gateway-config");
    let failure = site.up(of_class("another")).await.unwrap_err();
    let what = "installing Envoy Gateway for class another: namespace envoy-gateway-system has one already, for another class";
    assert_eq!((failure.what.as_str(), site.fake.get("ConfigMap", "envoy-gateway-config")), (what, before));

    let theirs = self::site();
    let meta = json!({"name": "envoy-gateway", "namespace": "envoy-gateway-system"});
    theirs.fake.put(json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": meta,
        "spec": {"replicas": 1, "selector": {"matchLabels": {"a": "b"}}, "template": {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": []}}}}));
    let failure = theirs.up(of_class("eg")).await.unwrap_err();
    assert!(failure.what.ends_with("has one already, which stickyctl did not install"), "{}", failure.what);
}
