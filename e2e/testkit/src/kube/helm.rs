//! Helm, the real one, with the chart of this tree and nothing of the caller's settings.

use super::{KUBECONFIG, Space};
use crate::{cluster, skip, tree, wait};
use anyhow::{Context, Result, ensure};
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::AsyncWriteExt as _;

/// Beyond the longest `--timeout` of a test.
const LIMIT: Duration = Duration::from_secs(240);

/// Helm, and a home of its own.
#[derive(Debug)]
pub struct Helm {
    program: PathBuf,
    home: TempDir,
}

/// How a call ended.
#[derive(Debug)]
pub struct Said {
    /// Whether it went well.
    pub well: bool,
    /// What it answered.
    pub stdout: String,
    /// Everything else that it said.
    pub stderr: String,
}

impl Said {
    fn of(done: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        Self { well: done.status.success(), stdout: text(done.stdout), stderr: text(done.stderr) }
    }

    /// The answer of a call that went well.
    ///
    /// # Errors
    /// It did not; all that it said.
    pub fn ok(self) -> Result<String> {
        ensure!(self.well, "helm failed\n{}{}", self.stdout, self.stderr);
        Ok(self.stdout)
    }
}

impl Helm {
    /// Helm; nothing, with the test recorded as skipped, where it was not built. It is built with the cluster's programs, so that tests that run before
    /// these can't ask for it.
    ///
    /// # Panics
    /// A cluster was named, whose programs are built by then.
    #[must_use]
    #[allow(clippy::expect_used, reason = "a test that was asked for must not pass without helm")]
    pub fn asked() -> Option<Self> {
        let home = tempfile::tempdir().expect("no folder for helm's home");
        match cluster::helm() {
            Ok(program) => Some(Self { program, home }),
            Err(why) => {
                assert!(std::env::var_os(KUBECONFIG).is_none(), "{why:#}");
                skip::because(&format!("{why:#}"));
                None
            }
        }
    }

    /// A command of helm.
    #[must_use]
    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("HELM_")) {
            command.env_remove(name);
        }
        for (name, folder) in [("HELM_CACHE_HOME", "cache"), ("HELM_CONFIG_HOME", "config"), ("HELM_DATA_HOME", "data")] {
            command.env(name, self.home.path().join(folder));
        }
        // A cluster is named by a flag or not at all.
        command.env_remove("KUBECONFIG").args(words);
        command
    }

    /// Runs helm with a text on stdin, for `--values -`. It waits for no cluster unless it is told to.
    ///
    /// # Errors
    /// It could not be started.
    pub fn run(&self, words: &[&str], input: &str) -> Result<Said> {
        let mut command = self.command(words);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().context("can't start helm")?;
        // A call that refuses its flags reads nothing.
        let _ = child.stdin.take().context("no stdin")?.write_all(input.as_bytes());
        Ok(Said::of(child.wait_with_output()?))
    }

    /// Runs helm in a namespace of a cluster, with a text on stdin.
    ///
    /// # Errors
    /// It could not be started, or did not end.
    pub async fn on(&self, space: &Space, words: &[&str], input: &str) -> Result<Said> {
        let mut command = tokio::process::Command::from(self.command(words));
        command.arg("--kubeconfig").arg(space.kube.config()).args(["--namespace", &space.name]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().context("can't start helm")?;
        // A command that reads no values ends without reading this.
        let _ = child.stdin.take().context("no stdin")?.write_all(input.as_bytes()).await;
        Ok(Said::of(wait::within(&format!("helm {}", words.join(" ")), LIMIT, child.wait_with_output()).await??))
    }
}

/// The chart's folder.
#[must_use]
pub fn chart() -> String {
    tree::root().join("helm").display().to_string()
}
