//! The direction of dependencies, between crates and between the files of each crate. A new circle fails here.

mod circles;
mod imports;
mod tree;

use anyhow::{Context, Result};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use testkit::tree::root;

/// The workspace's crates, each with the crates that it may depend on.
const MAY_USE: [(&str, &[&str]); 7] = [
    ("sticky-core", &[]),
    ("sticky-affinity", &["sticky-core"]),
    ("sticky-app", &["sticky-core"]),
    ("stickyctl", &["sticky-core", "sticky-affinity", "sticky-app"]),
    ("testkit", &["sticky-core", "sticky-affinity", "sticky-app", "stickyctl"]),
    ("xtask", &["testkit"]),
    ("e2e", &["sticky-core", "sticky-affinity", "sticky-app", "stickyctl", "testkit"]),
];

/// Crates that only process data, and dependencies that they must not have. Optional dependencies are fine.
const PURE: [&str; 2] = ["sticky-core", "sticky-affinity"];
const IMPURE: [&str; 8] = ["axum", "clap", "hyper", "hyper-util", "kube", "redis", "tokio", "tungstenite"];

fn cargo(words: &[&str]) -> Result<String> {
    let done = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())).args(words).current_dir(root()).output()?;
    anyhow::ensure!(done.status.success(), "cargo {words:?}: {}", String::from_utf8_lossy(&done.stderr));
    Ok(String::from_utf8(done.stdout)?)
}

/// The packages of the workspace.
fn packages() -> Result<Vec<Value>> {
    let metadata: Value = serde_json::from_str(&cargo(&["metadata", "--format-version=1", "--no-deps", "--offline"])?)?;
    Ok(metadata["packages"].as_array().context("no packages")?.clone())
}

fn name(value: &Value) -> &str {
    value["name"].as_str().unwrap_or_default()
}

#[test]
fn crates_depend_in_one_direction() -> Result<()> {
    let packages = packages()?;
    let ours: BTreeSet<&str> = packages.iter().map(name).collect();
    for package in &packages {
        let own = name(package);
        let (_, allowed) = MAY_USE.iter().find(|(name, _)| *name == own).with_context(|| format!("MAY_USE does not list {own}"))?;
        let needed = package["dependencies"].as_array().context("no dependencies")?.iter().filter(|one| one["kind"].is_null());
        for dependency in needed {
            let other = name(dependency);
            assert!(!ours.contains(other) || allowed.contains(&other), "{own} must not depend on {other}");
            let is_impure = PURE.contains(&own) && IMPURE.contains(&other) && dependency["optional"] == false;
            assert!(!is_impure, "{own} decides on plain data and must not depend on {other}");
        }
    }
    Ok(())
}

#[test]
fn files_import_in_one_direction() -> Result<()> {
    let mut found = String::new();
    for package in packages()? {
        for target in package["targets"].as_array().context("no targets")? {
            let is_ours = target["kind"].as_array().is_some_and(|kinds| kinds.iter().any(|kind| kind == "lib" || kind == "bin"));
            let path = Path::new(target["src_path"].as_str().context("no path")?);
            if !is_ours {
                continue;
            }
            let modules = tree::Tree::read(path)?;
            for circle in circles::find(&imports::all(&modules)) {
                found.push_str(&format!("{}: {}\n{}", name(&package), circle.name, circle.why));
            }
        }
    }
    assert!(found.is_empty(), "circles:\n{found}");
    Ok(())
}

/// The command line is the top of both programs: no module imports it, and no other module knows clap.
#[test]
fn the_command_line_is_on_top() -> Result<()> {
    for folder in ["app", "stickyctl"] {
        let modules = tree::Tree::read(&root().join(folder).join("src/lib.rs"))?;
        let is_cli = |name: &tree::Name| name.first().is_some_and(|first| first == "cli");
        let below: Vec<String> = imports::all(&modules)
            .into_iter()
            .filter(|((from, to), _)| is_cli(to) && !is_cli(from))
            .map(|((from, _), path)| format!("{}: {path}", from.join("::")))
            .collect();
        assert!(below.is_empty(), "{folder}: imports of the command line from below: {below:#?}");
        let knows_clap = |module: &tree::Module| module.uses.iter().any(|one| one.path.first().is_some_and(|first| first == "clap"));
        let (cli, others): (Vec<_>, Vec<_>) = modules.0.iter().filter(|(_, module)| knows_clap(module)).partition(|(name, _)| is_cli(name));
        assert!(others.is_empty(), "{folder}: modules that use clap: {:?}", others.iter().map(|(name, _)| name.join("::")).collect::<Vec<_>>());
        assert!(!cli.is_empty(), "{folder}: no use of clap was found at all");
    }
    Ok(())
}

/// If features differed, cargo would compile a dependency twice, for builds and for tests.
#[test]
fn builds_and_tests_share_their_dependencies() -> Result<()> {
    let tree = |edges: &str| -> Result<BTreeSet<String>> {
        let text = cargo(&["tree", "--offline", "--workspace", "--prefix=none", "--edges", edges, "--format={p} {f}"])?;
        Ok(text.lines().map(|line| line.trim_end_matches(" (*)").to_owned()).collect())
    };
    let (build, test) = (tree("normal,build")?, tree("normal,build,dev")?);
    let differ: Vec<_> = build.symmetric_difference(&test).collect();
    assert!(differ.is_empty(), "add what a crate's dev-dependencies ask for to [dependencies] of e2e/Cargo.toml: {differ:#?}");
    Ok(())
}
