//! The changes themselves.

use super::error::Error;
use super::subject::Subject;
use crate::cluster::errors::ask;
use k8s_openapi::api::core::v1::Pod;
use k8s_openapi::jiff::Timestamp;
use kube::Api;
use kube::api::{DeleteParams, EvictParams, Patch, PatchParams, PostParams};
use serde_json::json;

/// The field manager of every change here. It differs from that of `up`, whose fields must stay what they are.
pub(super) const MANAGER: &str = "stickyctl-disrupt";

/// The grace period of a pod that is killed, in seconds.
///
/// Its process gets SIGTERM and a second later SIGKILL, whatever its own grace period and preStop hook are: to a front door, that is a pod that
/// dies while it is still listed. A grace period of 0 is no death but a deleted object: the pod's process may live on, and a StatefulSet may start
/// a second pod of the same name meanwhile (Kubernetes, "Force Delete StatefulSet Pods").
pub(crate) const GRACE: u32 = 1;

pub(super) fn params() -> PatchParams {
    PatchParams { field_manager: Some(MANAGER.to_owned()), ..PatchParams::default() }
}

/// Sets the replica count through the scale subresource, as `kubectl scale` does.
pub(crate) async fn scale(subject: &Subject, replicas: i64) -> Result<(), Error> {
    let Subject { reference, namespace, .. } = subject;
    let patch = Patch::Merge(json!({"spec": {"replicas": replicas}}));
    let doing = format!("scaling {reference} in namespace {namespace} to {replicas} pods");
    ask(&doing, subject.api().patch_scale(&reference.name, &params(), &patch)).await?;
    Ok(())
}

/// Restarts all pods as `kubectl rollout restart` does: by an annotation of the pod template (kubectl `pkg/polymorphichelpers/objectrestarter.go`).
pub(crate) async fn restart(subject: &Subject) -> Result<(), Error> {
    let Subject { reference, namespace, .. } = subject;
    let now = Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let patch = Patch::Merge(json!({"spec": {"template": {"metadata": {"annotations": {"kubectl.kubernetes.io/restartedAt": now}}}}}));
    ask(&format!("restarting {reference} in namespace {namespace}"), subject.api().patch(&reference.name, &params(), &patch)).await?;
    Ok(())
}

/// Deletes a pod with a grace period of [`GRACE`].
pub(crate) async fn kill(subject: &Subject, pod: &str) -> Result<(), Error> {
    let pods: Api<Pod> = Api::namespaced(subject.client.clone(), &subject.namespace);
    let params = DeleteParams::default().grace_period(GRACE);
    ask(&format!("deleting pod {pod} in namespace {}", subject.namespace), pods.delete(pod, &params)).await?;
    Ok(())
}

/// Evicts a pod, or asks whether that would be allowed.
///
/// # Errors
/// [`Error::Budget`] if a PodDisruptionBudget forbids it, or if several budgets select it, which the API server does not support.
pub(crate) async fn evict(subject: &Subject, pod: &str, dry_run: bool) -> Result<(), Error> {
    let pods: Api<Pod> = Api::namespaced(subject.client.clone(), &subject.namespace);
    let params = EvictParams { post_options: PostParams { dry_run, ..PostParams::default() }, ..EvictParams::default() };
    let doing = format!("evicting pod {pod} in namespace {}", subject.namespace);
    let said = ask(&doing, async {
        match pods.evict(pod, &params).await {
            Err(kube::Error::Api(status)) if status.code == 429 || status.message.contains("more than one PodDisruptionBudget") => {
                Ok(Some(status.message))
            }
            done => done.map(|_| None),
        }
    });
    match said.await? {
        Some(said) => Err(Error::Budget { pod: pod.to_owned(), namespace: subject.namespace.clone(), said }),
        None => Ok(()),
    }
}
