//! The chart behind Envoy Gateway: its Gateway, its route and its policy give affinity, by session persistence and by a hash.

use crate::chart::{SOON, TIMEOUT, helm, reached, status, sticks};
use anyhow::Result;
use serde_json::json;
use testkit::kube::helm::{Helm, chart};
use testkit::kube::release::NAME;
use testkit::kube::{Space, in_namespace};
use testkit::{cluster, http, wait};

#[tokio::test]
async fn a_gateway_keeps_sessions_by_either_cookie() -> Result<()> {
    in_namespace("chart-gateway", async |space| {
        let Some(own) = Helm::asked() else { return Ok(()) };
        space.kube.load_app().await?;
        space.kube.with_envoy_gateway().await?;
        space.create().await?;
        space.kube.run(&["label", "namespace", &space.name, "pod-security.kubernetes.io/enforce=restricted"]).await?;
        space.password(NAME).await?;
        let mut values = json!({"ingress": {"frontDoor": "gateway"}});
        if space.kube.test_cluster().is_some() {
            values["redis"] = json!({"image": cluster::REDIS});
        }
        let install = ["install", NAME, &chart(), "--wait", TIMEOUT, "--values", "-"];
        let notes = helm(&own, space, &install, &values.to_string()).await?;
        let url = format!("http://{}", space.kube.envoys(&space.name, NAME).await?);
        assert_eq!(reached(&url, 3).await?.len(), 3);
        let cookie = http::get(format!("{url}/whoami")).send().await?.header("set-cookie").to_owned();
        assert!(cookie.contains("Max-Age=172800") && !cookie.contains("SameSite"), "{cookie}");
        sticks(&url).await?;
        the_notes_find_the_service(space, &notes).await?;
        let seen = status(space).await?;
        assert_eq!((&seen["mode"], &seen["front_door"]["product"]), (&json!("3x1"), &json!("Envoy Gateway")), "{seen}");

        // The standard has no SameSite, the policy has.
        let change = ["upgrade", NAME, &chart(), "--reuse-values", "--set", "ingress.cookie.persistence=balanced", "--wait", TIMEOUT];
        helm(&own, space, &change, "").await?;
        wait::until("the hashed cookie", SOON, async || {
            let answer = http::get(format!("{url}/whoami")).send().await.ok()?;
            (answer.status == 200 && answer.header("set-cookie").contains("SameSite=Lax")).then_some(())
        })
        .await?;
        sticks(&url).await?;

        helm(&own, space, &["uninstall", NAME, "--wait", TIMEOUT], "").await?;
        let left = space.run(&["get", "gateway,httproute,referencegrant,backendtrafficpolicy", "-o", "name"]).await?;
        assert_eq!(left, "");
        Ok(())
    })
    .await
}

/// The selector in the notes finds exactly one Service, with the port that they forward to.
async fn the_notes_find_the_service(space: &Space, notes: &str) -> Result<()> {
    let command = notes.split_once("$(kubectl ").and_then(|(_, rest)| rest.split_once(')')).map(|(words, _)| words).unwrap_or_default();
    let words: Vec<&str> = command.split(' ').collect();
    let found = space.kube.run(&words).await?;
    assert!(found.starts_with("service/") && found.lines().count() == 1, "{words:?}: {found}");
    let ports = space.kube.run(&["--namespace", "envoy-gateway-system", "get", &found, "-o=jsonpath={.spec.ports[*].port}"]).await?;
    assert_eq!(ports, "80");
    Ok(())
}
