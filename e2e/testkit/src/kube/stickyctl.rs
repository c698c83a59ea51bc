//! `stickyctl` on the cluster, called like a user would.

use super::Space;
use super::release::NAME;
use crate::cluster;
use crate::{bin, wait};
use anyhow::{Context, Result, ensure};
use std::process::Stdio;
use std::time::Duration;
use tokio::process::Command;

/// Longer than any `--timeout` in a test.
const LIMIT: Duration = Duration::from_secs(240);

/// The result of a call.
#[derive(Debug, Clone)]
pub struct Done {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Done {
    /// The stdout of a call that succeeded.
    ///
    /// # Errors
    /// It failed; the error is its output.
    pub fn ok(self) -> Result<String> {
        ensure!(self.code == 0, "exit {}\n{}{}", self.code, self.stdout, self.stderr);
        Ok(self.stdout.trim_end().to_owned())
    }

    /// The stderr of a call that failed with this exit code.
    pub fn failed(self, code: i32) -> Result<String> {
        ensure!(self.code == code, "exit {}, not {code}\n{}{}", self.code, self.stdout, self.stderr);
        Ok(self.stderr)
    }
}

impl Space {
    /// A `stickyctl` command for this namespace's release. Variables provide what every command needs, so the arguments are the ones
    /// a user would type.
    pub fn command(&self, words: &[&str]) -> Result<Command> {
        let mut command = Command::new(bin::stickyctl()?);
        // Keeps the developer's own STICKYCTL_... variables out of the tests.
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("STICKY")) {
            command.env_remove(name);
        }
        command.env("KUBECONFIG", self.kube.config()).env("STICKYCTL_NAME", NAME).env("STICKYCTL_NAMESPACE", &self.name);
        if self.kube.test_cluster().is_some() {
            // The test cluster can't pull images.
            command.env("STICKYCTL_REDIS_IMAGE", cluster::REDIS);
        }
        command.args(words).stdin(Stdio::null()).kill_on_drop(true);
        Ok(command)
    }

    /// Runs `stickyctl` until it exits.
    pub async fn stickyctl(&self, words: &[&str]) -> Result<Done> {
        self.stickyctl_with(words, &[]).await
    }

    /// Like [`Self::stickyctl`], with more environment variables.
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
