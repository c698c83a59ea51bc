//! A release as it is on the cluster: its Deployment, the spec in its annotation, and the autoscalers that target it.

use super::errors::{ApiError, ask};
use crate::exit::{Exit, Explained};
use crate::generate::meta::SPEC;
use crate::spec::StickyApp;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use kube::api::ListParams;
use kube::{Api, Client};
use serde_json::Value;

/// The field manager of everything that stickyctl applies.
pub(crate) const MANAGER: &str = "stickyctl";

/// Which release of a cluster, or which other object in a namespace.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Place {
    /// The release's name, which is also its Deployment's.
    pub name: String,
    /// The namespace of all its objects.
    pub namespace: String,
}

impl std::fmt::Display for Place {
    /// `sticky-sessions in namespace demo`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} in namespace {}", self.name, self.namespace)
    }
}

/// A release that exists.
#[derive(Debug, Clone)]
pub struct Release {
    /// Its Deployment as it was read.
    pub deployment: Deployment,
    /// Names of all HorizontalPodAutoscalers that target it, the release's own and others.
    pub autoscalers: Vec<String>,
}

/// A release that can't be worked with.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such Deployment, or no such namespace.
    #[error("release {0} does not exist")]
    Absent(Place),
    /// A Deployment has the name and lacks the annotation.
    #[error("deployment {0} has no annotation {SPEC}: it is not a stickyctl release")]
    NotOurs(Place),
    /// The annotation is not JSON, or not a spec that this version reads; why.
    #[error("can't read the annotation {SPEC} of deployment {0}: {1}")]
    Unreadable(Place, String),
    /// Helm manages it; the equivalent Helm command.
    #[error("release {0} is managed by Helm: its next upgrade would undo a change made here")]
    Helm(Place, String),
    /// The API server did not answer as it should.
    #[error(transparent)]
    Api(#[from] ApiError),
}

impl Explained for Error {
    fn exit(&self) -> Exit {
        match self {
            Self::Absent(_) | Self::NotOurs(_) | Self::Unreadable(..) | Self::Helm(..) => Exit::Failed,
            Self::Api(error) => error.exit(),
        }
    }

    fn next_steps(&self) -> Vec<String> {
        match self {
            Self::Absent(_) => vec![
                "stickyctl up                     creates it".to_owned(),
                "kubectl get deployments -A -l stickyctl.dev/track=stable    lists the releases of the cluster".to_owned(),
            ],
            Self::NotOurs(_) => vec![
                "stickyctl up --name ANOTHER        creates a release next to it".to_owned(),
                "stickyctl up -f FILE               restores the annotation of a release that lost it".to_owned(),
            ],
            Self::Unreadable(..) => vec!["stickyctl up -f FILE   writes the annotation again".to_owned()],
            Self::Helm(_, instead) => vec![instead.clone()],
            Self::Api(error) => error.next_steps(),
        }
    }
}

impl Release {
    /// Looks for a release. A cluster without it, or without its namespace, is not an error.
    ///
    /// # Errors
    /// The API server did not answer as it should.
    pub async fn find(client: &Client, place: &Place) -> Result<Option<Self>, Error> {
        let Place { name, namespace } = place;
        let deployments: Api<Deployment> = Api::namespaced(client.clone(), namespace);
        let doing = format!("reading deployment {place}");
        let Some(deployment) = ask(&doing, deployments.get_opt(name)).await? else { return Ok(None) };
        let all: Api<HorizontalPodAutoscaler> = Api::namespaced(client.clone(), namespace);
        let all = ask(&format!("listing the autoscalers in namespace {namespace}"), all.list(&ListParams::default())).await?;
        let autoscalers = all.items.into_iter().filter(|scaler| aims_at(scaler, name)).filter_map(|scaler| scaler.metadata.name).collect();
        Ok(Some(Self { deployment, autoscalers }))
    }

    /// As [`Self::find`], for a command that needs it to exist.
    ///
    /// # Errors
    /// It does not exist, or the API server did not answer as it should.
    pub async fn get(client: &Client, place: &Place) -> Result<Self, Error> {
        Self::find(client, place).await?.ok_or_else(|| Error::Absent(place.clone()))
    }

    /// The spec in the annotation, as JSON: what the release was made from.
    ///
    /// # Errors
    /// There is no annotation, or it is not JSON.
    pub fn annotation(&self) -> Result<Value, Error> {
        let annotations = self.deployment.metadata.annotations.as_ref();
        let text = annotations.and_then(|all| all.get(SPEC)).ok_or_else(|| Error::NotOurs(self.place()))?;
        serde_json::from_str(text).map_err(|why| Error::Unreadable(self.place(), why.to_string()))
    }

    /// The spec in the annotation, typed. Unlike a spec in a file it isn't checked again.
    ///
    /// # Errors
    /// As [`Self::annotation`]; also a spec that another version of stickyctl wrote and this one can't read.
    pub fn spec(&self) -> Result<StickyApp, Error> {
        serde_json::from_value(self.annotation()?).map_err(|why| Error::Unreadable(self.place(), why.to_string()))
    }

    /// Refuses a release that Helm manages: Helm's next upgrade would undo a change, or stop at it. `instead` is the Helm command.
    ///
    /// # Errors
    /// [`Error::Helm`].
    pub(crate) fn is_not_helms(&self, instead: &str) -> Result<(), Error> {
        let labels = self.deployment.metadata.labels.as_ref();
        let manager = labels.and_then(|labels| labels.get("app.kubernetes.io/managed-by"));
        if manager.is_some_and(|manager| manager == "Helm") { Err(Error::Helm(self.place(), instead.to_owned())) } else { Ok(()) }
    }

    fn place(&self) -> Place {
        let meta = &self.deployment.metadata;
        Place { name: meta.name.clone().unwrap_or_default(), namespace: meta.namespace.clone().unwrap_or_default() }
    }

    /// The number of pods that the Deployment asks for now.
    #[must_use]
    pub fn replicas(&self) -> i32 {
        self.deployment.spec.as_ref().and_then(|spec| spec.replicas).unwrap_or(1)
    }
}

fn aims_at(scaler: &HorizontalPodAutoscaler, name: &str) -> bool {
    scaler.spec.as_ref().is_some_and(|spec| {
        let target = &spec.scale_target_ref;
        target.kind == "Deployment" && target.name == name && target.api_version.as_deref().unwrap_or_default().starts_with("apps/")
    })
}
