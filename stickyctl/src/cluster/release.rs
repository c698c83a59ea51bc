//! A release as it is on the cluster: its Deployment, what it says of itself, and who owns its number of pods.

use super::connect::ClusterArgs;
use super::errors::ask;
use crate::exit::{Exit, Failure};
use crate::generate::meta::SPEC;
use crate::spec::StickyApp;
use clap::Args;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use kube::api::ListParams;
use kube::{Api, Client};
use serde_json::Value;

/// The field manager of everything that is applied here.
pub const MANAGER: &str = "stickyctl";

/// Which release, and where.
#[derive(Debug, Clone, Args)]
pub struct ReleaseArgs {
    /// Name of the release
    #[arg(long, env = "STICKYCTL_NAME", default_value = "sticky-sessions")]
    pub name: String,
    /// Its namespace
    #[arg(short, long, env = "STICKYCTL_NAMESPACE", default_value = "sticky-sessions")]
    pub namespace: String,
    #[command(flatten)]
    #[allow(missing_docs, reason = "clap would take the text for that of every flag in it")]
    pub cluster: ClusterArgs,
}

/// A release that is there.
#[derive(Debug, Clone)]
pub struct Release {
    /// Its Deployment.
    pub deployment: Deployment,
    /// Names of the autoscalers that aim at it, ours and others.
    pub autoscalers: Vec<String>,
}

impl Release {
    /// Looks for it. A cluster without it, or without its namespace, is no error.
    ///
    /// # Errors
    /// The API server could not be asked.
    pub async fn find(client: &Client, name: &str, namespace: &str) -> Result<Option<Self>, Failure> {
        let deployments: Api<Deployment> = Api::namespaced(client.clone(), namespace);
        let doing = format!("reading deployment {name} in namespace {namespace}");
        let Some(deployment) = ask(&doing, deployments.get_opt(name)).await? else { return Ok(None) };
        let all: Api<HorizontalPodAutoscaler> = Api::namespaced(client.clone(), namespace);
        let all = ask(&format!("listing the autoscalers in namespace {namespace}"), all.list(&ListParams::default())).await?;
        let autoscalers = all.items.into_iter().filter(|scaler| aims_at(scaler, name)).filter_map(|scaler| scaler.metadata.name).collect();
        Ok(Some(Self { deployment, autoscalers }))
    }

    /// What it says of itself: the spec that it was made of.
    ///
    /// # Errors
    /// The Deployment is not one of ours ([`Exit::Failed`]).
    pub fn annotation(&self) -> Result<Value, Failure> {
        let meta = &self.deployment.metadata;
        let (name, namespace) = (meta.name.clone().unwrap_or_default(), meta.namespace.clone().unwrap_or_default());
        let text = meta.annotations.as_ref().and_then(|all| all.get(SPEC)).ok_or_else(|| {
            Failure::new(Exit::Failed, format!("deployment {name} in namespace {namespace} carries no {SPEC}: it is no release of stickyctl"))
                .try_this("stickyctl up --name ANOTHER        beside it")
                .try_this("stickyctl up -f FILE               where it is one and lost its annotation")
        })?;
        serde_json::from_str(text).map_err(|why| {
            Failure::new(Exit::Failed, format!("the annotation {SPEC} of deployment {name} in namespace {namespace} is no spec: {why}"))
                .try_this("stickyctl up -f FILE   writes it anew")
        })
    }

    /// The spec that it was made of, typed; unlike a file it is taken as it is.
    ///
    /// # Errors
    /// As [`Self::annotation`].
    pub fn spec(&self) -> Result<StickyApp, Failure> {
        serde_json::from_value(self.annotation()?).map_err(|why| {
            Failure::new(Exit::Failed, format!("the release's annotation {SPEC} is not readable by this version of stickyctl: {why}"))
                .try_this("stickyctl up -f FILE   writes it anew")
        })
    }

    /// Refuses to change a release that Helm keeps: its next upgrade would undo the change, or stop at it. `instead` is Helm's way.
    ///
    /// # Errors
    /// It is Helm's ([`Exit::Failed`]).
    pub fn is_not_helms(&self, instead: &str) -> Result<(), Failure> {
        if !is_helms(&self.deployment) {
            return Ok(());
        }
        let meta = &self.deployment.metadata;
        let (name, namespace) = (meta.name.clone().unwrap_or_default(), meta.namespace.clone().unwrap_or_default());
        Err(Failure::new(
            Exit::Failed,
            format!("the release {name} in namespace {namespace} is Helm's: what is changed beside it, its next upgrade undoes"),
        )
        .try_this(instead))
    }

    /// Pods that are asked for now.
    #[must_use]
    pub fn replicas(&self) -> i32 {
        self.deployment.spec.as_ref().and_then(|spec| spec.replicas).unwrap_or(1)
    }
}

/// Whether a Deployment says that Helm keeps it, as everything that Helm installs does.
#[must_use]
pub fn is_helms(deployment: &Deployment) -> bool {
    let labels = deployment.metadata.labels.as_ref();
    labels.and_then(|labels| labels.get("app.kubernetes.io/managed-by")).is_some_and(|keeper| keeper == "Helm")
}

fn aims_at(scaler: &HorizontalPodAutoscaler, name: &str) -> bool {
    scaler.spec.as_ref().is_some_and(|spec| {
        let target = &spec.scale_target_ref;
        target.kind == "Deployment" && target.name == name && target.api_version.as_deref().unwrap_or_default().starts_with("apps/")
    })
}

/// The failure of a command that needs a release.
#[must_use]
pub fn none(name: &str, namespace: &str) -> Failure {
    Failure::new(Exit::Failed, format!("there is no release {name} in namespace {namespace}"))
        .try_this("stickyctl up                     makes one")
        .try_this("kubectl get deployments -A -l app.kubernetes.io/managed-by=stickyctl    those that there are")
}
