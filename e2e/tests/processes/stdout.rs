//! Both programs, where stdout takes nothing: a full disk is an error, and a reader that has gone is not.

use anyhow::{Context, Result};
use std::collections::BTreeSet;
use std::fs::{File, OpenOptions};
use std::process::{Command, Output, Stdio};
use std::time::Duration;
use testkit::app::App;
use testkit::local::{Local, Runtime};
use testkit::{bin, wait};

const LIMIT: Duration = Duration::from_secs(60);

/// A pipe that nobody reads.
fn gone() -> Result<Stdio> {
    let (reader, writer) = std::io::pipe()?;
    drop(reader);
    Ok(writer.into())
}

fn full() -> Result<Stdio> {
    let file: File = OpenOptions::new().write(true).open("/dev/full").context("opening /dev/full")?;
    Ok(file.into())
}

async fn run(command: Command, stdout: Stdio) -> Result<Output> {
    let mut command = tokio::process::Command::from(command);
    let child = command.stdin(Stdio::null()).stdout(stdout).stderr(Stdio::piped()).kill_on_drop(true).spawn()?;
    Ok(wait::within("the end of a command", LIMIT, child.wait_with_output()).await??)
}

/// Runs a command three times. With a reader it must work, so that it also shows that the others fail for their stdout alone.
async fn check(name: &str, command: impl Fn() -> Result<Command>) -> Result<()> {
    let read = run(command()?, Stdio::piped()).await?;
    let said = |output: &Output| String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(read.status.success() && !read.stdout.is_empty(), "{name}: {:?}: {}", read.status, said(&read));
    let full = run(command()?, full()?).await?;
    assert_eq!(full.status.code(), Some(1), "{name} > /dev/full: {}", said(&full));
    assert!(said(&full).contains("to stdout: No space left on device") && !said(&full).contains("panicked"), "{name}: {}", said(&full));
    let gone = run(command()?, gone()?).await?;
    assert_eq!(gone.status.code(), Some(0), "{name} | true: {}", said(&gone));
    assert!(!said(&gone).contains("error") && !said(&gone).contains("panicked"), "{name} | true: {}", said(&gone));
    Ok(())
}

/// Commands that need a cluster. Unit tests with a scripted API server show the same of them.
const ON_A_CLUSTER: [&str; 1] = ["forward"];

#[tokio::test]
async fn every_command_notices_a_full_disk() -> Result<()> {
    let local = Local::start(&["--drain-delay", "100ms", "--drain-window", "200ms"]).await?;
    let folder = tempfile::tempdir()?;
    let at = |name: &str| folder.path().join(name).display().to_string();
    let (objects, pages) = (at("objects"), at("pages"));
    let page = format!("{}/whoami", local.url);
    let mut calls: Vec<Vec<&str>> = [
        "--help",
        "--version",
        "help",
        "help verify",
        "render",
        "render -o json",
        "render -o values",
        "man",
        "completions bash",
        "completions elvish",
        "completions fish",
        "completions powershell",
        "completions zsh",
        "explain",
        "explain single-backend-path",
        "version",
        "version -o yaml",
        "verify --list",
        "verify --local --seed 7",
        "verify --local --seed 7 -o json",
        "status --local",
        "status --local -o json",
        "status --local -o yaml",
        "scale 2 --local",
        "mode 3x1 --local",
        "kill app-1:0 --local",
    ]
    .map(|line| line.split(' ').collect())
    .into();
    calls.push(vec!["render", "--out", &objects]);
    calls.push(vec!["doctor", "-f", &objects]);
    calls.push(vec!["doctor", "-f", &objects, "-o", "json"]);
    calls.push(vec!["doctor", "-f", &objects, "-o", "sarif"]);
    calls.push(vec!["man", "--out", &pages]);
    calls.push(vec!["verify", &page, "--seed", "7"]);
    // `down` prints nothing on stdout with --local, and `up` and `image` have tests of their own.
    let named: BTreeSet<&str> = calls.iter().map(|call| call[0]).chain(ON_A_CLUSTER).chain(["up", "down", "image"]).collect();
    let known = stickyctl::cli::command();
    let missing: Vec<&str> = known.get_subcommands().map(clap::Command::get_name).filter(|name| !named.contains(name)).collect();
    assert!(missing.is_empty(), "commands without a line here: {missing:?}");
    for call in &calls {
        check(&call.join(" "), || local.folder.command(call)).await?;
    }
    Ok(())
}

#[tokio::test]
async fn so_does_the_server() -> Result<()> {
    let app = App::listening(&[]).await?;
    let timeout = ["probe", &app.url, "--timeout", "20s"];
    for call in [&["--help"][..], &["--version"], &["help", "probe"], &timeout] {
        let command = || {
            let mut command = Command::new(bin::sticky_app()?);
            command.args(call);
            Ok(command)
        };
        check(&format!("sticky-app {call:?}"), command).await?;
    }
    Ok(())
}

/// The demo doesn't run on where nobody gets its URL, unless it is only that nobody reads it.
#[tokio::test]
async fn a_demo_whose_url_nobody_gets() -> Result<()> {
    let runtime = Runtime::new()?;
    let up = ["up", "--local", "--port", "0", "--drain-delay", "100ms", "--drain-window", "100ms"];
    let ended = run(runtime.command(&up)?, full()?).await?;
    let said = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert!(ended.status.code() == Some(1) && said.contains("to stdout: No space left"), "{said}");
    assert!(!runtime.socket().exists(), "a control socket is left");
    let detached = run(runtime.command(&[&up[..], &["--detach"]].concat())?, gone()?).await?;
    assert_eq!(detached.status.code(), Some(0), "{}", String::from_utf8_lossy(&detached.stderr));
    runtime.done(&["down", "--local"]).await?;
    Ok(())
}
