//! Why a workload is not disrupted.

use super::reference::Reference;
use crate::cluster::errors::ApiError;
use crate::exit::{Exit, Explained};

#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("{0} does not exist in namespace {1}")]
    Absent(Reference, String),
    #[error("no Deployment and no StatefulSet owns the pods in namespace {namespace} that match {selector}")]
    NoOwner { namespace: String, selector: String },
    #[error("the pods in namespace {namespace} that match {selector} belong to several workloads: {}", list(all))]
    SeveralOwners { namespace: String, selector: String, all: Vec<Reference> },
    #[error("can't tell which pods belong to {0}: its selector uses an operator that is not known")]
    NoSelector(Reference),
    #[error("{of} is scaled by {}, which may change the number of pods at any time: neither the disruption nor a move could be judged", by.join(", "))]
    Autoscaled { of: Reference, namespace: String, by: Vec<String> },
    #[error("pod {pod} can't be taken away: {said}")]
    Budget { pod: String, namespace: String, said: String },
    #[error("a rollout of {of} is under way: {ready} of {wanted} pods are ready and up to date")]
    RollingOut { of: Reference, namespace: String, ready: i64, wanted: i64 },
    #[error("{of} has {ready} ready pods: with fewer than 2, every session would lose its pod and no other pod could take it")]
    Few { of: Reference, namespace: String, ready: usize },
    #[error("{0} is paused, so it does not roll out anything")]
    Paused(Reference),
    #[error("{0} has the update strategy OnDelete, so it does not replace its pods in a rollout")]
    OnDelete(Reference),
    #[error("permission denied: you can't {verb} {resource} in namespace {namespace}. The rule to add to a Role: {rule}")]
    Denied { verb: &'static str, resource: String, namespace: String, rule: String },
    #[error("{of} changed while its replica count was being recorded")]
    Changed { of: Reference },
    #[error(
        "another run records a disruption of {0}: it may still be under way, or it ended without restoring the replica count. Nothing was changed"
    )]
    Left(Reference, String),
    #[error(transparent)]
    Api(#[from] ApiError),
}

fn list(all: &[Reference]) -> String {
    all.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

impl Explained for Error {
    fn exit(&self) -> Exit {
        match self {
            Self::Absent(..) | Self::NoOwner { .. } | Self::SeveralOwners { .. } | Self::NoSelector(_) => Exit::Usage,
            Self::Denied { .. } => Exit::Prerequisite,
            Self::Api(error) => error.exit(),
            _ => Exit::Failed,
        }
    }

    fn next_steps(&self) -> Vec<String> {
        match self {
            Self::Absent(_, namespace) => vec![format!("kubectl get deployments,statefulsets -n {namespace}")],
            Self::NoOwner { .. } | Self::NoSelector(_) => vec!["--workload deployment/NAME    names the workload to disrupt".to_owned()],
            Self::SeveralOwners { all, .. } => all.iter().map(|one| format!("--workload {one}")).collect(),
            Self::Autoscaled { of, namespace, by } => {
                let mut steps: Vec<String> = by.iter().map(|one| format!("kubectl get {one} -n {namespace}")).collect();
                steps.push(format!("set its minimum and maximum to the same number: then rollout, kill and evict are possible on {of}"));
                steps
            }
            Self::Budget { namespace, .. } => vec![
                format!("kubectl get poddisruptionbudgets -n {namespace}"),
                "--disrupt scale,rollout    take no pod away against a budget".to_owned(),
            ],
            Self::RollingOut { of, namespace, .. } => vec![format!("kubectl rollout status {of} -n {namespace}    waits until it is done")],
            Self::Few { of, namespace, .. } => vec![format!("kubectl scale {of} -n {namespace} --replicas=3")],
            Self::Paused(of) => vec![format!("kubectl rollout resume {of}")],
            Self::OnDelete(_) => vec!["--disrupt scale,kill,evict".to_owned()],
            Self::Denied { .. } => {
                vec!["kubectl auth can-i --list    shows what you may do; an administrator of the cluster can grant more".to_owned()]
            }
            Self::Changed { .. } => vec!["the same command again".to_owned()],
            Self::Left(_, restore) => vec!["the same command with --yes    restores it first".to_owned(), restore.clone()],
            Self::Api(error) => error.next_steps(),
        }
    }
}
