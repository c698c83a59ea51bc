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
    assert_eq!(text.matches("\n---\n").count(), 10);
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
fn session_persistence_in_both_shapes() {
    let text = stdout(&render(&["--front-door", "gateway"], &[], ""));
    assert!(text.contains("\n      sessionName: sticky_9ebf82\n") && text.contains("\n      cookieConfig:\n"), "{text}");
    for (arguments, variables) in [(&["--gateway-api", "1.7.0"][..], &[][..]), (&[], &[("STICKYCTL_GATEWAY_API", "v1.7.0")])] {
        let output = render(&[arguments, &["--preset", "gateway-1x4"]].concat(), variables, "");
        assert!(stderr(&output).contains("gateway.api: Envoy Gateway"), "it reads the older shape: {}", stderr(&output));
        let text = stdout(&output);
        assert!(text.contains("\n        name: sticky_9ebf82\n        path: /\n") && !text.contains("sessionName"), "{text}");
    }
    let old = render(&["--front-door", "gateway", "--gateway-api", "1.0.0"], &[], "");
    assert_eq!(old.status.code(), Some(2));
    assert!(stderr(&old).contains("gateway.api: Gateway API 1.0.0 has no session persistence"), "{}", stderr(&old));
}

#[test]
fn a_controller_without_affinity_is_refused() {
    let output = render(&["--front-door", "gateway"], &[("STICKYCTL_GATEWAY_CONTROLLER", "traefik.io/gateway-controller")], "");
    assert_eq!((output.status.code(), stdout(&output).as_str()), (Some(2), ""));
    assert!(stderr(&output).contains("gateway.controller: Traefik ignores session persistence"), "{}", stderr(&output));
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

fn into(folder: &Path, more: &[&str]) -> Output {
    render(&[&["--out", folder.to_str().unwrap()], more].concat(), &[], "")
}

/// A header makes no file ours, neither its own folder's others nor what a name leads to.
#[test]
fn a_crafted_kustomization_deletes_nothing() {
    let outer = tempfile::tempdir().unwrap();
    let folder = outer.path().join("in");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(outer.path().join("outside.yaml"), "theirs").unwrap();
    for name in ["notes.txt", "deployment.yaml"] {
        std::fs::write(folder.join(name), "theirs").unwrap();
    }
    std::os::unix::fs::symlink(outer.path().join("outside.yaml"), folder.join("link.yaml")).unwrap();
    let header = "# Written by stickyctl render.\n";
    std::fs::write(
        folder.join("kustomization.yaml"),
        format!("{header}resources: [notes.txt, deployment.yaml, link.yaml, ../outside.yaml, .., ., '']\n"),
    )
    .unwrap();
    let output = into(&folder, &[]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert_eq!(std::fs::read_to_string(outer.path().join("outside.yaml")).unwrap(), "theirs");
    for name in ["notes.txt", "deployment.yaml"] {
        assert_eq!(std::fs::read_to_string(folder.join(name)).unwrap(), "theirs");
    }
    assert!(folder.join("link.yaml").is_symlink());
}

#[test]
fn what_render_did_not_write_is_replaced_only_with_force() {
    for name in ["kustomization.yaml", "deployment-sticky-sessions.yaml"] {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(name), "resources: [mine.yaml]\n").unwrap();
        let refused = into(folder.path(), &[]);
        assert_eq!(refused.status.code(), Some(2), "{name}");
        assert!(stderr(&refused).contains(name) && stderr(&refused).contains("--force"), "{}", stderr(&refused));
        assert_eq!(contents(folder.path()).len(), 1, "nothing else is written either");
        assert_eq!(into(folder.path(), &["--force"]).status.code(), Some(0));
        assert!(std::fs::read_to_string(folder.path().join(name)).unwrap().starts_with("# Written by stickyctl render.\n"));
        assert_eq!(into(folder.path(), &[]).status.code(), Some(0), "and now it is ours");
    }
}

#[test]
fn nothing_is_written_through_a_link() {
    let outer = tempfile::tempdir().unwrap();
    let (folder, target) = (outer.path().join("in"), outer.path().join("target"));
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(&target, "# Written by stickyctl render.\n").unwrap();
    for name in ["kustomization.yaml", "ingress-sticky-sessions.yaml"] {
        std::os::unix::fs::symlink(&target, folder.join(name)).unwrap();
        for more in [&[][..], &["--force"]] {
            let refused = into(&folder, more);
            assert_eq!(refused.status.code(), Some(2));
            assert!(stderr(&refused).contains("symbolic link"), "{}", stderr(&refused));
        }
        assert_eq!(std::fs::read_to_string(&target).unwrap(), "# Written by stickyctl render.\n");
        std::fs::remove_file(folder.join(name)).unwrap();
    }
}

/// A hostile spec is refused within a second, and takes no memory to speak of: 64 MiB of address space would not hold the tree.
#[test]
fn a_small_hostile_spec_stays_small() {
    let folder = tempfile::tempdir().unwrap();
    let square = format!("a: &a [{}]\nb: [{}]\n", vec!["x"; 4_000].join(","), vec!["*a"; 10_000].join(","));
    for (name, text) in [("square", square), ("deep", format!("a: {}", "[".repeat(40_000))), ("nan", "autoscaling: {max: .nan}".to_owned())] {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        let limited = Command::new("sh")
            .args(["-c", "ulimit -v 1000000 && ulimit -t 20 && exec \"$0\" render -f \"$1\""])
            .args([env!("CARGO_BIN_EXE_stickyctl"), path.to_str().unwrap()])
            .env_clear()
            .output()
            .unwrap();
        assert_eq!(limited.status.code(), Some(2), "{name}: {}", stderr(&limited));
        assert!(stderr(&limited).contains("can't read the file as YAML"), "{name}: {}", stderr(&limited));
    }
    let endless = render(&["-f", "/dev/zero"], &[], "");
    assert!(endless.status.code() == Some(2) && stderr(&endless).contains("larger than 256 KiB"), "{}", stderr(&endless));
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
