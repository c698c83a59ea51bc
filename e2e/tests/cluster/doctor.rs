//! `stickyctl doctor` on a real API server: what it lists, and what it makes of missing permission.

use crate::errors::changed;
use anyhow::Result;
use serde_json::{Value, json};
use testkit::kube::{Space, in_namespace};

fn manifests(class: &str) -> String {
    let backend = json!({"service": {"name": "web", "port": {"number": 80}}});
    let ingress = json!({"apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
        "metadata": {"name": "web", "annotations": {"nginx.ingress.kubernetes.io/affinity": "cookie", "nginx.ingress.kubernetes.io/affinity-node": "persistent"}},
        "spec": {"ingressClassName": class, "rules": [{"host": "doctor.test", "http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": backend}]}}]}});
    let service = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"},
        "spec": {"selector": {"app": "web"}, "ports": [{"port": 80}], "sessionAffinity": "ClientIP"}});
    json!({"apiVersion": "v1", "kind": "List", "items": [ingress, service]}).to_string()
}

/// The report, and the exit code.
async fn doctor(space: &Space, words: &[&str]) -> Result<(Value, i32)> {
    let done = space.stickyctl(&[&["doctor", "-o", "json"], words].concat()).await?;
    let report = serde_json::from_str(&done.stdout).map_err(|why| anyhow::anyhow!("{why}: {}{}", done.stdout, done.stderr))?;
    Ok((report, done.code))
}

/// As in `class-unserved Ingress`, of this namespace.
fn found(report: &Value, space: &Space) -> Vec<String> {
    let findings = report["findings"].as_array().into_iter().flatten().filter(|finding| finding["about"]["namespace"] == space.name.as_str());
    findings.map(|finding| format!("{} {}", finding["code"].as_str().unwrap(), finding["about"]["kind"].as_str().unwrap())).collect()
}

#[tokio::test]
async fn an_ingress_that_nothing_serves() -> Result<()> {
    in_namespace("doctor", async |space| {
        space.create().await?;
        let class = format!("{}-gone", space.name);
        space.apply(&manifests(&class)).await?;
        let (report, code) = doctor(space, &["-n", &space.name]).await?;
        let all = found(&report, space);
        for expected in ["class-unserved Ingress", "unknown-key Ingress", "client-ip-unused Service"] {
            assert!(all.iter().any(|one| one == expected), "{report:#}");
        }
        assert_eq!((code, &report["unread"]), (3, &json!([])), "{report:#}");
        let (everywhere, code) = doctor(space, &["--all-namespaces", "service/web"]).await?;
        assert!(code == 3 && found(&everywhere, space).contains(&"class-unserved Ingress".to_owned()), "{everywhere:#}");

        // A user who may read Ingresses only is not told that classes or Services are missing.
        space.run(&["create", "serviceaccount", "reader"]).await?;
        space.run(&["create", "role", "reader", "--verb=list", "--resource=ingresses.networking.k8s.io"]).await?;
        let account = format!("--serviceaccount={}:reader", space.name);
        space.run(&["create", "rolebinding", "reader", "--role=reader", &account]).await?;
        let token = space.run(&["create", "token", "reader"]).await?;
        let config = changed(space, |config| config["users"][0]["user"] = json!({"token": token})).await?;
        let (report, _) = doctor(space, &["-n", &space.name, "--kubeconfig", config.path().to_str().unwrap()]).await?;
        assert!(found(&report, space).iter().all(|one| !one.starts_with("class-unserved")), "{report:#}");
        assert_eq!(report["looked_at"], json!([{"kind": "Ingresses", "count": 1}]), "{report:#}");
        let unread: Vec<&str> = report["unread"].as_array().unwrap().iter().map(|missing| missing["kind"].as_str().unwrap()).collect();
        for kind in ["IngressClasses", "Services", "Pods", "Deployments"] {
            assert!(unread.contains(&kind), "{report:#}");
        }
        assert!(report["unread"][0]["why"].as_str().unwrap().contains("cannot list resource"), "{report:#}");
        Ok(())
    })
    .await
}
