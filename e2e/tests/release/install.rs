//! Runs `docs/install.md` verbatim.

use crate::pack::{VERSION, copy, own, packed, text};
use anyhow::Result;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use testkit::docs;

/// The commands verbatim, with a `curl` that downloads from a local folder.
#[tokio::test]
async fn it_is_installed_and_removed_as_the_page_says() -> Result<()> {
    let Some(packed) = packed().await? else { return Ok(()) };
    let folder = tempfile::tempdir()?;
    let (at, out) = (|name: &str| folder.path().join(name), folder.path().join("out"));
    copy(packed, &out)?;
    for name in ["home", "work", "path"] {
        fs::create_dir(at(name))?;
    }
    let curl = format!("#!/bin/sh\ncp '{}'/\"${{2##*/}}\" .\n", out.display());
    fs::write(at("path/curl"), curl)?;
    fs::set_permissions(at("path/curl"), fs::Permissions::from_mode(0o755))?;
    let run = |script: &str| {
        let path = format!("{}:{}", at("path").display(), std::env::var("PATH").unwrap_or_default());
        Command::new("bash").args(["-euc", script]).current_dir(at("work")).env("HOME", at("home")).env("PATH", path).output().unwrap()
    };
    let commands = |heading: &str| docs::commands("docs/install.md", heading).map(|lines| lines.join("\n") + "\n");
    let install = commands("Install")? + &commands("Completions and the manual")? + &commands("As a kubectl plugin")?;
    let said = text(&run(&install));
    assert!(said.contains(".tar.gz: OK") && said.lines().last().is_some_and(|line| line.starts_with(&format!("stickyctl {VERSION} ("))), "{said}");
    for file in ["share/bash-completion/completions/stickyctl", "share/man/man1/stickyctl-up.1"] {
        assert!(at("home/.local").join(file).is_file(), "{file}");
    }
    text(&run(&(commands("Install")? + &commands("Uninstall")?)));
    let left = text(&run("find ~/.local -type f -o -type l"));
    assert_eq!(left, "");

    let name = format!("stickyctl-{VERSION}-{}.tar.gz", own());
    fs::write(out.join(&name), "something else")?;
    let refused = run(&install);
    let said = String::from_utf8_lossy(&refused.stdout).into_owned();
    assert!(!refused.status.success() && said.contains(&format!("{name}: FAILED")), "{said}");
    Ok(())
}
