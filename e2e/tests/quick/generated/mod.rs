//! Compares the files that are generated from the code. With `STICKY_GENERATE` set (`cargo xtask generate`), writes them.

mod commands;
mod doctor;
mod implementations;
mod spec;
mod verify;

use anyhow::{Context, Result};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use stickyctl::generate::preset::Preset;
use stickyctl::generate::{chart, objects, write};
use stickyctl::spec::StickyApp;
use stickyctl::verify::report::Report;
use testkit::front_door::markdown;
use testkit::tree::root;

/// Every generated file, by its path from the root.
fn files() -> Result<Vec<(String, String)>> {
    let schema = serde_json::to_string_pretty(&stickyctl::spec::schema())?;
    let mut all = vec![
        ("docs/commands.md".to_owned(), commands::page()),
        ("docs/spec.md".to_owned(), spec::page()),
        ("docs/spec.schema.json".to_owned(), format!("{schema}\n")),
        ("docs/doctor.schema.json".to_owned(), format!("{}\n", serde_json::to_string_pretty(&stickyctl::doctor::report::Report::schema())?)),
        ("docs/verify.schema.json".to_owned(), format!("{}\n", serde_json::to_string_pretty(&Report::schema())?)),
        (
            "docs/migration.schema.json".to_owned(),
            format!("{}\n", serde_json::to_string_pretty(&stickyctl::verify::migrate::report::Report::schema())?),
        ),
    ];
    let doors = "docs/front-doors.md";
    let page = fs::read_to_string(root().join(doors)).with_context(|| format!("no {doors}"))?;
    let page = between(&page, "facts", &markdown::the_three()).with_context(|| doors.to_owned())?;
    let page = between(&page, "controllers", &markdown::the_six()).with_context(|| doors.to_owned())?;
    let page = implementations::page(&page).with_context(|| doors.to_owned())?;
    all.push((doors.to_owned(), page));
    let doctor = "docs/doctor.md";
    let page = fs::read_to_string(root().join(doctor)).with_context(|| format!("no {doctor}"))?;
    all.push((doctor.to_owned(), doctor::page(&page)?));
    let verify = "docs/verify.md";
    let page = fs::read_to_string(root().join(verify)).with_context(|| format!("no {verify}"))?;
    all.push((verify.to_owned(), verify::page(&page)?));
    all.extend(chart::files());
    for preset in Preset::ALL {
        let mut spec = StickyApp { mode: preset.mode(), ..StickyApp::default() };
        spec.ingress.front_door = preset.front_door();
        let files = write::files(&objects(&spec, true))?;
        all.extend(files.into_iter().map(|(file, text)| (format!("manifests/{}/{file}", preset.name()), text)));
    }
    Ok(all)
}

/// A page with the text between two named markers replaced.
fn between(page: &str, name: &str, text: &str) -> Result<String> {
    let (begin, end) = (format!("<!-- generated: {name} -->\n"), "<!-- /generated -->");
    let (before, rest) = page.split_once(&begin).with_context(|| format!("it has no {begin}"))?;
    let (_, after) = rest.split_once(end).with_context(|| format!("it has no {end}"))?;
    Ok(format!("{before}{begin}{}\n{end}{after}", text.trim_end()))
}

/// Folders that may contain only generated files.
const WHOLE: [&str; 1] = ["manifests"];

#[test]
fn the_tree_has_what_the_code_makes() -> Result<()> {
    let root = root();
    let files = files()?;
    if std::env::var_os("STICKY_GENERATE").is_some() {
        for (path, text) in &files {
            fs::create_dir_all(root.join(path).parent().context("a file without a folder")?)?;
            fs::write(root.join(path), text).with_context(|| format!("writing {path}"))?;
        }
        eprintln!("wrote {} files", files.len());
    }
    let stale: Vec<&str> =
        files.iter().filter(|(path, text)| fs::read_to_string(root.join(path)).ok().as_ref() != Some(text)).map(|(path, _)| &**path).collect();
    assert!(stale.is_empty(), "not as the code makes them; `cargo xtask generate` writes them: {stale:#?}");
    let known: BTreeSet<&str> = files.iter().map(|(path, _)| &**path).collect();
    let mut extra = Vec::new();
    for folder in WHOLE {
        below(root, &root.join(folder), &mut extra)?;
    }
    extra.retain(|path| !known.contains(&**path));
    assert!(extra.is_empty(), "nothing makes these any more; delete them: {extra:#?}");
    Ok(())
}

/// All files below a folder, by their path from the root.
fn below(root: &Path, folder: &Path, all: &mut Vec<String>) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| format!("no {}", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            below(root, &path, all)?;
        } else {
            all.push(path.strip_prefix(root)?.display().to_string());
        }
    }
    Ok(())
}
