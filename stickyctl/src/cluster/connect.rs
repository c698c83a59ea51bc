//! Connecting to the API server: kubeconfig, context, client, and whether the cluster is new enough. In a pod without a kubeconfig, the
//! pod's ServiceAccount takes its place.

use super::errors::{ApiError, ask};
use super::plugin::{Plugin, PluginError};
use crate::exit::{Exit, Explained};
use crate::patience::{self, PATIENCE};
use k8s_openapi::api::core::v1::Namespace;
use kube::api::ListParams;
use kube::config::{KubeConfigOptions, Kubeconfig, KubeconfigError};
use kube::{Api, Client, Config};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::runtime::Handle;

/// The oldest supported minor version of Kubernetes 1: 1.30 is the first with the native preStop sleep on by default.
const OLDEST: u32 = 30;
const CONNECT: Duration = Duration::from_secs(5);
/// Where the kubelet puts the token of a pod's ServiceAccount, and the variable that each pod has (kubernetes.io, "Accessing the Kubernetes API from a
/// Pod").
const TOKEN: &str = "/var/run/secrets/kubernetes.io/serviceaccount/token";
const API_SERVER: &str = "KUBERNETES_SERVICE_HOST";
/// The name of the connection of a ServiceAccount, which has no context.
const INSIDE: &str = "in-cluster";
/// What works without any cluster.
const HERE: &str = "stickyctl up --local    starts the demo on this machine; it needs no cluster";

/// The cluster that `--kubeconfig` and `--context` select.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Access {
    /// The kubeconfig; without one, `KUBECONFIG` or else `~/.kube/config`.
    pub kubeconfig: Option<PathBuf>,
    /// The kubeconfig's context; without one, its current context.
    pub context: Option<String>,
}

/// A cluster that answers.
#[derive(Clone)]
pub struct Cluster {
    /// The client. It doesn't retry requests.
    pub client: Client,
    /// The context's name in the kubeconfig.
    pub context: String,
    /// The API server's version, as in `1.35.4`.
    pub version: String,
    /// Whether this process runs in one of the cluster's pods, as that pod's ServiceAccount: it reaches other pods directly.
    pub inside: bool,
}

impl Cluster {
    /// The name of the kind cluster, if the context is one that kind wrote.
    #[must_use]
    pub fn kind(&self) -> Option<&str> {
        self.context.strip_prefix("kind-")
    }
}

