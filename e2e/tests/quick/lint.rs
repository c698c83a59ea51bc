//! Lints files that no compiler reads: workflows, the Dockerfile, shell scripts, JavaScript. Each linter must also find a planted fault.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use testkit::tree::root;
use testkit::{lint, npm};

/// Rules of taste: braces around every variable, and `[[` in place of `[`.
const TASTE: &str = "SC2250,SC2292";

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|e| panic!("{path}: {e}"))
}

/// Whether a linter passes, and its output.
fn judged(program: &Path, words: &[&str], files: &[PathBuf]) -> (bool, String) {
    let done = Command::new(program).args(words).args(files).current_dir(root()).env("NO_COLOR", "1").output().unwrap();
    (done.status.success(), String::from_utf8_lossy(&[done.stdout, done.stderr].concat()).into_owned())
}

fn clean(program: &Path, words: &[&str], files: &[PathBuf]) {
    let (is_clean, said) = judged(program, words, files);
    assert!(is_clean, "{}: {said}", program.display());
}

/// Asserts that a linter rejects a file with this text, and that its output names the faults.
fn finds(program: &Path, words: &[&str], name: &str, text: &str, faults: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(name);
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(&file, text).unwrap();
    let (is_clean, said) = judged(program, words, &[file]);
    assert!(!is_clean, "{}: nothing", program.display());
    for fault in faults {
        assert!(said.contains(fault), "{}: no {fault} in {said}", program.display());
    }
}

fn workflows() -> Vec<PathBuf> {
    let files = fs::read_dir(root().join(".github/workflows")).unwrap();
    let files: Vec<_> = files.map(|file| file.unwrap().path()).collect();
    assert!(files.len() >= 2);
    files
}

fn broken(workflow: &str, good: &str, bad: &str) -> String {
    let text = read(workflow);
    assert!(text.contains(good), "{workflow}: {good}");
    text.replace(good, bad)
}

#[tokio::test]
async fn workflows_and_the_scripts_in_them() -> anyhow::Result<()> {
    let (Some(actionlint), Some(shellcheck)) = (lint::built("actionlint").await?, lint::packaged("shellcheck")?) else { return Ok(()) };
    let shellcheck = format!("-shellcheck={}", shellcheck.display());
    let words = ["-no-color", &shellcheck, "-pyflakes="];
    clean(&actionlint, &words, &workflows());
    let release = ".github/workflows/release.yml";
    finds(&actionlint, &words, "w.yml", &broken(release, "needs.version.outputs.repository", "needs.version.outputs.place"), &["property \"place\""]);
    finds(&actionlint, &words, "w.yml", &broken(release, "\"$TOKEN\"", "$TOKEN extra $(ls *)"), &["shellcheck reported"]);
    Ok(())
}

#[test]
fn workflows_give_nothing_away() -> anyhow::Result<()> {
    let Some(zizmor) = lint::packaged("zizmor")? else { return Ok(()) };
    // The strictest persona, without the rules that query GitHub.
    let words = ["--offline", "--no-progress", "--quiet", "--strict-collection", "--collect", "all", "--persona", "auditor"];
    clean(&zizmor, &words, &[root().join(".github")]);
    let release = ".github/workflows/release.yml";
    let name = ".github/workflows/w.yml";
    finds(&zizmor, &words, name, &broken(release, "persist-credentials: false", "persist-credentials: true"), &["artipacked"]);
    finds(&zizmor, &words, name, &broken(release, "@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1", "@v7"), &["unpinned-uses"]);
    finds(&zizmor, &words, name, &broken(release, "\"$GITHUB_REF_NAME\"", "${{ github.ref_name }}"), &["template-injection"]);
    Ok(())
}

/// Both workflows build with the workspace's Rust version, and every action is pinned with its version in a comment.
#[test]
fn versions_stand_once() {
    let manifest = read("Cargo.toml");
    let rust = manifest.lines().find_map(|line| line.strip_prefix("rust-version = ")).unwrap();
    let toolchain = read("rust-toolchain.toml");
    assert!(toolchain.contains(&format!("channel = {}.", rust.trim_end_matches('"'))), "rust-toolchain.toml: no release of Rust {rust}");
    for file in workflows() {
        let text = fs::read_to_string(&file).unwrap();
        assert!(text.contains(&format!("RUSTUP_TOOLCHAIN: {rust}\n")), "{}: not Rust {rust}", file.display());
        for line in text.lines().filter_map(|line| line.trim().trim_start_matches("- ").strip_prefix("uses: ")) {
            let (_, pin) = line.split_once('@').unwrap();
            let (hash, version) = pin.split_once(" # v").unwrap_or_else(|| panic!("{line}: no version"));
            assert!(hash.len() == 40 && hash.bytes().all(|b| b.is_ascii_hexdigit()) && version.split('.').count() == 3, "{line}");
        }
    }
}

/// The tests and Go modules in the workflows exist; nothing else would notice a rename.
#[test]
fn what_workflows_name_is_there() {
    let mut seen = 0;
    for file in workflows() {
        let text = fs::read_to_string(&file).unwrap();
        let words: Vec<&str> = text.split_whitespace().collect();
        for pair in words.windows(2) {
            let found = match pair {
                ["--test", name] => root().join(format!("e2e/tests/{name}.rs")).exists() || root().join("e2e/tests").join(name).exists(),
                ["-C", folder] if folder.starts_with("e2e") => root().join(folder).join("go.mod").exists(),
                ["go-version-file:", path] => root().join(path).exists(),
                _ => continue,
            };
            seen += 1;
            assert!(found, "{}: {}", file.display(), pair.join(" "));
        }
    }
    assert!(seen >= 8, "{seen}");
}

