//! Whether a pod serves.

use k8s_openapi::api::core::v1::{Pod, PodStatus};

/// Whether a pod serves: it is ready and not terminating.
pub(crate) fn is_ready(pod: &Pod) -> bool {
    let ready = |status: &PodStatus| status.conditions.iter().flatten().any(|c| c.type_ == "Ready" && c.status == "True");
    pod.metadata.deletion_timestamp.is_none() && pod.status.as_ref().is_some_and(ready)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_pod_that_goes_is_not_ready() {
        let ready = json!({"metadata": {"name": "a"}, "status": {"conditions": [{"type": "Ready", "status": "True"}]}});
        assert!(is_ready(&serde_json::from_value(ready.clone()).unwrap()));
        let mut going = ready;
        going["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
        assert!(!is_ready(&serde_json::from_value(going).unwrap()));
    }
}
