//! A real cluster, by its kubeconfig and nothing else: `cargo xtask cluster up` makes one, and a contributor's own
//! works too.
//!
//! [`in_namespace`] gives a test a namespace of its own and, when it fails, everything that explains why. [`Release`] is the
//! app in it, as `stickyctl render` writes it, behind the front door that all releases share.

pub mod front_door;
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

/// The variable that names the kubeconfig. Where it is not set, tests on a cluster are not asked to run.
pub const KUBECONFIG: &str = "STICKY_E2E_KUBECONFIG";
/// No kubectl takes longer; those that wait have shorter limits of their own.
const LIMIT: Duration = Duration::from_secs(150);

/// kubectl on the cluster.
#[derive(Debug, Clone)]
pub struct Kube {
    config: PathBuf,
    program: PathBuf,
}

impl Kube {
    /// The cluster that was named; nothing, with the test recorded as skipped, where none was.
    ///
    /// # Panics
    /// The variable is set and names no file: whoever set it wants the tests to run.
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

    /// The kubeconfig's path.
    #[must_use]
    pub fn config(&self) -> &std::path::Path {
        &self.config
    }

    /// A command of kubectl.
    #[must_use]
    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.arg("--kubeconfig").arg(&self.config).args(words);
        command
    }

    /// Runs kubectl; what it wrote to stdout, without the last line's end.
    ///
    /// # Errors
    /// It failed; what it said is part of the error.
    pub async fn run(&self, words: &[&str]) -> Result<String> {
        Ok(sh::output(LIMIT, self.command(words)).await?.trim_end().to_owned())
    }

    /// Runs kubectl with `-o json`.
    ///
    /// # Errors
    /// It failed.
    pub async fn json(&self, words: &[&str]) -> Result<Value> {
        let text = self.run(&[words, &["-o", "json"]].concat()).await?;
        serde_json::from_str(&text).with_context(|| format!("kubectl {words:?} wrote no JSON: {text}"))
    }

    /// Runs kubectl with a text on stdin.
    ///
    /// # Errors
    /// It failed.
    pub async fn feed(&self, words: &[&str], input: &str) -> Result<String> {
        sh::feed(LIMIT, self.command(words), input.as_bytes()).await
    }

    /// The name of the test cluster that this is; nothing for a contributor's own.
    #[must_use]
    pub fn test_cluster(&self) -> Option<String> {
        let own = self.config.canonicalize().ok()?;
        let name = own.parent()?.file_name()?.to_str()?.to_owned();
        (Place::named(&name).ok()?.kubeconfig().canonicalize().ok()? == own).then_some(name)
    }
}
