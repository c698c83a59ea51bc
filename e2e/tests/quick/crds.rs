//! What the test cluster takes from the source of Envoy Gateway and of the Gateway API.

use std::fs;
use testkit::cluster::crds::{self, GatewayApi};
use testkit::cluster::{Place, images};
use testkit::skip;

fn no_go() -> bool {
    let none = !crds::available();
    if none {
        skip::because("no Go, which has the source");
    }
    none
}

#[tokio::test]
async fn the_three_shapes_of_session_persistence() {
    if no_go() {
        return;
    }
    for (api, older, newer) in [(GatewayApi::Experimental, true, false), (GatewayApi::Standard, false, false), (GatewayApi::Newer, false, true)] {
        let text = api.manifest().await.unwrap();
        let version = format!("gateway.networking.k8s.io/bundle-version: {}", api.version().unwrap());
        assert_eq!((text.matches("\nkind: CustomResourceDefinition").count(), text.matches(&version).count()), (10, 10), "{api:?}");
        assert_eq!(text.contains("sessionPersistence:"), older || newer, "{api:?}");
        assert_eq!(text.contains("cookieConfig:"), older, "{api:?}");
    }
    assert_eq!(crds::envoy_gateway().await.unwrap().matches("\nkind: CustomResourceDefinition").count(), 8);
}

#[tokio::test]
async fn envoy_is_the_one_that_envoy_gateway_starts() {
    if no_go() {
        return;
    }
    let text = fs::read_to_string(crds::envoy_gateway_source().await.unwrap().join("api/v1alpha1/shared_types.go")).unwrap();
    let name = images::envoy(&Place::named("any").unwrap()).unwrap();
    assert!(text.contains(&format!("DefaultEnvoyProxyImage = \"{name}@sha256:")), "not {name}");
}
