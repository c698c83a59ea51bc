//! The canary's Deployment, whose name may already be another Deployment's.

use crate::cluster::errors::{ApiError, ask};
use crate::cluster::inventory::is_managed;
use crate::exit::{Exit, Explained};
use crate::generate::meta::Track;
use crate::spec::StickyApp;
use k8s_openapi::api::apps::v1::Deployment;
use kube::{Api, Client, ResourceExt};

/// Why there can be no canary.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    /// The Deployment of another release, or one that somebody else applied.
    #[error("deployment {name} in namespace {namespace} is not a canary of release {release}, and the canary needs that name")]
    Taken { name: String, namespace: String, release: String },
    #[error(transparent)]
    Api(#[from] ApiError),
}

impl Explained for Error {
    fn exit(&self) -> Exit {
        match self {
            Self::Taken { .. } => Exit::Failed,
            Self::Api(error) => error.exit(),
        }
    }

    fn next_steps(&self) -> Vec<String> {
        match self {
            Self::Taken { .. } => vec![
                "stickyctl up --canary 0         goes on without a canary".to_owned(),
                "stickyctl up --name ANOTHER     creates a release with another name".to_owned(),
            ],
            Self::Api(error) => error.next_steps(),
        }
    }
}

/// Checks that the canary's name is free, or that its Deployment is this release's own.
///
/// # Errors
/// [`Error`].
pub(super) async fn check_name(client: &Client, spec: &StickyApp) -> Result<(), Error> {
    if spec.canary.pods == 0 {
        return Ok(());
    }
    let (name, namespace) = (Track::Canary.deployment(spec), spec.namespace.clone());
    let all: Api<Deployment> = Api::namespaced(client.clone(), &namespace);
    let live = ask(&format!("reading deployment {name} in namespace {namespace}"), all.get_metadata_opt(&name)).await?;
    let is_own = live.is_none_or(|live| is_managed(&live.metadata) && live.labels().get("app.kubernetes.io/instance") == Some(&spec.name));
    if is_own { Ok(()) } else { Err(Error::Taken { name, namespace, release: spec.name.clone() }) }
}
