//! Both shapes of `sessionPersistence`, against an API server with each of the Gateway API's CRDs: what fits is accepted, and what
//! doesn't is dropped or refused by how it is written. That is why `up` reads the cluster's CRDs first.

use crate::ignored;
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use std::time::Duration;
use testkit::cluster::crds::GatewayApi;
use testkit::kube::bare::Bare;
use testkit::kube::release::{NAME, merge, render};
use testkit::kube::{Kube, Space};
use testkit::wait;

const NAMESPACE: &str = "shapes";
const SOON: Duration = Duration::from_secs(30);

/// Settings that change what is written of the Gateway API.
fn specs() -> [(&'static str, Value); 4] {
    [
        ("a Gateway of its own", json!({})),
        ("TLS", json!({"ingress": {"host": "demo.example", "tlsSecret": "cert"}, "gateway": {"hostnames": ["www.demo.example"]}})),
        (
            "an existing Gateway",
            json!({"ingress": {"host": "demo.example", "tlsSecret": "cert"}, "gateway": {"name": "shared", "namespace": "edge", "section": "https"}}),
        ),
        ("another implementation", json!({"gateway": {"class": "other", "controller": "example.com/controller"}})),
    ]
}

async fn rendered(api: &str, more: Value) -> Result<String> {
    let mut spec = json!({"name": NAME, "namespace": NAMESPACE, "ingress": {"frontDoor": "gateway"}, "gateway": {"api": api}});
    merge(&mut spec, more);
    render(&spec).await
}

async fn dry_run(space: &Space, manifests: &str) -> Result<String> {
    space.kube.feed(&["apply", "--server-side", "--dry-run=server", "--validate=strict", "-f", "-"], manifests).await
}

/// The rendered HTTPRoute alone.
fn route(manifests: &str) -> Result<&str> {
    manifests.split("\n---\n").find(|document| document.contains("\nkind: HTTPRoute\n")).context("no HTTPRoute")
}

/// What is left of a route's session persistence if it is written without validation, as Helm and most controllers do.
async fn stored(space: &Space, manifests: &str) -> Result<Value> {
    space.kube.feed(&["create", "--validate=ignore", "-f", "-"], route(manifests)?).await?;
    let stored = space.json(&["get", "httproute", NAME]).await?;
    space.run(&["delete", "httproute", NAME]).await?;
    Ok(stored["spec"]["rules"][0]["sessionPersistence"].clone())
}

#[tokio::test]
async fn each_shape_fits_its_own_crds() -> Result<()> {
    if Kube::asked().is_none() {
        return Ok(());
    }
    let Some(bare) = Bare::with_gateway_api(GatewayApi::Experimental).await? else { return Ok(()) };
    // Not in_namespace, which would be on the cluster: this server ends with the test.
    let space = Space { kube: bare.kube.clone(), name: NAMESPACE.to_owned() };
    space.create().await?;
    fits(&space, "1.6.1").await?;
    let rest = stored(&space, &rendered("1.7.0", json!({})).await?).await?;
    assert_eq!(rest, json!({"type": "Cookie", "absoluteTimeout": "48h"}), "the cookie's name and lifetime are dropped");

    space.kube.with_crds(&GatewayApi::Newer.manifest().await?).await?;
    fits(&space, "1.7.0").await?;
    let said = stored(&space, &rendered("1.6.1", json!({})).await?).await.unwrap_err().to_string();
    assert!(said.contains("cookie must be specified for Cookie type"), "this one says so itself: {said}");

    space.kube.with_crds(&GatewayApi::Standard.manifest().await?).await?;
    for api in ["1.6.1", "1.7.0"] {
        refused(&space, api).await?;
        assert_eq!(stored(&space, &rendered(api, json!({})).await?).await?, Value::Null, "nothing sticks, and nothing says so");
    }
    up_is_refused(&space).await?;
    // A hash by a cookie doesn't need the field.
    dry_run(&space, &rendered("1.6.1", json!({"ingress": {"cookie": {"persistence": "balanced"}}})).await?).await.map(drop)
}

/// With these CRDs, manifests for `api` are accepted, and those for the other shape are not.
async fn fits(space: &Space, api: &str) -> Result<()> {
    let own = rendered(api, json!({})).await?;
    // A server that has just stored other CRDs may still use the previous ones for a moment.
    wait::until(&format!("the CRDs for {api}"), SOON, async || dry_run(space, route(&own).ok()?).await.ok().map(drop)).await?;
    for (what, more) in specs() {
        let said = dry_run(space, &rendered(api, more).await?).await.with_context(|| format!("{what}, {api}"))?;
        ensure!(said.contains(&format!("httproute.gateway.networking.k8s.io/{NAME} serverside-applied")), "{what}: {said}");
    }
    refused(space, if api == "1.6.1" { "1.7.0" } else { "1.6.1" }).await
}

/// Server-side apply, which `up` uses, refuses a field that the CRDs don't have, but says nothing that would help a user.
async fn refused(space: &Space, api: &str) -> Result<()> {
    let manifests = rendered(api, json!({})).await?;
    let what = format!("the route for {api} is refused");
    let said = wait::until(&what, SOON, async || dry_run(space, route(&manifests).ok()?).await.err()).await?.to_string();
    ensure!(said.contains(".sessionPersistence") && said.contains("field not declared in schema"), "{api}: {said}");
    Ok(())
}

/// `up` says what is missing before it changes anything.
async fn up_is_refused(space: &Space) -> Result<()> {
    let class = json!({
        "apiVersion": "gateway.networking.k8s.io/v1", "kind": "GatewayClass", "metadata": {"name": "eg"},
        "spec": {"controllerName": "gateway.envoyproxy.io/gatewayclass-controller"},
    });
    space.kube.feed(&["apply", "--server-side", "-f", "-"], &class.to_string()).await?;
    // No controller runs here that would accept it.
    let accepted = json!({"type": "Accepted", "status": "True", "reason": "Accepted", "message": "", "lastTransitionTime": "2026-01-01T00:00:00Z"});
    let status = json!({"status": {"conditions": [accepted]}}).to_string();
    space.kube.run(&["patch", "gatewayclass", "eg", "--subresource=status", "--type=merge", "-p", &status]).await?;
    let said = ignored::up(space, "eg", &[]).await?.failed(5)?;
    let definitions = format!("Gateway API {}, standard channel", GatewayApi::Standard.version()?.trim_start_matches('v'));
    for part in [&definitions, "sessions would not stick", "experimental-install.yaml", "balanced", "stickyctl up --force"] {
        ensure!(said.contains(part), "{part}: {said}");
    }
    let there = space.run(&["get", "deployment,service,httproute", "-o", "name"]).await?;
    ensure!(there.is_empty(), "it was refused, and created {there}");
    Ok(())
}
