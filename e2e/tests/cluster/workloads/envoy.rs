//! Behind Envoy Gateway, whose proxies write their default access log.

use super::{PLAIN, application, serves, verify};
use anyhow::Result;
use serde_json::{Value, json};
use testkit::kube::{Space, in_namespace};

#[tokio::test]
async fn an_application_without_identity_behind_envoy_gateway() -> Result<()> {
    in_namespace("files-gateway", async |space| {
        space.kube.with_envoy_gateway().await?;
        space.create().await?;
        application(space, "talks", PLAIN).await?;
        let listeners = json!([{"name": "web", "port": 80, "protocol": "HTTP"}]);
        let gateway = json!({"apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway", "metadata": {"name": "web"},
            "spec": {"gatewayClassName": "eg", "listeners": listeners}});
        space.apply(&gateway.to_string()).await?;
        space.run(&["wait", "--for=condition=Programmed", "gateway/web", "--timeout=60s"]).await?;
        let session = json!({"sessionName": "files", "type": "Cookie"});
        route(space, "sticky", Some(session)).await?;
        route(space, "loose", None).await?;
        // Envoy writes its log every 10 s, so the application's own log is often first.
        verify(space, &["httproute/sticky"]).await?.is("sticky", &["access_log", "pod_log"])?;
        verify(space, &["httproute/loose", "--pod-identity", "access-log"]).await?.is("not-sticky", &["access_log"])
    })
    .await
}

async fn route(space: &Space, name: &str, session: Option<Value>) -> Result<()> {
    let mut rule = json!({"backendRefs": [{"name": "talks", "port": 80}]});
    if let Some(session) = session {
        rule["sessionPersistence"] = session;
    }
    let spec = json!({"parentRefs": [{"name": "web"}], "hostnames": [format!("{name}.{}.test", space.name)], "rules": [rule]});
    let route = json!({"apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute", "metadata": {"name": name}, "spec": spec});
    space.apply(&route.to_string()).await?;
    let accepted = ["wait", "--for=jsonpath={.status.parents[0].conditions[?(@.type==\"Accepted\")].status}=True"];
    space.run(&[&accepted[..], &[&format!("httproute/{name}"), "--timeout=30s"]].concat()).await?;
    serves(space, &format!("httproute/{name}")).await
}
