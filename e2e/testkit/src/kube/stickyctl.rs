//! `stickyctl` on the cluster, as a user calls it.

use super::Space;
use super::release::NAME;
use crate::cluster;
use crate::{bin, wait};
use anyhow::{Context, Result, ensure};
use std::process::Stdio;
use std::time::Duration;
use tokio::process::Command;

/// Beyond the longest `--timeout` of a test.
const LIMIT: Duration = Duration::from_secs(240);

/// How a call ended.
#[derive(Debug, Clone)]
pub struct Done {
    /// The exit code.
    pub code: i32,
    /// What it answered.
    pub stdout: String,
    /// Everything else that it said.
    pub stderr: String,
}

impl Done {
    /// The answer of a call that went well.
    ///
    /// # Errors
    /// It did not; all that it said.
    pub fn ok(self) -> Result<String> {
        ensure!(self.code == 0, "exit {}\n{}{}", self.code, self.stdout, self.stderr);
        Ok(self.stdout.trim_end().to_owned())
    }

    /// What it said on stderr when it failed with this code.
    ///
    /// # Errors
    /// Another code.
    pub fn failed(self, code: i32) -> Result<String> {
        ensure!(self.code == code, "exit {}, not {code}\n{}{}", self.code, self.stdout, self.stderr);
        Ok(self.stderr)
    }
}

impl Space {
    /// A command of `stickyctl` for the release of this namespace. The variables say what every command needs, so that the words
    /// are a user's own.
    ///
    /// # Errors
    /// It was not built.
    pub fn command(&self, words: &[&str]) -> Result<Command> {
        let mut command = Command::new(bin::stickyctl()?);
        // STICKYCTL_... in the developer's own environment must not reach the tests.
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("STICKY")) {
            command.env_remove(name);
        }
        command.env("KUBECONFIG", self.kube.config()).env("STICKYCTL_NAME", NAME).env("STICKYCTL_NAMESPACE", &self.name);
        if self.kube.test_cluster().is_some() {
            // Nothing is pulled there.
            command.env("STICKYCTL_REDIS_IMAGE", cluster::REDIS);
        }
        command.args(words).stdin(Stdio::null()).kill_on_drop(true);
        Ok(command)
    }

    /// Runs it to its end.
    ///
    /// # Errors
    /// It could not be started, or did not end.
    pub async fn stickyctl(&self, words: &[&str]) -> Result<Done> {
        self.stickyctl_with(words, &[]).await
    }

    /// The same with variables.
    ///
    /// # Errors
    /// As [`Self::stickyctl`].
    pub async fn stickyctl_with(&self, words: &[&str], variables: &[(&str, &str)]) -> Result<Done> {
        let mut command = self.command(words)?;
        command.envs(variables.iter().copied());
        let done = wait::within(&format!("stickyctl {}", words.join(" ")), LIMIT, command.output()).await??;
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        Ok(Done { code: done.status.code().context("ended by a signal")?, stdout: text(done.stdout), stderr: text(done.stderr) })
    }
}
