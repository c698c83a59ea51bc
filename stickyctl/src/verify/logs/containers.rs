//! Which containers of a pod have a log to follow. No I/O.

use k8s_openapi::api::core::v1::{ContainerStatus, Pod};

/// Containers beside a front door whose logs are never access logs: Envoy Gateway's shutdown manager, and agents.
const NEVER: [&str; 4] = ["shutdown-manager", "nginx-agent", "config-reloader", "metrics"];
/// Containers of one pod that are followed.
const MOST: usize = 4;

/// A container with a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Container {
    pub(super) name: String,
    /// How often it was started again.
    pub(super) restarts: i32,
}

/// The containers of a front door's pod that may write its access log. Usually that is one. A sidecar may print a file that the proxy writes.
pub(super) fn of_door(pod: &Pod) -> Vec<Container> {
    let all = of_app(pod);
    // Envoy Gateway and Istio call it so; what is beside it writes no access log.
    let envoy: Vec<Container> = all.iter().filter(|one| one.name == "envoy").cloned().collect();
    if envoy.is_empty() { all.into_iter().filter(|one| !NEVER.contains(&one.name.as_str())).collect() } else { envoy }
}

/// The containers of an application's pod, sidecars included: if a proxy in the pod logs the request, the pod got it.
pub(super) fn of_app(pod: &Pod) -> Vec<Container> {
    let statuses: Vec<&ContainerStatus> = pod.status.iter().flat_map(|status| status.container_statuses.iter().flatten()).collect();
    let names = pod.spec.iter().flat_map(|spec| spec.containers.iter().map(|container| &container.name));
    let with_log = names.filter_map(|name| {
        let status = statuses.iter().find(|status| status.name == *name);
        let restarts = status.map_or(0, |status| status.restart_count);
        let waits = status.and_then(|status| status.state.as_ref()).is_some_and(|state| state.waiting.is_some());
        // It has no log before its first start.
        (restarts > 0 || !waits).then(|| Container { name: name.clone(), restarts })
    });
    with_log.take(MOST).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use serde_json::json;

    fn pod(names: &[&str]) -> Pod {
        let containers: Vec<_> = names.iter().map(|name| json!({"name": name, "image": "i"})).collect();
        let status = |name: &str, restarts: i32, state: &str| json!({"name": name, "image": "i", "imageID": "", "ready": true, "restartCount": restarts, "state": {state: {}}});
        let statuses = [status("again", 2, "waiting"), status("waits", 0, "waiting"), status("envoy", 0, "running")];
        serde_json::from_value(json!({"metadata": {"name": "a"}, "spec": {"containers": containers}, "status": {"containerStatuses": statuses}}))
            .unwrap()
    }

    fn names(all: &[Container]) -> Vec<&str> {
        all.iter().map(|one| one.name.as_str()).collect()
    }

    #[test]
    fn a_front_doors_pod() {
        assert_eq!(names(&of_door(&pod(&["shutdown-manager", "envoy"]))), ["envoy"]);
        assert_eq!(names(&of_door(&pod(&["traefik"]))), ["traefik"]);
        assert_eq!(names(&of_door(&pod(&["haproxy-ingress", "access-logs", "metrics"]))), ["haproxy-ingress", "access-logs"]);
    }

    #[test]
    fn only_what_was_started_has_a_log() {
        assert_eq!(of_app(&pod(&["waits", "again"])), [Container { name: "again".to_owned(), restarts: 2 }]);
        assert_eq!(of_app(&pod(&["a", "b", "c", "d", "e"])).len(), MOST);
    }
}
