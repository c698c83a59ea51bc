//! `stickyctl render` as a user calls it: streams, exit codes, folders, and the manifests in the repository.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use stickyctl::generate::preset::Preset;

/// Runs `stickyctl render` with no other environment variables.
fn render(arguments: &[&str], variables: &[(&str, &str)], stdin: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_stickyctl"))
        .arg("render")
        .args(arguments)
        .env_clear()
        .envs(variables.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A run that doesn't read stdin may have ended already.
    let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
    child.wait_with_output().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn documents_go_to_stdout_and_nothing_else() {
    let output = render(&[], &[], "");
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(stderr(&output), "");
    let text = stdout(&output);
    assert!(text.starts_with("apiVersion: v1\nkind: Namespace\n"), "{text}");
    assert_eq!(text.matches("\n---\n").count(), 11);
    assert_eq!(stdout(&render(&[], &[], "")), text, "the same again");
    assert!(!stdout(&render(&["--no-namespace"], &[], "")).contains("kind: Namespace\n"));
}

#[test]
fn json_is_a_list() {
    let output = render(&["-o", "json", "--mode", "1x4"], &[], "");
    let list: serde_json::Value = serde_json::from_str(&stdout(&output)).unwrap();
    assert_eq!(list["kind"], "List");
    let kinds: Vec<&str> = list["items"].as_array().unwrap().iter().map(|item| item["kind"].as_str().unwrap()).collect();
    assert_eq!((kinds.first(), kinds.last()), (Some(&"Namespace"), Some(&"Ingress")));
}

#[test]
fn values_for_helm_are_the_spec_without_what_helm_says() {
    let output = render(&["-o", "values", "-f", "-"], &[], "name: shop\nnamespace: web\nexposeIdentity: off\nautoscaling: {max: 5}\n");
    assert_eq!((output.status.code(), stderr(&output).as_str()), (Some(0), ""));
    let text = stdout(&output);
    assert!(text.starts_with("# helm install shop ./helm --namespace web --create-namespace"), "{text}");
    assert!(text.contains("\nexposeIdentity: \"off\"\n") && text.contains("\nautoscaling:\n") && text.contains("\n  max: 5\n"), "{text}");
    assert!(!text.contains("\nname"), "{text}");
}

#[test]
fn file_then_environment_then_flags() {
    let spec = "name: from-file\nnamespace: from-file\nmode: 2x1\n";
    let text = stdout(&render(&["-f", "-", "--mode", "5x2"], &[("STICKYCTL_NAMESPACE", "from-environment")], spec));
    for part in ["name: from-file\n", "namespace: from-environment\n", "replicas: 5\n"] {
        assert!(text.contains(part), "{part:?} is not in\n{text}");
    }
}

#[test]
fn a_wrong_spec_is_wrong_usage_with_every_reason() {
    let output = render(&["-f", "-"], &[], "nmae: x\ningress: {cookie: {name: JSESSIONID, sameSite: strict}}\n");
    assert_eq!((output.status.code(), stdout(&output).as_str()), (Some(2), ""));
    let text = stderr(&output);
    for part in ["invalid spec, 3 problems:", "nmae: unknown key; did you mean name?", "ingress.cookie.name:", "write Strict"] {
        assert!(text.contains(part), "{part:?} is not in\n{text}");
    }
}

#[test]
fn an_affinity_that_the_front_door_has_not_is_refused() {
    let output = render(&["-f", "-", "--front-door", "traefik"], &[], "ingress: {cookie: {persistence: balanced}}");
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("Traefik 3.6.12 doesn't read affinity-mode"), "{}", stderr(&output));
}

#[test]
fn warnings_go_to_stderr_and_leave_the_answer() {
    let output = render(&["--preset", "traefik-3x1"], &[("STICKYCTL_DRAIN_DELAY", "1s"), ("STICKYCTL_NAMESPCE", "x")], "");
    assert_eq!(output.status.code(), Some(0));
    let text = stderr(&output);
    assert!(text.contains("drain.delay: a front door may need") && text.contains("did you mean STICKYCTL_NAMESPACE?"), "{text}");
    let output = render(&[], &[("STICKYCTL_PORT", "8081")], "");
    assert_eq!(stderr(&output), "", "a variable of `up --local` is not unknown");
}

#[test]
fn wrong_calls() {
    for arguments in [&["--mode", "3"][..], &["-o", "table"], &["--front-door", "envoy"], &["-f", "/no/such/file"], &["--preset", "9x9"]] {
        assert_eq!(render(arguments, &[], "").status.code(), Some(2), "{arguments:?}");
    }
    assert_eq!(render(&["--out", "/proc/nowhere"], &[], "").status.code(), Some(1));
}

#[test]
fn a_folder_follows_the_spec_and_leaves_what_is_not_ours() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    std::fs::write(folder.path().join("mine.yaml"), "mine").unwrap();
    let spec = "autoscaling: {max: 5}";
    let output = render(&["-f", "-", "--out", path], &[], spec);
    assert_eq!((output.status.code(), stdout(&output).trim_end()), (Some(0), path));
    let scaler = folder.path().join("horizontalpodautoscaler-sticky-sessions.yaml");
    assert!(scaler.exists());
    render(&["--out", path], &[], "");
    assert!(!scaler.exists(), "it is no longer asked for");
    assert!(folder.path().join("mine.yaml").exists());
}

/// `manifests/` is what `render` writes, to the byte, and holds the presets alone.
#[test]
fn the_manifests_in_the_tree_are_current() {
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("../manifests");
    let mut presets = Vec::new();
    for preset in Preset::ALL {
        let name = preset.name();
        let fresh = tempfile::tempdir().unwrap();
        let output = render(&["--preset", &name, "--out", fresh.path().to_str().unwrap()], &[], "");
        assert_eq!((output.status.code(), stderr(&output).as_str()), (Some(0), ""), "{name}");
        assert!(contents(&kept.join(&name)) == contents(fresh.path()), "manifests/{name} is out of date; `cargo xtask generate` writes it");
        presets.push(name);
    }
    presets.sort();
    let mut folders: Vec<String> = contents_of(&kept).map(|entry| entry.file_name().into_string().unwrap()).collect();
    folders.sort();
    assert_eq!(folders, presets, "a folder of manifests/ that is no preset");
}

fn contents_of(folder: &Path) -> impl Iterator<Item = std::fs::DirEntry> {
    std::fs::read_dir(folder).into_iter().flatten().map(Result::unwrap)
}

fn contents(folder: &Path) -> BTreeMap<String, String> {
    contents_of(folder).map(|entry| (entry.file_name().into_string().unwrap(), std::fs::read_to_string(entry.path()).unwrap())).collect()
}

/// Chart.yaml and what is generated are of this version.
#[test]
fn the_chart_in_the_tree_is_current() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let files = stickyctl::generate::chart::files();
    for (path, text) in &files {
        let kept = std::fs::read_to_string(root.join(path)).unwrap_or_default();
        assert!(kept == *text, "{path} is out of date; write it anew with:\n  cargo xtask generate");
    }
    for entry in contents_of(&root.join("helm/ci")) {
        let path = format!("helm/ci/{}", entry.file_name().into_string().unwrap());
        assert!(files.iter().any(|(file, _)| *file == path), "{path} belongs to no preset");
    }
    let chart: serde_json::Value = yaml_of(&root.join("helm/Chart.yaml"));
    for key in ["version", "appVersion"] {
        assert_eq!(chart[key], env!("CARGO_PKG_VERSION"), "{key} in helm/Chart.yaml");
    }
}

fn yaml_of(path: &Path) -> serde_json::Value {
    serde_yaml::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}
