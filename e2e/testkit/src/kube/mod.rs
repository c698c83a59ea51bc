//! A real cluster, identified only by its kubeconfig. `cargo xtask cluster up` creates one, and a contributor's own works
//! too.
//!
//! [`in_namespace`] gives a test its own namespace, and prints pods, events and logs if the test fails. [`Release`] is the app in that
//! namespace, rendered by `stickyctl render`, behind the front door that all releases share.

pub mod bare;
pub mod front_door;
pub mod gateways;
pub mod helm;
pub mod image;
pub mod logs;
pub mod metrics_api;
pub mod relays;
pub mod release;
pub mod schemas;
pub mod site;
pub mod space;
pub mod stickyctl;

pub use release::Release;
pub use space::{Space, in_namespace};

use crate::cluster::{self, Place};
use crate::{sh, skip};
use anyhow::{Context, Result};
use serde_json::Value;
use std::path::PathBuf;
use std::time::Duration;
use tokio::process::Command;

/// The variable with the path of the kubeconfig. Without it, tests on a cluster are skipped.
pub const KUBECONFIG: &str = "STICKY_E2E_KUBECONFIG";
/// Deadline for kubectl; waiting commands have shorter timeouts of their own.
const LIMIT: Duration = Duration::from_secs(150);

/// Runs kubectl on the cluster.
#[derive(Debug, Clone)]
pub struct Kube {
    config: PathBuf,
    program: PathBuf,
}

impl Kube {
    /// The cluster that [`KUBECONFIG`] selects. Without the variable, returns `None` and records the test as skipped.
    ///
    /// # Panics
    /// The variable is set, but the file doesn't exist. Skipping would hide the mistake.
    #[must_use]
    #[allow(clippy::expect_used, reason = "a test that was asked for must not pass without a cluster")]
    pub fn asked() -> Option<Self> {
        let Some(config) = std::env::var_os(KUBECONFIG).map(PathBuf::from) else {
            skip::because(&format!("{KUBECONFIG} names no kubeconfig (`cargo xtask cluster kubeconfig` prints one)"));
            return None;
        };
        assert!(config.is_file(), "{KUBECONFIG} is `{}`, which is no file", config.display());
        Some(Self { config, program: cluster::kubectl().expect("no kubectl") })
    }

    #[must_use]
    pub fn config(&self) -> &std::path::Path {
        &self.config
    }

    #[must_use]
    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.arg("--kubeconfig").arg(&self.config).args(words);
        command
    }

    /// Runs kubectl and returns its stdout without trailing white space.
    ///
    /// # Errors
    /// It fails; the error includes its output.
    pub async fn run(&self, words: &[&str]) -> Result<String> {
        Ok(sh::output(LIMIT, self.command(words)).await?.trim_end().to_owned())
    }

    /// Runs kubectl with `-o json`.
    pub async fn json(&self, words: &[&str]) -> Result<Value> {
        let text = self.run(&[words, &["-o", "json"]].concat()).await?;
        serde_json::from_str(&text).with_context(|| format!("kubectl {words:?} wrote no JSON: {text}"))
    }

    /// Runs kubectl with a text on stdin.
    pub async fn feed(&self, words: &[&str], input: &str) -> Result<String> {
        sh::feed(LIMIT, self.command(words), input.as_bytes()).await
    }

    /// The name of the test cluster; `None` for a contributor's own cluster.
    #[must_use]
    pub fn test_cluster(&self) -> Option<String> {
        let own = self.config.canonicalize().ok()?;
        let name = own.parent()?.file_name()?.to_str()?.to_owned();
        (Place::named(&name).ok()?.kubeconfig().canonicalize().ok()? == own).then_some(name)
    }
}
