//! Dry-runs `stickyctl`'s manifests on a real API server. These tests start nothing.

use anyhow::Result;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::PathBuf;
use stickyctl::generate::object::Object;
use stickyctl::generate::{objects, write};
use stickyctl::spec::StickyApp;
use testkit::kube::{Kube, Space, in_namespace, release};
use testkit::tree::root;

const PRESETS: &str = "sticky-sessions";

fn manifests() -> PathBuf {
    root().join("manifests")
}

#[tokio::test]
async fn each_preset_is_read_by_kustomize_and_accepted() -> Result<()> {
    let Some(kube) = Kube::asked() else { return Ok(()) };
    // A dry run stores no namespace, and objects are rejected in one that doesn't exist.
    let ours = kube.run(&["create", "namespace", PRESETS]).await.is_ok();
    let done = presets(&kube).await;
    if ours {
        kube.run(&["delete", "namespace", PRESETS, "--wait=false"]).await?;
    }
    done
}

async fn presets(kube: &Kube) -> Result<()> {
    for preset in ["nginx-3x1", "nginx-1x4", "traefik-3x1", "traefik-1x4"] {
        let folder = manifests().join(preset);
        let files = std::fs::read_dir(&folder)?.filter(|file| file.as_ref().unwrap().file_name() != "kustomization.yaml").count();
        let folder = folder.display().to_string();
        let read = kube.run(&["kustomize", &folder]).await?;
        assert_eq!(read.lines().filter(|line| line.starts_with("kind: ")).count(), files, "{preset}: {read}");
        // There may be another release of the same name, whose fields a dry run can't take over.
        let words = ["apply", "--server-side", "--dry-run=server", "--force-conflicts", "--field-manager=presets", "-k", &folder];
        let said = kube.run(&words).await?;
        let accepted = said.lines().filter(|line| line.ends_with("serverside-applied (server dry run)"));
        assert_eq!(accepted.count(), files, "{preset}: {said}");
    }
    Ok(())
}

/// Words that YAML 1.1 reads as booleans, numbers, dates or null.
const TRAPS: [&str; 40] = [
    "on",
    "ON",
    "On",
    "off",
    "y",
    "Y",
    "n",
    "N",
    "yes",
    "no",
    "true",
    "null",
    "~",
    "0X1F",
    "0x1f",
    "1_000",
    "1__0",
    "0_",
    "685_230.15",
    "12:30",
    "190:20:30",
    "=",
    "<<",
    "1e3",
    "017",
    "0o17",
    ".5",
    "+1",
    "-",
    ".inf",
    "2001-01-01",
    "",
    " x ",
    "#",
    "a: b",
    "- a",
    "\t",
    "\"",
    "é\n",
    "%",
];

#[tokio::test]
async fn words_that_yaml_misreads_stay_text_at_the_api_server() -> Result<()> {
    in_namespace("traps", async |space| {
        let spec = StickyApp { name: "traps".to_owned(), namespace: space.name.clone(), ..StickyApp::default() };
        let mut objects: Vec<Object> = objects(&spec, true).into_iter().filter(|o| matches!(o.kind(), "Namespace" | "Deployment")).collect();
        // Other valid names of labels and annotations.
        let is_name = |trap: &&str| {
            let is_edge = |c: char| c.is_ascii_alphanumeric();
            trap.starts_with(is_edge) && trap.ends_with(is_edge) && trap.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
        };
        let names: BTreeMap<_, _> = TRAPS.into_iter().filter(is_name).map(|trap| (trap.to_owned(), trap.to_owned())).collect();
        assert!(names.len() >= 20, "{}", names.len());
        let values: BTreeMap<_, _> = TRAPS.iter().enumerate().map(|(n, trap)| (format!("t{n}"), (*trap).to_owned())).collect();
        for object in &mut objects {
            if let Object::Deployment(deployment) = object {
                deployment.metadata.annotations = Some(values.iter().chain(&names).map(|(k, v)| (k.clone(), v.clone())).collect());
                let spec = deployment.spec.as_mut().unwrap();
                spec.replicas = Some(0);
                let pod = spec.template.spec.as_mut().unwrap();
                pod.node_selector = Some(names.clone());
                let env = pod.containers[0].env.as_mut().unwrap();
                let plain = env.iter().find(|variable| variable.value.is_some()).unwrap().clone();
                env.clear();
                for (name, value) in &values {
                    let mut variable = plain.clone();
                    (variable.name, variable.value) = (name.clone(), Some(value.clone()));
                    env.push(variable);
                }
            }
        }
        space.apply(&write::yaml(&objects)?).await?;

        let deployment = space.json(&["get", "deployment", "traps"]).await?;
        let pod = &deployment["spec"]["template"]["spec"];
        for (key, value) in values.iter().chain(&names) {
            assert_eq!(deployment["metadata"]["annotations"][key], json!(value), "the annotation {key:?}");
        }
        assert_eq!(pod["nodeSelector"], json!(names));
        let env = pod["containers"][0]["env"].as_array().unwrap();
        assert_eq!(env.len(), values.len());
        for variable in env {
            // The API server omits an empty value.
            assert_eq!(variable["value"].as_str().unwrap_or_default(), values[variable["name"].as_str().unwrap()], "{variable}");
        }
        Ok(())
    })
    .await
}

