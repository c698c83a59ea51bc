//! Flags about a cluster, and how they become plain requests.

use super::complete;
use super::image::BinaryArgs;
use crate::cluster::connect::Access;
use crate::cluster::release::Place;
use crate::cluster::up::request::{DryRun, Effective, Request, SpecSource};
use crate::exit::Failure;
use crate::image::load::Loader;
use crate::input::Input;
use clap::{Args, ValueEnum};
use serde_json::Value;
use std::path::PathBuf;
use std::time::Duration;
use sticky_core::duration;

/// Which cluster.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct ClusterArgs {
    /// Use this kubeconfig [default: KUBECONFIG, else ~/.kube/config]
    #[arg(long, value_name = "FILE")]
    kubeconfig: Option<PathBuf>,
    /// Use this context of the kubeconfig [default: its current context]
    #[arg(long, value_name = "NAME", add = complete::context_names())]
    context: Option<String>,
}

impl ClusterArgs {
    pub(crate) fn access(&self) -> Access {
        Access { kubeconfig: self.kubeconfig.clone(), context: self.context.clone() }
    }
}

/// Which release, and where.
#[derive(Debug, Clone, Args)]
pub(crate) struct ReleaseArgs {
    /// The name of the release
    #[arg(long, env = "STICKYCTL_NAME", default_value = "sticky-sessions")]
    pub(crate) name: String,
    /// The namespace of the release
    #[arg(short, long, env = "STICKYCTL_NAMESPACE", default_value = "sticky-sessions", add = complete::namespace_names())]
    pub(crate) namespace: String,
    #[command(flatten)]
    pub(crate) cluster: ClusterArgs,
}

impl ReleaseArgs {
    pub(crate) fn place(&self) -> Place {
        Place { name: self.name.clone(), namespace: self.namespace.clone() }
    }
}

/// Flags of `forward`.
#[derive(Debug, Clone, Args)]
pub(crate) struct ForwardArgs {
    #[command(flatten)]
    pub(crate) release: ReleaseArgs,
    /// Listen on this local port; 0 picks a free one
    #[arg(long, env = "STICKYCTL_PORT", default_value_t = 8080)]
    pub(crate) port: u16,
}

/// Flags of `up` on a cluster, besides those of the spec.
#[derive(Debug, Clone, Args)]
pub(crate) struct ClusterUpArgs {
    #[command(flatten)]
    cluster: ClusterArgs,
    #[command(flatten)]
    binary: BinaryArgs,
    /// Load the app's image with COMMAND, which gets the archive on stdin; it is split into words, without a shell
    #[arg(long, value_name = "COMMAND")]
    image_loader: Option<String>,
    /// Install a front door if nothing serves the class
    #[arg(long)]
    install_front_door: bool,
    /// Take ownership of fields managed by others
    #[arg(long)]
    force_conflicts: bool,
    /// Apply even if the front door would not keep sessions on their pods
    #[arg(long)]
    force: bool,
    /// Change nothing: print the objects (client), or what the API server would change (server)
    #[arg(long, value_name = "WHO")]
    dry_run: Option<DryRunArg>,
    /// Give up waiting after DURATION
    #[arg(long, value_name = "DURATION", default_value = "5m", value_parser = duration::positive)]
    timeout: Duration,
}

/// `--dry-run`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum DryRunArg {
    /// Print the objects as YAML; nothing is sent
    Client,
    /// Let the API server do everything except storing it
    Server,
}

impl ClusterUpArgs {
    pub(crate) fn access(&self) -> Access {
        self.cluster.access()
    }

    /// # Errors
    /// The loader's command can't be split into words.
    pub(crate) fn request<'a>(&self, spec: &'a dyn SpecSource) -> Result<Request<'a>, Failure> {
        Ok(Request {
            spec,
            app_binary: self.binary.app_binary.clone(),
            loader: self.image_loader.as_deref().map(Loader::parse).transpose()?,
            install_front_door: self.install_front_door,
            force_conflicts: self.force_conflicts,
            force: self.force,
            dry_run: self.dry_run.map(|who| match who {
                DryRunArg::Client => DryRun::Client,
                DryRunArg::Server => DryRun::Server,
            }),
            timeout: self.timeout,
        })
    }
}

impl SpecSource for Input {
    fn has_file(&self) -> bool {
        Self::has_file(self)
    }

    fn load(&self, release: Option<Value>) -> Result<Effective, Failure> {
        let loaded = Self::load(self, release);
        loaded.refuse()?;
        Ok(Effective { spec: loaded.spec, warnings: loaded.findings.warnings, given: loaded.given })
    }

    fn place(&self) -> (String, String) {
        let spec = Self::load(self, None).spec;
        (spec.name, spec.namespace)
    }
}
