//! Why a pod doesn't become ready.

use k8s_openapi::api::core::v1::{ContainerStatus, Pod};

/// What keeps a pod from running.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Trouble {
    pub(crate) kind: Kind,
    /// Empty if it keeps the pod from being created.
    pub(crate) pod: String,
    /// Empty if it isn't about one container.
    pub(crate) container: String,
    /// The message of the kubelet, the scheduler or a controller.
    pub(crate) said: String,
}

/// The kinds of trouble, grouped by what fixes them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Image,
    /// A Secret, ConfigMap or volume that the pod refers to is missing.
    Missing,
    Crash,
    /// Killed for exceeding its memory limit.
    Memory,
    Unschedulable,
    /// The API server rejects the pod: a quota, a policy, a missing ServiceAccount.
    Refused,
}

impl Kind {
    /// As in `the image can't be pulled`.
    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::Image => "the image can't be pulled",
            Self::Missing => "the pod refers to something that is missing",
            Self::Crash => "the process exits right after it starts",
            Self::Memory => "the process exceeds its memory limit",
            Self::Unschedulable => "no node can run the pod",
            Self::Refused => "the cluster refuses to create the pod",
        }
    }
}

/// Parts of messages about an image that no later attempt gets: it doesn't exist, or these nodes may not or can't have it.
const NEVER: [&str; 14] = [
    "InvalidImageName",
    "ErrImageNeverPull",
    "not found",
    "NotFound",
    "manifest unknown",
    "does not exist",
    "unauthorized",
    "401 Unauthorized",
    "authentication required",
    "no basic auth credentials",
    "denied",
    "403 Forbidden",
    "no match for platform",
    "certificate signed by unknown authority",
];

impl Trouble {
    /// Whether it may pass without a change: the kubelet retries a pull that failed because of a timeout, a rate limit, the registry's own
    /// error, or the network.
    pub(crate) fn may_pass(&self) -> bool {
        self.kind == Kind::Image && !NEVER.iter().any(|text| self.said.contains(text))
    }

    /// The Secret whose absence the kubelet reports.
    pub(super) fn missing_secret(&self) -> Option<&str> {
        let (_, rest) = self.said.split_once("secret \"").filter(|_| self.kind == Kind::Missing)?;
        rest.split_once("\" not found").map(|(name, _)| name)
    }
}

/// The trouble of a pod; `None` while it runs or is just starting. What shows only in an event ([`waits_for_volume`]) isn't covered.
pub(crate) fn of(pod: &Pod) -> Option<Trouble> {
    let name = pod.metadata.name.clone().unwrap_or_default();
    let status = pod.status.as_ref()?;
    let containers = status.init_container_statuses.iter().chain(&status.container_statuses).flatten();
    for container in containers {
        if let Some((kind, said)) = of_container(container) {
            return Some(Trouble { kind, pod: name, container: container.name.clone(), said });
        }
    }
    let condition = status.conditions.iter().flatten().find(|condition| condition.type_ == "PodScheduled" && condition.status == "False")?;
    let said = condition.message.clone().unwrap_or_default();
    (condition.reason.as_deref() == Some("Unschedulable")).then_some(Trouble { kind: Kind::Unschedulable, pod: name, container: String::new(), said })
}

fn of_container(status: &ContainerStatus) -> Option<(Kind, String)> {
    let waiting = status.state.as_ref().and_then(|state| state.waiting.as_ref());
    let reason = waiting.and_then(|waiting| waiting.reason.as_deref()).unwrap_or_default();
    let said = || {
        let message = waiting.and_then(|waiting| waiting.message.as_deref()).unwrap_or_default();
        if message.is_empty() { reason.to_owned() } else { format!("{reason}: {message}") }
    };
    match reason {
        "ErrImagePull" | "ImagePullBackOff" | "InvalidImageName" | "ErrImageNeverPull" | "ImageInspectError" | "RegistryUnavailable" => {
            return Some((Kind::Image, said()));
        }
        "CreateContainerConfigError" | "CreateContainerError" => return Some((Kind::Missing, said())),
        "RunContainerError" => return Some((Kind::Crash, said())),
        _ => {}
    }
    // A single exit may be an accident, a second one is a pattern. Between restarts the state flips between waiting and terminated.
    let now = status.state.as_ref().and_then(|state| state.terminated.as_ref());
    let last = status.last_state.as_ref().and_then(|state| state.terminated.as_ref());
    let end = now.or_else(|| last.filter(|_| reason == "CrashLoopBackOff"))?;
    if end.reason.as_deref() == Some("OOMKilled") {
        return Some((Kind::Memory, format!("killed for exceeding its memory limit, {} times", status.restart_count + 1)));
    }
    if end.exit_code == 0 || status.restart_count < 1 {
        return None;
    }
    let message = end.message.as_deref().map(|text| format!(": {}", text.trim())).unwrap_or_default();
    Some((Kind::Crash, format!("exit {}, {} times{message}", end.exit_code, status.restart_count + 1)))
}

