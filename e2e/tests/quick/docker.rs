//! The context that Docker gets: Cargo must be able to load the workspace from it. Docker itself runs in the workflow only.

use anyhow::{Context, Result, ensure};
use std::fs;
use std::path::Path;
use std::process::Command;
use testkit::tree::root;

/// The files of the tree that `.dockerignore` lets through. Its lines use only plain paths, `*` and `!`.
fn context() -> Result<Vec<String>> {
    let rules = fs::read_to_string(root().join(".dockerignore"))?;
    let rules: Vec<(&str, bool)> = rules
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| line.strip_prefix('!').map_or((line, false), |path| (path, true)))
        .collect();
    let listed = Command::new("git").args(["ls-files", "--cached", "--others", "--exclude-standard"]).current_dir(root()).output()?;
    ensure!(listed.status.success(), "git ls-files: {}", String::from_utf8_lossy(&listed.stderr));
    let files = String::from_utf8(listed.stdout)?;
    let covers = |rule: &str, file: &str| rule == "*" || file == rule || file.strip_prefix(rule).is_some_and(|rest| rest.starts_with('/'));
    // The last rule that covers a file decides.
    let is_in = |file: &&str| rules.iter().rev().find(|(rule, _)| covers(rule, file)).is_none_or(|(_, is_in)| *is_in);
    Ok(files.lines().filter(is_in).filter(|file| root().join(file).is_file()).map(str::to_owned).collect())
}

/// What the Dockerfile copies from the context.
fn copied() -> Result<Vec<String>> {
    let text = fs::read_to_string(root().join("app/Dockerfile"))?;
    let lines = text.lines().filter_map(|line| line.strip_prefix("COPY ")).filter(|line| !line.starts_with("--from"));
    Ok(lines.flat_map(|line| line.split_whitespace().rev().skip(1).map(str::to_owned).collect::<Vec<_>>()).collect())
}

fn load(folder: &Path) -> Result<()> {
    let done = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["metadata", "--format-version=1", "--locked", "--offline"])
        .current_dir(folder)
        .output()?;
    ensure!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    Ok(())
}

#[test]
fn cargo_loads_the_workspace_from_what_docker_gets() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let (files, sources) = (context()?, copied()?);
    for source in &sources {
        let mut count = 0;
        for file in files.iter().filter(|file| *file == source || file.starts_with(&format!("{source}/"))) {
            let to = folder.path().join(file);
            fs::create_dir_all(to.parent().context("no folder")?)?;
            fs::copy(root().join(file), to)?;
            count += 1;
        }
        ensure!(count > 0, "the Dockerfile copies {source}, and .dockerignore lets nothing of it through");
    }
    load(folder.path())?;
    // What is missing is noticed.
    fs::remove_dir_all(folder.path().join("core"))?;
    ensure!(load(folder.path()).is_err(), "a workspace without core was loaded");
    Ok(())
}
