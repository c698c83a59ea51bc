//! `stickyctl up --local --open`, with openers of our own.

use super::SOON;
use anyhow::Result;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use testkit::local::Runtime;
use testkit::process::Process;
use testkit::{http, wait};

/// A program that writes its arguments into `opened` beside it and exits with `code`.
fn opener(folder: &Path, name: &str, code: u8) -> Result<String> {
    let path = folder.join(name);
    std::fs::write(&path, format!("#!/bin/sh\necho \"$*\" >> '{}'\nexit {code}\n", folder.join("opened").display()))?;
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o700))?;
    Ok(path.display().to_string())
}

fn up(runtime: &Runtime, path: &Path, flags: &[&str]) -> Result<Command> {
    let mut command = runtime.command(&[&["up", "--local", "--port", "0", "--open"], flags].concat())?;
    command.env("PATH", path).env_remove("BROWSER");
    Ok(command)
}

async fn opened(folder: &Path) -> Result<String> {
    let read = async || std::fs::read_to_string(folder.join("opened")).ok().filter(|text| text.ends_with('\n'));
    wait::until("the opener ran", SOON, read).await
}

/// The URL that is printed is the one that is opened, here by what `PATH` finds.
#[tokio::test]
async fn the_system_s_opener() -> Result<()> {
    let (runtime, folder) = (Runtime::new()?, tempfile::tempdir()?);
    opener(folder.path(), if cfg!(target_os = "macos") { "open" } else { "xdg-open" }, 0)?;
    let mut process = Process::start(&mut up(&runtime, folder.path(), &[])?)?;
    let url = process.line("the URL", SOON, |line| line.starts_with("http://").then(|| line.to_owned())).await?;
    assert_eq!(opened(folder.path()).await?.trim(), url);
    assert_eq!(http::get(&url).send().await?.status, 200);
    assert!(!process.stderr.text().contains("--open"), "{}", process.stderr.text());
    Ok(())
}

#[tokio::test]
async fn the_browser_that_the_variable_names() -> Result<()> {
    let (runtime, folder) = (Runtime::new()?, tempfile::tempdir()?);
    let browser = opener(folder.path(), "browser", 0)?;
    let mut command = up(&runtime, folder.path(), &["--detach"])?;
    let ran = testkit::local::run({
        command.env("BROWSER", format!("'{browser}' --new %s"));
        command
    })
    .await?;
    let url = ran.stdout.trim().to_owned();
    assert!(ran.code == 0 && url.starts_with("http://"), "{ran:?}");
    assert_eq!(opened(folder.path()).await?, format!("--new {url}\n"), "once, by the command in the foreground");
    runtime.done(&["down", "--local"]).await?;
    Ok(())
}

/// The demo runs all the same.
#[tokio::test]
async fn no_browser_is_a_warning() -> Result<()> {
    let (runtime, folder) = (Runtime::new()?, tempfile::tempdir()?);
    let browser = opener(folder.path(), "browser", 3)?;
    let mut command = up(&runtime, folder.path(), &[])?;
    let mut process = Process::start(command.env("BROWSER", format!("{browser}:missing-browser")))?;
    let warning = process.line("the warning", SOON, |line| line.contains("--open: ").then(|| line.to_owned())).await?;
    let url = process.stdout.all().first().cloned().unwrap_or_default();
    for word in ["exit status: 3", "missing-browser", "xdg-open", &url] {
        assert!(warning.contains(word) || cfg!(target_os = "macos"), "{word}: {warning}");
    }
    assert_eq!(http::get(&url).send().await?.status, 200);
    Ok(())
}
