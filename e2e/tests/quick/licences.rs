//! Checks the rules of `deny.toml` for licences, duplicates and sources, without cargo-deny, which takes long to build. The workflow
//! runs cargo-deny itself, including advisories.

use anyhow::{Context, Result};
use serde_json::Value;
use spdx::{Expression, ParseMode};
use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;
use testkit::tree::root;
use toml_edit::{DocumentMut, Item};

/// All packages that are built here, as cargo knows them.
fn packages() -> Result<Vec<Value>> {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["metadata", "--format-version=1", "--offline", "--filter-platform", "x86_64-unknown-linux-gnu"]).current_dir(root());
    let done = cargo.output()?;
    anyhow::ensure!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let metadata: Value = serde_json::from_slice(&done.stdout)?;
    let used: BTreeSet<&str> = metadata["resolve"]["nodes"].as_array().context("no nodes")?.iter().filter_map(|node| node["id"].as_str()).collect();
    let all = metadata["packages"].as_array().context("no packages")?;
    Ok(all.iter().filter(|package| package["id"].as_str().is_some_and(|id| used.contains(id))).cloned().collect())
}

fn deny() -> Result<DocumentMut> {
    Ok(std::fs::read_to_string(root().join("deny.toml"))?.parse()?)
}

fn list(item: &Item) -> Result<&toml_edit::Array> {
    item.as_array().context("no list")
}

fn word<'a>(package: &'a Value, key: &str) -> &'a str {
    package[key].as_str().unwrap_or_default()
}

#[test]
fn every_licence_is_allowed_and_every_source_is_the_registry() -> Result<()> {
    let deny = deny()?;
    let allowed: BTreeSet<&str> = list(&deny["licenses"]["allow"])?.iter().filter_map(toml_edit::Value::as_str).collect();
    for package in packages()? {
        let (name, licence) = (word(&package, "name"), word(&package, "license"));
        let expression = Expression::parse_mode(licence, ParseMode::LAX).with_context(|| format!("{name}: licence `{licence}`"))?;
        assert!(expression.evaluate(|one| allowed.contains(one.to_string().as_str())), "{name}: deny.toml does not allow `{licence}`");
        let source = word(&package, "source");
        assert!(source.is_empty() || source.starts_with("registry+"), "{name} is from {source}");
    }
    Ok(())
}

#[test]
fn every_duplicate_has_its_reason() -> Result<()> {
    let deny = deny()?;
    let mut versions: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for package in packages()? {
        versions.entry(word(&package, "name").to_owned()).or_default().insert(word(&package, "version").to_owned());
    }
    let mut skipped = BTreeSet::new();
    for one in list(&deny["bans"]["skip"])?.iter().map(|one| one.as_inline_table().context("no table")) {
        let text = |key: &str| one.as_ref().ok().and_then(|table| table.get(key)?.as_str()).unwrap_or_default().to_owned();
        assert!(!text("reason").is_empty(), "{} has no reason", text("crate"));
        skipped.insert(text("crate"));
    }
    let mut needed = BTreeSet::new();
    for (name, versions) in versions.iter().filter(|(_, versions)| versions.len() > 1) {
        let named: Vec<String> = versions.iter().map(|version| format!("{name}@{version}")).collect();
        let left: Vec<&String> = named.iter().filter(|one| !skipped.contains(*one)).collect();
        assert!(left.len() <= 1, "several versions of {name}: {left:?}; skip all but one in deny.toml, with the reason");
        needed.extend(named);
    }
    let idle: Vec<&String> = skipped.difference(&needed).collect();
    assert!(idle.is_empty(), "deny.toml skips what is no duplicate any more: {idle:?}");
    Ok(())
}
