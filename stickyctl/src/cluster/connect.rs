//! The way to the API server: kubeconfig, context, client, and whether the cluster is new enough.

use super::errors::{ask, failure};
use crate::exit::{Exit, Failure};
use clap::Args;
use kube::config::{KubeConfigOptions, Kubeconfig, KubeconfigError};
use kube::{Client, Config};
use std::path::PathBuf;
use std::time::Duration;

/// The oldest minor version of Kubernetes 1 that is served: 1.30 is the first with the native preStop sleep on by default.
const OLDEST: u32 = 30;
const CONNECT: Duration = Duration::from_secs(5);

/// Which cluster.
#[derive(Debug, Clone, Default, Args)]
pub struct ClusterArgs {
    /// The kubeconfig [default: KUBECONFIG, else ~/.kube/config]
    #[arg(long, value_name = "FILE")]
    pub kubeconfig: Option<PathBuf>,
    /// The kubeconfig's context [default: its current one]
    #[arg(long, value_name = "NAME")]
    pub context: Option<String>,
}

/// A cluster that answers.
#[derive(Clone)]
pub struct Cluster {
    /// The client. It retries nothing by itself.
    pub client: Client,
    /// The context's name.
    pub context: String,
    /// Its version, as in `1.35.4`.
    pub version: String,
}

impl Cluster {
    /// The kind cluster's name, where the context is one that kind wrote.
    #[must_use]
    pub fn kind(&self) -> Option<&str> {
        self.context.strip_prefix("kind-")
    }
}

/// Reads the kubeconfig and asks the API server for its version.
///
/// # Errors
/// [`Exit::Prerequisite`]: no kubeconfig, no such context, no cluster, a wrong authority, refused credentials, a cluster
/// that is too old.
pub async fn connect(args: &ClusterArgs) -> Result<Cluster, Failure> {
    let kubeconfig = read(args)?;
    let context = args.context.clone().or_else(|| kubeconfig.current_context.clone()).unwrap_or_default();
    let options = KubeConfigOptions { context: args.context.clone(), ..KubeConfigOptions::default() };
    let mut config = Config::from_custom_kubeconfig(kubeconfig, &options).await.map_err(|error| unusable(&error))?;
    // kube's own retries run for minutes on what never gets better (a budget that forbids an eviction).
    config.default_retry = false;
    config.connect_timeout = Some(CONNECT);
    let address = config.cluster_url.to_string();
    let client = Client::try_from(config).map_err(|error| failure("using the kubeconfig", &error))?;
    let doing = format!("asking {} for its version", address.trim_end_matches('/'));
    let info = ask(&doing, client.apiserver_version()).await?;
    let version = info.git_version.trim_start_matches('v').split(['-', '+']).next().unwrap_or_default().to_owned();
    if too_old(&info.major, &info.minor) {
        return Err(Failure::new(Exit::Prerequisite, format!("Kubernetes {version} is too old: 1.{OLDEST} is the oldest that this works with"))
            .try_this("kind create cluster    makes a new one on this machine"));
    }
    Ok(Cluster { client, context, version })
}

/// Cloud providers write the minor version as `30+`.
fn too_old(major: &str, minor: &str) -> bool {
    let number = |text: &str| text.trim_end_matches('+').parse::<u32>().ok();
    matches!((number(major), number(minor)), (Some(major), Some(minor)) if major < 1 || (major == 1 && minor < OLDEST))
}

fn read(args: &ClusterArgs) -> Result<Kubeconfig, Failure> {
    let read = match &args.kubeconfig {
        Some(path) => Kubeconfig::read_from(path),
        None => Kubeconfig::read(),
    };
    read.map_err(|error| match &error {
        KubeconfigError::ReadConfig(why, path) => missing(&format!("{}: {why}", path.display())),
        KubeconfigError::FindPath => missing("there is neither KUBECONFIG nor a home folder"),
        other => unusable(other),
    })
}

fn missing(why: &str) -> Failure {
    Failure::new(Exit::Prerequisite, format!("no kubeconfig: {why}"))
        .try_this("kind create cluster              makes a cluster on this machine, and a kubeconfig for it")
        .try_this("stickyctl up --kubeconfig FILE   where yours is elsewhere")
        .try_this("stickyctl up --local             without any cluster")
}

fn unusable(error: &KubeconfigError) -> Failure {
    let mut why = error.to_string();
    let mut cause: &dyn std::error::Error = error;
    while let Some(next) = cause.source() {
        cause = next;
        let text = cause.to_string();
        if !why.contains(&text) {
            why = format!("{why}: {text}");
        }
    }
    Failure::new(Exit::Prerequisite, format!("the kubeconfig can't be used: {why}")).try_this("kubectl config get-contexts")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions() {
        assert!(too_old("1", "29") && too_old("1", "9+") && too_old("0", "40"));
        assert!(!too_old("1", "30") && !too_old("1", "30+") && !too_old("1", "35") && !too_old("2", "0"));
        assert!(!too_old("", ""), "what can't be read is tried");
    }
}