/// Everything that a spec can contain and no preset shows, piece by piece.
#[tokio::test]
async fn what_specs_can_ask_for_is_accepted() -> Result<()> {
    in_namespace("edges", async |space| {
        space.create().await?;
        for (what, more, expected) in [
            ("an autoscaler", json!({"autoscaling": {"min": 2, "max": 8, "cpu": 60}}), vec!["horizontalpodautoscaler.autoscaling/demo"]),
            ("a Redis elsewhere", json!({"redis": {"url": "rediss://cache.example:6380/1", "password": {"secret": "cache"}}}), vec![]),
            ("a named password", json!({"redis": {"password": {"secret": "mine", "key": "word"}, "storageClass": "fast"}}), vec!["statefulset.apps/demo-redis"]),
            ("a host with TLS", json!({"ingress": {"host": "demo.example", "tlsSecret": "demo-tls"}}), vec!["ingress.networking.k8s.io/demo"]),
            ("ingress-nginx", json!({"ingress": {"frontDoor": "nginx", "cookie": {"persistence": "balanced", "sameSite": "Strict"}}}), vec![]),
            ("metrics and networks", json!({"metrics": {"namespace": "monitoring"}, "networkPolicy": {"allowFrom": ["192.0.2.0/24", "2001:db8::/32"]}}), vec!["networkpolicy.networking.k8s.io/demo"]),
            ("no network policy", json!({"networkPolicy": {"enabled": false}}), vec![]),
            ("nodes", json!({"placement": {"nodeSelector": {"on": "y", "pool": "1_000"}, "tolerations": [{"key": "dedicated", "value": "web", "effect": "NoSchedule"}, {"key": "spot"}]}}), vec![]),
            ("limits and proxies", json!({"limits": {"maxBody": 65536, "maxSockets": 500, "newSessionsPerMinute": 30}, "ingress": {"trustedProxies": ["10.0.0.0/8"]}}), vec![]),
            ("a private registry", json!({"image": {"name": "registry.example:5000/a/b@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", "pullPolicy": "Always", "pullSecret": "registry"}}), vec![]),
            ("the largest mode", json!({"mode": "64x64", "relay": {"fanout": "broadcast"}, "exposeIdentity": "off"}), vec![]),
        ] {
            let said = dry_run(space, &more).await.unwrap_or_else(|error| panic!("{what}: {error:#}"));
            assert!(said.lines().count() >= 4 && said.lines().all(|line| line.ends_with("serverside-applied (server dry run)")), "{what}: {said}");
            for object in expected {
                assert!(said.contains(&format!("{object} serverside-applied")), "{what}: no {object} in {said}");
            }
        }
        Ok(())
    })
    .await
}

async fn dry_run(space: &Space, more: &Value) -> Result<String> {
    let mut spec = json!({"name": release::NAME, "namespace": space.name, "ingress": {"frontDoor": "traefik"}});
    release::merge(&mut spec, more.clone());
    let rendered = release::render(&spec).await?;
    space.kube.feed(&["apply", "--server-side", "--dry-run=server", "--field-manager=edges", "--force-conflicts", "-f", "-"], &rendered).await
}
