//! What keeps an autoscaler from working.
//!
//! Its conditions say so (Kubernetes 1.35, `pkg/controller/podautoscaler/horizontal.go`), in words that name what failed inside and
//! not what to do about it.

use super::errors::{ApiError, ask};
use k8s_openapi::api::autoscaling::v2::{HorizontalPodAutoscaler, HorizontalPodAutoscalerCondition, ResourceMetricSource};
use kube::Client;

/// The API group that every implementation of the metrics API serves.
const GROUP: &str = "metrics.k8s.io";

/// Shown if nothing serves [`GROUP`].
pub(crate) const NO_METRICS_API: &str = "the cluster has no metrics API (metrics.k8s.io), so nothing can scale by CPU usage; install metrics-server";

/// Whether the cluster has a metrics API. One that doesn't answer counts: the autoscaler's own conditions report that.
///
/// # Errors
/// The API server did not answer as it should.
pub(crate) async fn has_metrics_api(client: &Client) -> Result<bool, ApiError> {
    let groups = ask("asking which APIs the cluster has", client.list_api_groups()).await?;
    Ok(groups.groups.iter().any(|group| group.name == GROUP))
}

/// Why it can't work now. `None` if it can, or if its controller has not looked at it yet.
pub(crate) fn trouble(scaler: &HorizontalPodAutoscaler, has_metrics_api: bool) -> Option<String> {
    if !has_metrics_api && resources(scaler).next().is_some() {
        return Some(NO_METRICS_API.to_owned());
    }
    let conditions = scaler.status.iter().flat_map(|status| status.conditions.iter().flatten());
    // It can't read or write the number at all, or it doesn't know which number to write.
    let failed = |kind: &str| conditions.clone().find(|condition| condition.type_ == kind && condition.status == "False");
    failed("AbleToScale").or_else(|| failed("ScalingActive")).map(|condition| words(condition, has_metrics_api))
}

fn words(condition: &HorizontalPodAutoscalerCondition, has_metrics_api: bool) -> String {
    let said = condition.message.as_deref().unwrap_or_default();
    match condition.reason.as_deref().unwrap_or_default() {
        "ScalingDisabled" => "off while the release has no pods; stickyctl up starts them again".to_owned(),
        "FailedGetResourceMetric" if said.contains("could not find the requested resource") && has_metrics_api => {
            "there was no metrics API when it last looked".to_owned()
        }
        "FailedGetResourceMetric" if said.contains("unable to handle the request") => {
            "the metrics API does not answer (kubectl get apiservice v1beta1.metrics.k8s.io shows why)".to_owned()
        }
        "FailedGetResourceMetric" if said.contains("no metrics returned") || said.contains("did not receive metrics") => {
            "the metrics API has no measurements of the pods yet".to_owned()
        }
        reason => format!("{reason}: {said}"),
    }
}

/// The resource metrics that it scales by.
fn resources(scaler: &HorizontalPodAutoscaler) -> impl Iterator<Item = &ResourceMetricSource> {
    scaler.spec.iter().flat_map(|spec| spec.metrics.iter().flatten()).filter_map(|metric| metric.resource.as_ref())
}

/// CPU usage in percent of the pods' requests: its target, and what it last measured.
pub(crate) fn cpu(scaler: &HorizontalPodAutoscaler) -> (Option<u64>, Option<u64>) {
    let percent = |n: Option<i32>| n.and_then(|n| u64::try_from(n).ok());
    let target = resources(scaler).find(|resource| resource.name == "cpu");
    let current = scaler.status.iter().flat_map(|status| status.current_metrics.iter().flatten());
    let current = current.filter_map(|metric| metric.resource.as_ref()).find(|resource| resource.name == "cpu");
    (percent(target.and_then(|t| t.target.average_utilization)), percent(current.and_then(|c| c.current.average_utilization)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn scaler(conditions: &Value, current: &Value) -> HorizontalPodAutoscaler {
        serde_json::from_value(json!({
            "spec": {
                "maxReplicas": 5, "scaleTargetRef": {"kind": "Deployment", "name": "x"},
                "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 50}}}],
            },
            "status": {"desiredReplicas": 2, "conditions": conditions, "currentMetrics": current},
        }))
        .unwrap()
    }

    fn inactive(reason: &str, message: &str) -> Value {
        json!([
            {"type": "AbleToScale", "status": "True", "reason": "SucceededGetScale", "message": ""},
            {"type": "ScalingActive", "status": "False", "reason": reason, "message": message},
        ])
    }

    #[test]
    fn what_is_in_the_way() {
        let metric = "FailedGetResourceMetric";
        let missing = "unable to fetch metrics from resource metrics API: the server could not find the requested resource (get pods.metrics.k8s.io)";
        let rows = [
            (json!([]), true, None),
            (json!([]), false, Some("no metrics API")),
            (inactive(metric, missing), false, Some("install metrics-server")),
            (inactive(metric, missing), true, Some("there was no metrics API when it last looked")),
            (inactive(metric, "the server is currently unable to handle the request (get pods.metrics.k8s.io)"), true, Some("does not answer")),
            (inactive(metric, "no metrics returned from resource metrics API"), true, Some("no measurements of the pods yet")),
            (inactive("ScalingDisabled", "scaling is disabled"), true, Some("no pods")),
            (inactive("InvalidSelector", "why"), true, Some("InvalidSelector: why")),
            (json!([{"type": "ScalingActive", "status": "True", "reason": "ValidMetricFound", "message": ""}]), true, None),
            (json!([{"type": "AbleToScale", "status": "False", "reason": "FailedGetScale", "message": "no"}]), true, Some("FailedGetScale: no")),
        ];
        for (conditions, has_api, want) in rows {
            let said = trouble(&scaler(&conditions, &json!([])), has_api);
            assert_eq!(said.is_some(), want.is_some(), "{conditions}: {said:?}");
            assert!(want.is_none_or(|want| said.as_deref().is_some_and(|said| said.contains(want))), "{conditions}: {said:?}");
        }
    }

    #[test]
    fn an_autoscaler_by_something_else_needs_no_metrics_api() {
        let mut other = scaler(&json!([]), &json!([]));
        other.spec.iter_mut().for_each(|spec| spec.metrics = None);
        assert_eq!((trouble(&other, false), cpu(&other)), (None, (None, None)));
    }

    #[test]
    fn processor_use() {
        let current = json!([{"type": "Resource", "resource": {"name": "cpu", "current": {"averageUtilization": 7, "averageValue": "7m"}}}]);
        assert_eq!(cpu(&scaler(&json!([]), &current)), (Some(50), Some(7)));
        assert_eq!(cpu(&scaler(&json!([]), &json!([]))), (Some(50), None));
    }
}
