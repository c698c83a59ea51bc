//! Checks all our manifests strictly against the schemas of a real API server: unknown fields fail here, while the server drops them
//! silently.

use anyhow::{Context, Result};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use testkit::kube::{Kube, schemas};
use testkit::tree::root;
use testkit::{bin, lint};

const PRESETS: [&str; 6] = ["nginx-3x1", "nginx-1x4", "traefik-3x1", "traefik-1x4", "gateway-3x1", "gateway-1x4"];
/// A spec with settings that no preset has: an autoscaler, TLS, a scraper, nodes, a registry.
const EDGES: &str = r#"
ingress: {host: demo.example, tlsSecret: demo-tls, trustedProxies: [10.0.0.0/8]}
autoscaling: {min: 2, max: 8}
metrics: {namespace: monitoring}
placement: {nodeSelector: {pool: web}, tolerations: [{key: dedicated, value: web, effect: NoSchedule}]}
image: {name: "registry.example:5000/a/b:1", pullSecret: registry}
networkPolicy: {allowFrom: [192.0.2.0/24]}
redis: {password: {secret: mine, key: word}, storageClass: fast}
"#;

fn output(command: &mut Command) -> Result<String> {
    let done = command.output()?;
    assert!(done.status.success(), "{command:?}: {}", String::from_utf8_lossy(&done.stderr));
    Ok(String::from_utf8(done.stdout)?)
}

/// The files in a folder and its subfolders whose names have this suffix.
fn files(folder: &Path, end: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path());
    let mut found: Vec<_> = entries.flat_map(|path| if path.is_dir() { files(&path, end) } else { vec![path] }).collect();
    found.retain(|path| path.to_string_lossy().ends_with(end));
    found.sort();
    found
}

/// Writes the manifests of the presets, the generator and the chart, one file each.
async fn manifests(folder: &Path) -> Result<Vec<PathBuf>> {
    let kept = files(&root().join("manifests"), ".yaml").into_iter().filter(|path| !path.ends_with("kustomization.yaml"));
    let mut all: Vec<_> = kept.collect();
    assert!(all.len() >= 40, "{all:?}");
    let mut keep = |name: String, text: String| -> Result<()> {
        let file = folder.join(name);
        fs::write(&file, text)?;
        all.push(file);
        Ok(())
    };
    for preset in PRESETS {
        keep(format!("{preset}.yaml"), output(Command::new(bin::stickyctl()?).args(["render", "--preset", preset]))?)?;
    }
    let edges = folder.join("edges.spec");
    fs::write(&edges, EDGES)?;
    for door in ["nginx", "traefik", "gateway"] {
        keep(format!("{door}.yaml"), output(Command::new(bin::stickyctl()?).args(["render", "--front-door", door, "-f"]).arg(&edges))?)?;
    }
    for values in files(&root().join("helm/ci"), "-values.yaml") {
        let helm = lint::built("helm").await?.context("there is a chart, and no helm")?;
        let name = values.file_stem().context("no name")?.to_string_lossy().into_owned();
        let words = ["template", "demo", "--namespace", "demo", "--values"];
        keep(format!("{name}.yaml"), output(Command::new(helm).args(words).arg(&values).arg(root().join("helm")))?)?;
    }
    Ok(all)
}

fn kubeconform(program: &Path, schemas: &Path, files: &[PathBuf]) -> (bool, String) {
    let location = format!("{}/{{{{ .ResourceKind }}}}{{{{ .KindSuffix }}}}.json", schemas.display());
    let mut judge = Command::new(program);
    judge.args(["-strict", "-summary", "-schema-location", &location]).args(files);
    let done = judge.output().unwrap();
    (done.status.success(), String::from_utf8_lossy(&[done.stdout, done.stderr].concat()).into_owned())
}

#[tokio::test]
async fn manifests_have_no_field_that_the_server_does_not_know() -> Result<()> {
    let Some(kube) = Kube::asked() else { return Ok(()) };
    let Some(program) = lint::built("kubeconform").await? else { return Ok(()) };
    let folder = tempfile::tempdir()?;
    let (judges, judged) = (folder.path().join("schemas"), folder.path().join("manifests"));
    for folder in [&judges, &judged] {
        fs::create_dir(folder)?;
    }
    kube.with_gateway_crds().await?;
    let count = schemas::write(&kube, &judges).await?;
    assert!(count >= 80, "{count} kinds");
    let all = manifests(&judged).await?;
    let (is_clean, said) = kubeconform(&program, &judges, &all);
    assert!(is_clean && said.contains("Invalid: 0, Errors: 0, Skipped: 0"), "{said}");

    // The same with a planted fault.
    let good = fs::read_to_string(judged.join("nginx-3x1.yaml"))?;
    for (field, wrong, says) in [
        ("readinessProbe:", "readynessProbe:", "'readynessProbe' not allowed"),
        ("replicas: 3", "replicas: \"3\"", "got string, want integer"),
        ("kind: PodDisruptionBudget", "kind: PodDisruptionBadget", "could not find schema for PodDisruptionBadget"),
    ] {
        assert!(good.contains(field), "{field}");
        let file = judged.join("wrong.yaml");
        fs::write(&file, good.replacen(field, wrong, 1))?;
        let (is_clean, said) = kubeconform(&program, &judges, &[file]);
        assert!(!is_clean && said.contains(says), "{wrong}: {said}");
    }
    Ok(())
}