/// Whether only an event shows what a pod is waiting for: its containers are being created.
pub(super) fn waits_for_volume(pod: &Pod) -> bool {
    let containers = pod.status.iter().flat_map(|status| status.container_statuses.iter().flatten());
    let mut reasons = containers.filter_map(|container| container.state.as_ref()?.waiting.as_ref()?.reason.as_deref());
    reasons.any(|reason| reason == "ContainerCreating" || reason == "PodInitializing")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn pod(container: &Value) -> Pod {
        serde_json::from_value(json!({
            "metadata": {"name": "web-1"},
            "status": {"containerStatuses": [container], "conditions": [{"type": "PodScheduled", "status": "True"}]},
        }))
        .unwrap()
    }

    fn container(state: &Value, last: &Value, restarts: i32) -> Value {
        json!({"name": "app", "image": "x", "imageID": "", "ready": false, "restartCount": restarts, "state": state, "lastState": last})
    }

    fn kind(state: &Value, last: &Value, restarts: i32) -> Option<Kind> {
        of(&pod(&container(state, last, restarts))).map(|trouble| trouble.kind)
    }

    #[test]
    fn what_waits_for_ever() {
        let waiting = |reason: &str| json!({"waiting": {"reason": reason, "message": "why"}});
        assert_eq!(kind(&waiting("ErrImagePull"), &json!({}), 0), Some(Kind::Image));
        assert_eq!(kind(&waiting("ErrImageNeverPull"), &json!({}), 0), Some(Kind::Image));
        assert_eq!(kind(&waiting("CreateContainerConfigError"), &json!({}), 0), Some(Kind::Missing));
        assert_eq!(kind(&waiting("RunContainerError"), &json!({}), 0), Some(Kind::Crash));
        assert_eq!(kind(&waiting("ContainerCreating"), &json!({}), 0), None);
        assert!(waits_for_volume(&pod(&container(&waiting("ContainerCreating"), &json!({}), 0))));
        let trouble = of(&pod(&container(&waiting("ErrImagePull"), &json!({}), 0))).unwrap();
        assert_eq!((trouble.pod.as_str(), trouble.container.as_str(), trouble.said.as_str()), ("web-1", "app", "ErrImagePull: why"));
    }

    #[test]
    fn a_pull_that_may_succeed_later() {
        let may_pass = |reason: &str, message: &str| {
            let waiting = json!({"waiting": {"reason": reason, "message": message}});
            of(&pod(&container(&waiting, &json!({}), 0))).unwrap().may_pass()
        };
        let failed = |why: &str| may_pass("ErrImagePull", &format!("failed to pull and unpack image \"docker.io/library/redis:7\": {why}"));
        for why in [
            "failed to resolve reference: failed to do request: Head \"https://registry-1.docker.io/v2/\": dial tcp: lookup registry-1.docker.io on \
             10.0.0.1:53: no such host",
            "dial tcp 10.0.0.1:443: i/o timeout",
            "dial tcp 10.0.0.1:443: connect: connection refused",
            "net/http: TLS handshake timeout",
            "context deadline exceeded",
            "429 Too Many Requests - Server message: toomanyrequests: You have reached your unauthenticated pull rate limit",
            "unexpected status from HEAD request to https://registry-1.docker.io/v2/: 503 Service Unavailable",
            "failed to authorize: failed to fetch anonymous token: Get \"https://auth.docker.io/token\": unexpected EOF",
        ] {
            assert!(failed(why), "{why}");
        }
        // Older kubelets leave the cause out while they wait for the next attempt.
        assert!(may_pass("ImagePullBackOff", "Back-off pulling image \"redis:7\""));
        for why in [
            "failed to resolve reference \"docker.io/library/redis:7\": docker.io/library/redis:7: not found",
            "pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed",
            "failed to authorize: failed to fetch oauth token: unexpected status: 401 Unauthorized",
            "unexpected status from HEAD request to https://ghcr.io/v2/: 403 Forbidden",
            "no match for platform in manifest: not found",
        ] {
            assert!(!failed(why), "{why}");
        }
        assert!(!may_pass("InvalidImageName", "") && !may_pass("ErrImageNeverPull", "Container image is not present with pull policy of Never"));
        assert!(!may_pass("CreateContainerConfigError", "timeout"), "that is not about an image");
    }

    #[test]
    fn the_secret_that_is_missing() {
        let missing = |said: &str| Trouble { kind: Kind::Missing, pod: "a".into(), container: String::new(), said: said.into() };
        assert_eq!(missing("CreateContainerConfigError: secret \"demo-redis\" not found").missing_secret(), Some("demo-redis"));
        assert_eq!(missing("configmap \"demo\" not found").missing_secret(), None);
        assert_eq!(missing("couldn't find key password in Secret a/demo-redis").missing_secret(), None);
    }

    #[test]
    fn a_crash_is_one_when_it_happens_again() {
        let ended = |code: i32, reason: &str| json!({"terminated": {"exitCode": code, "reason": reason}});
        let backing_off = json!({"waiting": {"reason": "CrashLoopBackOff"}});
        assert_eq!(kind(&ended(3, "Error"), &json!({}), 0), None, "it is started again at once");
        assert_eq!(kind(&ended(3, "Error"), &ended(3, "Error"), 1), Some(Kind::Crash));
        assert_eq!(kind(&backing_off, &ended(3, "Error"), 1), Some(Kind::Crash));
        assert_eq!(kind(&ended(137, "OOMKilled"), &json!({}), 0), Some(Kind::Memory));
        assert_eq!(kind(&json!({"running": {}}), &ended(3, "Error"), 4), None, "it runs again");
    }

    #[test]
    fn no_node() {
        let pod: Pod = serde_json::from_value(json!({
            "metadata": {"name": "web-1"},
            "status": {"conditions": [{"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/1 nodes"}]},
        }))
        .unwrap();
        assert_eq!(of(&pod).map(|trouble| (trouble.kind, trouble.said)), Some((Kind::Unschedulable, "0/1 nodes".to_owned())));
    }
}
