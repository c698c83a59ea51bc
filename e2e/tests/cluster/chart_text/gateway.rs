//! Session persistence by the HTTPRoute CRD that Helm finds on a cluster: written the way that the CRD has it, or refused. An API server
//! drops fields that its CRD lacks, and the release would have no affinity.

use anyhow::{Context, Result};
use serde_json::{Value, json};
use testkit::cluster::crds::GatewayApi;
use testkit::kube::bare::Bare;
use testkit::kube::helm::{Helm, Said, chart};

const RELEASE: &str = "demo";
const DOOR: &str = "ingress.frontDoor=gateway";
/// A controller that isn't Envoy Gateway.
const OTHER: &str = "gateway.controller=example.com/gateways";
/// Field of a route's rule.
const FIELD: &str = "/spec/rules/0/sessionPersistence";

/// Installs or upgrades the release with these settings.
fn upgrade(helm: &Helm, bare: &Bare, settings: &str, flags: &[&str]) -> Result<Said> {
    let (config, settings) = (bare.kube.config().display().to_string(), format!("{DOOR},{settings}"));
    let words = ["upgrade", "--install", RELEASE, &chart(), "--kubeconfig", &config, "--set", &settings];
    helm.run(&[&words[..], flags].concat(), "")
}

#[track_caller]
fn refused(said: Result<Said>, words: &[&str]) {
    let said = said.unwrap();
    assert!(!said.well, "accepted: {}", said.stdout);
    for word in words {
        assert!(said.stderr.contains(word), "{word:?} is not in\n{}", said.stderr);
    }
}

/// The release's route as the API server stores it.
async fn route(bare: &Bare) -> Result<Value> {
    bare.kube.json(&["-n", "default", "get", "httproute", RELEASE]).await
}

#[tokio::test]
async fn session_persistence_is_as_the_cluster_has_it_or_refused() -> Result<()> {
    let Some(helm) = Helm::asked() else { return Ok(()) };
    let Some(bare) = Bare::with_gateway_api(GatewayApi::Standard).await? else { return Ok(()) };

    // With client-side apply, which Helm 3 always uses, the API server would drop the field without an error.
    for flag in ["--server-side=true", "--server-side=false"] {
        let why = ["standard channel", "has no sessionPersistence", "experimental-install.yaml", "set ingress.cookie.persistence to balanced"];
        refused(upgrade(&helm, &bare, "gateway.api=v1.6.1", &[flag]), &why);
    }
    let said = upgrade(&helm, &bare, OTHER, &[])?;
    assert!(!said.stderr.contains("balanced"), "only Envoy Gateway can do that: {}", said.stderr);
    refused(Ok(said), &["has no sessionPersistence"]);
    upgrade(&helm, &bare, "ingress.cookie.persistence=balanced", &[])?.ok()?;
    assert_eq!(route(&bare).await?.pointer(FIELD), None);

    bare.kube.with_crds(&GatewayApi::Experimental.manifest().await?).await?;
    refused(upgrade(&helm, &bare, "gateway.api=v1.7.0", &[]), &["invalid gateway.api `v1.7.0`", "Gateway API v1.6.1"]);
    upgrade(&helm, &bare, "ingress.cookie.name=own", &[])?.ok()?;
    let wanted = json!({"type": "Cookie", "absoluteTimeout": "48h", "sessionName": "own", "cookieConfig": {"lifetimeType": "Permanent"}});
    assert_eq!(route(&bare).await?.pointer(FIELD), Some(&wanted));

    a_class_of_another_controller_is_refused(&helm, &bare).await?;

    let newer = GatewayApi::Newer.version()?;
    bare.kube.with_crds(&GatewayApi::Newer.manifest().await?).await?;
    refused(upgrade(&helm, &bare, "gateway.api=v1.6.1", &[]), &["invalid gateway.api `v1.6.1`", &format!("Gateway API {newer}")]);
    refused(upgrade(&helm, &bare, "mode=3x1", &[]), &["Envoy Gateway doesn't read", &format!("set gateway.api to {newer}")]);
    let wanted = json!({
        "type": "Cookie", "absoluteTimeout": "48h", "cookie": {"name": "own", "path": "/", "lifetimeType": "Permanent"},
    });
    for settings in [format!("gateway.api={newer},ingress.cookie.name=own"), format!("{OTHER},ingress.cookie.name=own")] {
        upgrade(&helm, &bare, &settings, &[])?.ok().context(settings)?;
        assert_eq!(route(&bare).await?.pointer(FIELD), Some(&wanted));
    }
    Ok(())
}

/// Whether Envoy Gateway's policy is written depends on the controller, and so does what the route may ask for.
async fn a_class_of_another_controller_is_refused(helm: &Helm, bare: &Bare) -> Result<()> {
    let class = json!({
        "apiVersion": "gateway.networking.k8s.io/v1", "kind": "GatewayClass", "metadata": {"name": "edge"},
        "spec": {"controllerName": "example.com/gateways"},
    });
    bare.kube.feed(&["create", "-f", "-"], &class.to_string()).await?;
    let why = ["invalid gateway.controller `gateway.envoyproxy.io/gatewayclass-controller`", "the GatewayClass `edge`", "`example.com/gateways`"];
    refused(upgrade(helm, bare, "gateway.class=edge", &[]), &why);
    upgrade(helm, bare, &format!("gateway.class=edge,{OTHER}"), &[])?.ok()?;
    let gateway = bare.kube.json(&["-n", "default", "get", "gateway", RELEASE]).await?;
    assert_eq!(gateway["spec"]["gatewayClassName"], "edge");
    // An existing Gateway has its own class.
    upgrade(helm, bare, "gateway.class=edge,gateway.name=shared", &[])?.ok().map(drop)
}
