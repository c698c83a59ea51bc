//! The real Helm, with this tree's chart and without the caller's settings.

use super::{KUBECONFIG, Space};
use crate::{cluster, skip, tree, wait};
use anyhow::{Context, Result, ensure};
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::AsyncWriteExt as _;

/// Longer than any `--timeout` in a test.
const LIMIT: Duration = Duration::from_secs(240);

/// Helm with its own home.
#[derive(Debug)]
pub struct Helm {
    program: PathBuf,
    home: TempDir,
}

/// The result of a call.
#[derive(Debug)]
pub struct Said {
    /// Whether the exit code was 0.
    pub well: bool,
    pub stdout: String,
    pub stderr: String,
}

impl Said {
    fn of(done: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        Self { well: done.status.success(), stdout: text(done.stdout), stderr: text(done.stderr) }
    }

    /// The stdout of a call that succeeded.
    ///
    /// # Errors
    /// It failed; the error is its output.
    pub fn ok(self) -> Result<String> {
        ensure!(self.well, "helm failed\n{}{}", self.stdout, self.stderr);
        Ok(self.stdout)
    }
}

impl Helm {
    /// Helm, or `None` if it wasn't built; then the test is recorded as skipped. Helm is built with the cluster's programs, and tests
    /// that run before that can't require it.
    ///
    /// # Panics
    /// Helm is missing although a cluster is set: then its programs have been built.
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

    #[must_use]
    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("HELM_")) {
            command.env_remove(name);
        }
        for (name, folder) in [("HELM_CACHE_HOME", "cache"), ("HELM_CONFIG_HOME", "config"), ("HELM_DATA_HOME", "data")] {
            command.env(name, self.home.path().join(folder));
        }
        // Only a flag may select a cluster.
        command.env_remove("KUBECONFIG").args(words);
        command
    }

    /// Runs helm with a text on stdin, for `--values -`, without a cluster unless a flag names one.
    pub fn run(&self, words: &[&str], input: &str) -> Result<Said> {
        let mut command = self.command(words);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().context("can't start helm")?;
        // A call that rejects its flags doesn't read stdin.
        let _ = child.stdin.take().context("no stdin")?.write_all(input.as_bytes());
        Ok(Said::of(child.wait_with_output()?))
    }

    /// Runs helm in a cluster's namespace, with a text on stdin.
    pub async fn on(&self, space: &Space, words: &[&str], input: &str) -> Result<Said> {
        let mut command = tokio::process::Command::from(self.command(words));
        command.arg("--kubeconfig").arg(space.kube.config()).args(["--namespace", &space.name]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().context("can't start helm")?;
        // A command without `--values -` doesn't read stdin.
        let _ = child.stdin.take().context("no stdin")?.write_all(input.as_bytes()).await;
        Ok(Said::of(wait::within(&format!("helm {}", words.join(" ")), LIMIT, child.wait_with_output()).await??))
    }
}

#[must_use]
pub fn chart() -> String {
    tree::root().join("helm").display().to_string()
}
