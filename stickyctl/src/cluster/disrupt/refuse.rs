//! Whether a workload may be disrupted now.

use super::act;
use super::error::Error;
use super::subject::Subject;
use super::which::Which;
use crate::cluster::errors::ask;
use crate::cluster::seen::if_readable;
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use kube::Api;
use kube::api::{ApiResource, DynamicObject, ListParams};
use kube::core::GroupVersionKind;

/// Refuses a workload that an autoscaler changes, that is already changing, or that can't lose a pod.
///
/// # Errors
/// Why it is refused, or what can't be read.
pub(crate) async fn check(subject: &Subject, all: &[Which]) -> Result<(), Error> {
    let Subject { reference, namespace, .. } = subject;
    let by = autoscalers(subject, all.contains(&Which::Scale)).await?;
    if !by.is_empty() {
        return Err(Error::Autoscaled { of: reference.clone(), namespace: namespace.clone(), by });
    }
    if all.contains(&Which::Rollout) {
        if subject.spec()["paused"] == true {
            return Err(Error::Paused(reference.clone()));
        }
        if subject.spec()["updateStrategy"]["type"] == "OnDelete" {
            return Err(Error::OnDelete(reference.clone()));
        }
    }
    let ready = subject.ready().await?;
    if ready.len() < 2 {
        return Err(Error::Few { of: reference.clone(), namespace: namespace.clone(), ready: ready.len() });
    }
    if !subject.is_done() {
        let (ready, wanted) = (subject.up_to_date(), subject.replicas());
        return Err(Error::RollingOut { of: reference.clone(), namespace: namespace.clone(), ready, wanted });
    }
    if all.iter().any(|which| matches!(which, Which::Kill | Which::Evict)) {
        // A budget selects pods by labels, which all of them share.
        act::evict(subject, &ready[0], true).await?;
    }
    Ok(())
}

/// The autoscalers that may change the number of pods, as kubectl names them. One whose minimum is its maximum changes nothing, but would undo
/// another number (`scales`).
async fn autoscalers(subject: &Subject, scales: bool) -> Result<Vec<String>, Error> {
    let namespace = &subject.namespace;
    let all: Api<HorizontalPodAutoscaler> = Api::namespaced(subject.client.clone(), namespace);
    let found = ask(&format!("listing the autoscalers in namespace {namespace}"), all.list(&ListParams::default())).await?;
    let mut names: Vec<String> = Vec::new();
    for scaler in found.items {
        let Some(spec) = &scaler.spec else { continue };
        let target = &spec.scale_target_ref;
        let is_fixed = spec.min_replicas.unwrap_or(1) == spec.max_replicas;
        if target.kind == subject.reference.kind.kind() && target.name == subject.reference.name && (scales || !is_fixed) {
            names.extend(scaler.metadata.name.map(|name| format!("horizontalpodautoscaler/{name}")));
        }
    }
    // KEDA creates a HorizontalPodAutoscaler of its own, except where a ScaledObject has scaled to zero.
    let resource = ApiResource::from_gvk_with_plural(&GroupVersionKind::gvk("keda.sh", "v1alpha1", "ScaledObject"), "scaledobjects");
    let scaled: Api<DynamicObject> = Api::namespaced_with(subject.client.clone(), namespace, &resource);
    let doing = format!("listing KEDA's ScaledObjects in namespace {namespace}");
    for object in ask(&doing, if_readable(scaled.list(&ListParams::default()))).await?.into_iter().flat_map(|list| list.items) {
        let target = &object.data["spec"]["scaleTargetRef"];
        // A Deployment, unless it says otherwise (KEDA 2.17, "ScaledObject specification").
        let kind = target["kind"].as_str().unwrap_or("Deployment");
        let is_paused =
            object.metadata.annotations.as_ref().is_some_and(|all| all.get("autoscaling.keda.sh/paused").is_some_and(|text| text == "true"));
        if kind == subject.reference.kind.kind() && target["name"] == subject.reference.name.as_str() && !is_paused {
            names.extend(object.metadata.name.map(|name| format!("scaledobject/{name}")));
        }
    }
    Ok(names)
}