/// Why there is no connection to a cluster.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no kubeconfig to read; why.
    #[error("no kubeconfig: {0}")]
    NoKubeconfig(String),
    /// The kubeconfig has no current context, and none was named; whether it has any.
    #[error("the kubeconfig has no current context")]
    NoContext {
        /// Whether there are contexts to choose from.
        others: bool,
    },
    /// The kubeconfig is there and can't be used; why.
    #[error("the kubeconfig can't be used: {0}")]
    Unusable(String),
    /// The program that the kubeconfig names for credentials gave none.
    #[error(transparent)]
    Plugin(#[from] PluginError),
    /// The API server's version is below 1.30.
    #[error("Kubernetes {0} is too old: stickyctl needs 1.{OLDEST} or later")]
    TooOld(String),
    /// The API server did not answer as it should.
    #[error(transparent)]
    Api(#[from] ApiError),
}

impl Explained for Error {
    fn exit(&self) -> Exit {
        match self {
            Self::NoKubeconfig(_) | Self::NoContext { .. } | Self::Unusable(_) | Self::TooOld(_) | Self::Plugin(_) => Exit::Prerequisite,
            Self::Api(error) => error.exit(),
        }
    }

    fn next_steps(&self) -> Vec<String> {
        let steps: &[&str] = match self {
            // As kind leaves a kubeconfig behind after its last cluster.
            Self::NoKubeconfig(_) | Self::NoContext { others: false } => &[
                "kind create cluster              creates a cluster on this machine, and a kubeconfig for it",
                "stickyctl up --kubeconfig FILE   uses a kubeconfig from elsewhere",
                "stickyctl up --local             needs no cluster",
            ],
            Self::NoContext { others: true } => {
                &["kubectl config get-contexts      lists the contexts", "stickyctl up --context NAME      uses one of them", HERE]
            }
            Self::Unusable(_) => &["kubectl config get-contexts", HERE],
            Self::TooOld(_) => &["kind create cluster     creates a new one on this machine", HERE],
            Self::Plugin(error) => return error.next_steps(),
            Self::Api(error) => {
                let is_away = matches!(error, ApiError::Unreachable { .. } | ApiError::Late { .. });
                return error.next_steps().into_iter().chain(is_away.then(|| HERE.to_owned())).collect();
            }
        };
        steps.iter().map(|step| (*step).to_owned()).collect()
    }
}

/// Reads the kubeconfig and asks the API server for its version.
///
/// # Errors
/// [`Exit::Prerequisite`] for everything but an API server that answers late or with an error of its own.
pub async fn connect(access: &Access) -> Result<Cluster, Error> {
    connect_within(PATIENCE, access).await
}

/// The same; reading the kubeconfig, and the program that it names for credentials, may each take `most`.
async fn connect_within(most: Duration, access: &Access) -> Result<Cluster, Error> {
    let late = format!("it, or a file that it names, could not be read within {} s", most.as_secs_f32());
    let (reading, owned) = (Handle::current(), access.clone());
    let (config, context, inside) = patience::within(most, move || reading.block_on(read(&owned))).await.ok_or(Error::Unusable(late))??;
    let address = config.cluster_url.to_string();
    let plugin = Plugin::of(&config);
    // kube runs the program while it makes the client.
    let client = patience::within(most, move || Client::try_from(config)).await.map(|made| {
        made.map_err(|error| match (&error, &plugin) {
            (kube::Error::Auth(why), Some(plugin)) => plugin.failed(why).into(),
            _ => Error::Api(ApiError::new("using the kubeconfig", &error)),
        })
    });
    let late = || plugin.as_ref().map_or_else(|| Error::Unusable("its credentials could not be read".to_owned()), |plugin| plugin.late(most).into());
    let cluster = greet(client.ok_or_else(late)??, context, address.trim_end_matches('/')).await?;
    Ok(Cluster { inside, ..cluster })
}

/// Asks the API server behind a client for its version.
async fn greet(client: Client, context: String, address: &str) -> Result<Cluster, Error> {
    let info = ask(&format!("asking {address} for its version"), client.apiserver_version()).await?;
    let version = info.git_version.trim_start_matches('v').split(['-', '+']).next().unwrap_or_default().to_owned();
    if too_old(&info.major, &info.minor) {
        return Err(Error::TooOld(version));
    }
    Ok(Cluster { client, context, version, inside: false })
}

/// Cloud providers write the minor version as `30+`. A version that can't be read is assumed to be new enough.
fn too_old(major: &str, minor: &str) -> bool {
    let number = |text: &str| text.trim_end_matches('+').parse::<u32>().ok();
    matches!((number(major), number(minor)), (Some(major), Some(minor)) if major < 1 || (major == 1 && minor < OLDEST))
}

/// The configuration of a client, the name of its context, and whether it is a ServiceAccount's.
async fn read(access: &Access) -> Result<(Config, String, bool), Error> {
    let kubeconfig = match kubeconfig(access) {
        Err(Error::NoKubeconfig(_)) if is_pod(access, std::env::var_os(API_SERVER).is_some(), Path::new(TOKEN)) => {
            let config = Config::incluster().map_err(|error| Error::Unusable(format!("the pod's ServiceAccount: {error}")))?;
            return Ok((patient(config), INSIDE.to_owned(), true));
        }
        read => read?,
    };
    let context = access.context.clone().or_else(|| kubeconfig.current_context.clone()).unwrap_or_default();
    if context.is_empty() {
        return Err(Error::NoContext { others: !kubeconfig.contexts.is_empty() });
    }
    let options = KubeConfigOptions { context: access.context.clone(), ..KubeConfigOptions::default() };
    let config = Config::from_custom_kubeconfig(kubeconfig, &options).await.map_err(|error| unusable(&error))?;
    Ok((patient(config), context, false))
}

/// Whether this is a pod with a ServiceAccount, and nobody asks for another way to connect.
fn is_pod(access: &Access, has_server: bool, token: &Path) -> bool {
    *access == Access::default() && has_server && token.is_file()
}

fn patient(mut config: Config) -> Config {
    // kube's own retries take minutes even for permanent errors, such as a disruption budget that forbids an eviction.
    config.default_retry = false;
    config.connect_timeout = Some(CONNECT);
    config
}

fn kubeconfig(access: &Access) -> Result<Kubeconfig, Error> {
    let read = match &access.kubeconfig {
        Some(path) => Kubeconfig::read_from(path),
        None => Kubeconfig::read(),
    };
    read.map_err(|error| match &error {
        KubeconfigError::ReadConfig(why, path) => Error::NoKubeconfig(format!("{}: {why}", path.display())),
        // Its text quotes lines of the file, which may hold a token.
        KubeconfigError::Parse(why) => {
            let place = why.location().map(|at| format!(" in line {}, column {}", at.line(), at.column())).unwrap_or_default();
            Error::Unusable(format!("it is malformed{place}; that is not shown, because it may be a secret"))
        }
        KubeconfigError::FindPath => Error::NoKubeconfig("KUBECONFIG is not set, and there is no home directory".to_owned()),
        other => unusable(other),
    })
}

/// The names of the kubeconfig's contexts; none if it can't be read.
pub(crate) fn contexts(access: &Access) -> Vec<String> {
    kubeconfig(access).map(|config| config.contexts.into_iter().map(|context| context.name).collect()).unwrap_or_default()
}

/// The names of the cluster's namespaces.
///
/// # Errors
/// There is no connection, or they may not be listed.
pub(crate) async fn namespaces(access: &Access) -> Result<Vec<String>, Error> {
    let all: Api<Namespace> = Api::all(connect(access).await?.client);
    let found = ask("listing the namespaces", all.list_metadata(&ListParams::default())).await?;
    Ok(found.items.into_iter().filter_map(|namespace| namespace.metadata.name).collect())
}

/// kube's text of an error sometimes repeats its cause and sometimes leaves it out.
fn unusable(error: &KubeconfigError) -> Error {
    let mut why = error.to_string();
    let mut cause: &dyn std::error::Error = error;
    while let Some(next) = cause.source() {
        cause = next;
        let text = cause.to_string();
        if !why.contains(&text) {
            why = format!("{why}: {text}");
        }
    }
    Error::Unusable(why)
}

#[cfg(test)]
mod tests;
