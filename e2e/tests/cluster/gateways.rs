//! The Gateway API on the test cluster: the features that every test of it relies on.

use crate::smoke;
use anyhow::Result;
use serde_json::json;
use std::collections::HashSet;
use std::time::Duration;
use testkit::kube::{Space, front_door, in_namespace};
use testkit::{http, wait};

const SOON: Duration = Duration::from_secs(60);

/// Three pods that return their name, behind a Gateway of this class.
async fn gateway(space: &Space, class: &str) -> Result<()> {
    space.create().await?;
    let pods: Vec<_> = smoke::MANIFEST.split("\n---\n").take(2).collect();
    space.apply(&pods.join("\n---\n")).await?;
    let listener = json!({"name": "http", "port": 80, "protocol": "HTTP"});
    let gateway = json!({
        "apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway", "metadata": {"name": "front"},
        "spec": {"gatewayClassName": class, "listeners": [listener]},
    });
    space.apply(&gateway.to_string()).await?;
    space.rollout("deployment/probe").await
}

/// A route that asks for sessions.
async fn route(space: &Space, host: &str) -> Result<()> {
    let rule = json!({"backendRefs": [{"name": "probe", "port": 8080}], "sessionPersistence": {"sessionName": "smoke", "type": "Cookie"}});
    let route = json!({
        "apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute", "metadata": {"name": "probe"},
        "spec": {"parentRefs": [{"name": "front"}], "hostnames": [host], "rules": [rule]},
    });
    space.apply(&route.to_string()).await.map(drop)
}

#[tokio::test]
async fn envoy_gateway_keeps_sessions() -> Result<()> {
    in_namespace("gateway-eg", async |space| {
        space.kube.with_envoy_gateway().await?;
        gateway(space, "eg").await?;
        let host = http::named(&space.name, &space.kube.envoys(&space.name, "front").await?);
        route(space, &host).await?;
        front_door::cookies_stick(&host).await
    })
    .await
}

/// It accepts the route and serves it without a cookie.
#[tokio::test]
async fn traefik_ignores_session_persistence() -> Result<()> {
    in_namespace("gateway-traefik", async |space| {
        space.kube.with_traefik_gateway().await?;
        gateway(space, "traefik").await?;
        let host = http::named(&space.name, &space.kube.traefik_gateway().await?);
        route(space, &host).await?;
        space.run(&["wait", "--for=jsonpath={.status.parents[0].conditions[?(@.type==\"Accepted\")].status}=True", "httproute/probe"]).await?;
        let mut pods = HashSet::new();
        wait::until("three pods answer", SOON, async || {
            let answer = http::get(format!("http://{host}/")).send().await.ok().filter(|answer| answer.status == 200)?;
            assert_eq!(answer.header("set-cookie"), "");
            pods.insert(answer.text());
            (pods.len() == 3).then_some(())
        })
        .await
    })
    .await
}