#[test]
fn the_dockerfile() -> anyhow::Result<()> {
    let Some(hadolint) = lint::packaged("hadolint")? else { return Ok(()) };
    let words = ["--no-color", "--failure-threshold", "style", "--trusted-registry", "docker.io", "--disable-ignore-pragma"];
    clean(&hadolint, &words, &[root().join("app/Dockerfile")]);
    let text = broken("app/Dockerfile", "rust:1.95-bookworm", "rust:latest").replace("WORKDIR /src", "WORKDIR src\nRUN ls | sort");
    finds(&hadolint, &words, "Dockerfile", &text, &["DL3007", "DL3000", "DL4006"]);
    Ok(())
}

/// Every file with a shell in its first line, so that no script is missed.
fn shell_scripts(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let ours = entries.filter(|entry| !["target", ".git"].iter().any(|other| entry.file_name() == *other));
    let found = ours.flat_map(|entry| if entry.file_type().unwrap().is_dir() { shell_scripts(&entry.path()) } else { vec![entry.path()] });
    let is_script = |path: &PathBuf| {
        let text = fs::read(path).unwrap_or_default();
        let first = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
        first.starts_with(b"#!") && first.ends_with(b"sh")
    };
    found.filter(is_script).collect()
}

#[test]
fn scripts() -> anyhow::Result<()> {
    let Some(shellcheck) = lint::packaged("shellcheck")? else { return Ok(()) };
    let words = ["--norc", "--severity=style", "--enable=all", "--exclude", TASTE];
    let all = shell_scripts(root());
    assert!(all.len() >= 4 && all.contains(&root().join(".ci/run")), "{all:?}");
    clean(&shellcheck, &words, &all);
    finds(&shellcheck, &words, "pack", &broken(".github/release/pack", "\"$work/stickyctl\"", "$work/stickyctl"), &["SC2086"]);
    Ok(())
}

/// The JavaScript of the page and of the report, and the page's tests.
const SCRIPTS: [&str; 3] = ["app/src/page", "stickyctl/src/verify/report/html", "stickyctl/src/verify/migrate/report/html"];

#[test]
fn javascript() -> anyhow::Result<()> {
    let Some(modules) = npm::installed()? else { return Ok(()) };
    let biome = modules.join(".bin/biome");
    let words = ["lint", "--config-path=e2e/lint/js", "--error-on-warnings", "--colors=off"];
    clean(&biome, &words, &SCRIPTS.map(|folder| root().join(folder)));
    let sender = |good, bad| broken("app/src/page/send.js", good, bad);
    finds(&biome, &words, "send.js", &sender("score.sent++;", "score.sent = score.sent;"), &["noSelfAssign"]);
    finds(
        &biome,
        &words,
        "send.js",
        &sender("  /** @param {Message} m */\n  function answered", "  return;\n  function answered"),
        &["noUnreachable"],
    );
    Ok(())
}

#[test]
fn types_of_the_javascript() -> anyhow::Result<()> {
    let Some(modules) = npm::installed()? else { return Ok(()) };
    let tsc = modules.join(".bin/tsc");
    let project = |path: &Path| vec![path.to_owned()];
    clean(&tsc, &["--project"], &project(&root().join("e2e/lint/js/tsconfig.json")));
    // This checks every module, because the project's two entry points import all others.
    let (_, listed) = judged(&tsc, &["--listFilesOnly", "--project"], &project(&root().join("e2e/lint/js/tsconfig.json")));
    for folder in SCRIPTS {
        for file in fs::read_dir(root().join(folder))?.map(|file| file.unwrap().file_name().into_string().unwrap()) {
            assert!(!file.ends_with(".js") || listed.contains(&format!("{folder}/{file}\n")), "{folder}/{file} is not in\n{listed}");
        }
    }
    // A copy of the page with two faults: a number that may be a string, and a state that doesn't exist.
    let copy = tempfile::tempdir()?;
    for file in fs::read_dir(root().join("app/src/page"))?.map(|file| file.unwrap().path()).filter(|path| path.is_file()) {
        fs::copy(&file, copy.path().join(file.file_name().unwrap()))?;
    }
    fs::write(copy.path().join("draw-pods.js"), broken("app/src/page/draw-pods.js", "(name ? 6 : 0)", "(css && 6)"))?;
    fs::write(copy.path().join("facts.js"), broken("app/src/page/facts.js", "socket.state === \"live\"", "socket.state === \"alive\""))?;
    let config = serde_json::json!({"extends": root().join("e2e/lint/js/tsconfig.json"), "files": ["page.js"]});
    fs::write(copy.path().join("tsconfig.json"), config.to_string())?;
    let (is_clean, said) = judged(&tsc, &["--project"], &project(copy.path()));
    assert!(!is_clean && said.matches("error").count() == 2, "{said}");
    for fault in ["draw-pods.js", "facts.js"] {
        assert!(said.contains(fault), "no {fault} in {said}");
    }
    Ok(())
}
