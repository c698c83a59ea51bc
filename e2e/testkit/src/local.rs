//! `stickyctl up --local`, and the commands that reach it.

use crate::http;
use crate::process::Process;
use crate::{bin, wait};
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;
use tempfile::TempDir;

const LIMIT: Duration = Duration::from_secs(30);

#[derive(Debug)]
pub struct Local {
    /// `http://127.0.0.1:PORT`, without a slash at the end.
    pub url: String,
    pub process: Process,
    pub folder: Runtime,
}

/// A private runtime folder, so that no test finds another test's site.
#[derive(Debug)]
pub struct Runtime(TempDir);

impl Runtime {
    pub fn new() -> Result<Self> {
        Ok(Self(tempfile::tempdir()?))
    }

    /// The folder that `XDG_RUNTIME_DIR` names.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    #[must_use]
    pub fn socket(&self) -> std::path::PathBuf {
        self.path().join("stickyctl/local.sock")
    }

    /// `stickyctl` with this runtime folder and without the developer's own settings.
    pub fn command(&self, arguments: &[&str]) -> Result<Command> {
        let mut command = Command::new(bin::stickyctl()?);
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("STICKY")) {
            command.env_remove(name);
        }
        // Without cargo's variable, its hints say `stickyctl` and not `cargo run`.
        command.args(arguments).env_remove("CARGO").env("XDG_RUNTIME_DIR", self.path()).env("NO_COLOR", "1");
        Ok(command)
    }

    pub async fn run(&self, arguments: &[&str]) -> Result<Ran> {
        run(self.command(arguments)?).await
    }

    /// Runs one command, which must succeed.
    ///
    /// # Errors
    /// It fails; the error includes its output.
    pub async fn done(&self, arguments: &[&str]) -> Result<Ran> {
        let ran = self.run(arguments).await?;
        if ran.code != 0 {
            bail!("stickyctl {arguments:?} gave {}\n--- stdout ---\n{}\n--- stderr ---\n{}", ran.code, ran.stdout, ran.stderr);
        }
        Ok(ran)
    }
}

/// How a command ended.
#[derive(Debug, Clone)]
pub struct Ran {
    /// The exit code; for a signal, 128 and its number.
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

/// Runs a command to its end.
pub async fn run(command: Command) -> Result<Ran> {
    let mut command = tokio::process::Command::from(command);
    command.stdin(std::process::Stdio::null()).kill_on_drop(true);
    let output: Output = wait::within("the end of a command", LIMIT, command.output()).await??;
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Ok(Ran { code: output.status.code().unwrap_or(128), stdout: text(output.stdout), stderr: text(output.stderr) })
}

impl Local {
    /// Runs `stickyctl up --local` with more flags in a private runtime folder, and waits for the URL. The system chooses the port unless
    /// `--port` is among the flags.
    pub async fn start(flags: &[&str]) -> Result<Self> {
        Self::start_in(Runtime::new()?, flags).await
    }

    /// Like [`Local::start`], in a given folder.
    pub async fn start_in(folder: Runtime, flags: &[&str]) -> Result<Self> {
        let mut command = folder.command(&["up", "--local"])?;
        if !flags.contains(&"--port") {
            command.args(["--port", "0"]);
        }
        let mut process = Process::start(command.args(flags))?;
        let stdout = process.stdout.clone();
        // The URL is the only line on stdout; URLs on stderr don't count.
        process.line("the URL on stdout", LIMIT, |_| stdout.all().first().cloned().filter(|line| !line.is_empty())).await?;
        let url = stdout.all().first().cloned().context("no URL")?;
        if !url.starts_with("http://") {
            bail!("the first line of stdout is no URL: {url}");
        }
        let local = Self { url: url.trim_end_matches('/').to_owned(), process, folder };
        // Workers learn about each other a moment after they are ready.
        wait::until("the topology shows a ready worker", LIMIT, async || local.shape().await.ok().filter(|(pods, workers)| pods * workers > 0))
            .await?;
        Ok(local)
    }

    /// Runs a command against this site.
    pub async fn ctl(&self, arguments: &[&str]) -> Result<Ran> {
        let mut all = arguments.to_vec();
        all.push("--local");
        self.folder.done(&all).await
    }

    pub async fn topology(&self) -> Result<Value> {
        topology(&self.url).await
    }

    /// The number of ready pods, and of ready workers in the first one.
    pub async fn shape(&self) -> Result<(usize, usize)> {
        shape(&self.url).await
    }
}

/// The number of a site's ready pods, and of ready workers in the first one.
pub async fn shape(url: &str) -> Result<(usize, usize)> {
    let topology = topology(url).await?;
    let ready = |list: &Value| list.as_array().map_or(0, |all| all.iter().filter(|one| one["state"] == "ready").count());
    Ok((ready(&topology["pods"]), ready(&topology["pods"][0]["workers"])))
}

/// `GET /topology` of a site.
pub async fn topology(url: &str) -> Result<Value> {
    Ok(http::get(format!("{url}/topology")).send().await?.json()?["topology"].take())
}
