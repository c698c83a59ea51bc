//! The app's pods: image, resources, limits, number, drain.

use super::image::REPOSITORY;
use super::quantity::Quantity;
pub use super::text::Seconds;
use super::words::{Digest, ImageName, Memory, Positive, Subdomain};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sticky_core::choice::Fanout;

/// The app's image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Image {
    /// The image reference, with a tag or a digest. The programs and the chart of a published release default to its own image.
    #[schemars(with = "ImageName")]
    pub name: String,
    /// The digest of the image, `sha256:…`, if `name` has none: nodes then run exactly that image, whatever the tag means.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Digest>")]
    pub digest: Option<String>,
    /// When a node pulls the image.
    pub pull_policy: PullPolicy,
    /// A Secret of type `kubernetes.io/dockerconfigjson` for a private registry.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Subdomain>")]
    pub pull_secret: Option<String>,
}

impl Default for Image {
    fn default() -> Self {
        Self { name: format!("{}:{}", REPOSITORY, env!("CARGO_PKG_VERSION")), digest: None, pull_policy: PullPolicy::default(), pull_secret: None }
    }
}

impl Image {
    /// The reference for a container: the name, and the digest if there is one.
    #[must_use]
    pub fn reference(&self) -> String {
        self.digest.as_ref().map_or_else(|| self.name.clone(), |digest| format!("{}@{digest}", self.name))
    }
}

/// When a node pulls the image.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum PullPolicy {
    /// Whenever a container starts.
    Always,
    /// If the node does not have it yet, so that an image loaded into the nodes is used.
    #[default]
    IfNotPresent,
    /// Never.
    Never,
}

impl PullPolicy {
    /// Kubernetes's word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Always => "Always",
            Self::IfNotPresent => "IfNotPresent",
            Self::Never => "Never",
        }
    }
}

/// What a pod requests, and its limits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Resources {
    /// What the scheduler reserves for the pod.
    pub requests: Amounts,
    /// The most that the pod may use.
    pub limits: Amounts,
}

/// Processor and memory.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Amounts {
    /// CPU cores, as in 2 or 100m.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu: Option<Quantity>,
    /// Bytes of memory with a unit, at least 4Mi.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Memory>")]
    pub memory: Option<Quantity>,
}

impl Resources {
    fn of(cpu: (u32, u32), memory: (u32, u32)) -> Self {
        let amounts = |cpu, memory| Amounts { cpu: Some(Quantity::milli(cpu)), memory: Some(Quantity::mebi(memory)) };
        Self { requests: amounts(cpu.0, memory.0), limits: amounts(cpu.1, memory.1) }
    }

    /// A pod of the app.
    #[must_use]
    pub fn app() -> Self {
        Self::of((100, 2_000), (64, 256))
    }

    /// The Redis pod.
    #[must_use]
    pub fn redis() -> Self {
        Self::of((50, 1_000), (64, 256))
    }
}

impl Default for Resources {
    fn default() -> Self {
        Self::app()
    }
}

/// How messages reach other workers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Relay {
    /// Who hears a relayed message.
    pub fanout: Fanout,
}

/// The app's limits; a key that is left out keeps the app's default (`sticky-app --help`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Limits {
    /// The most bytes in the body of a request.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 67_108_864))]
    pub max_body: Option<u64>,
    /// The most bytes in the text of a message, at most `maxBody` and `maxFrame`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 67_108_864))]
    pub max_text: Option<u64>,
    /// The most bytes in a WebSocket frame.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 67_108_864))]
    pub max_frame: Option<u64>,
    /// The most sockets on one worker, if `resources.limits.memory` has room for them.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 10_000_000))]
    pub max_sockets: Option<u64>,
    /// The most messages that one worker answers over HTTP at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1_000_000))]
    pub max_requests: Option<u64>,
    /// The most sockets of one session on one worker.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1_000))]
    pub sockets_per_session: Option<u64>,
    /// The most connections of one client address on one worker, counting its sockets and requests in progress; requires
    /// `ingress.trustedProxies`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 10_000_000))]
    pub connections_per_address: Option<u64>,
    /// The most new sessions from one client address per minute; requires `ingress.trustedProxies`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1_000_000))]
    pub new_sessions_per_minute: Option<u64>,
    /// The most cursors of downloads that one worker keeps; one more takes the place of the least recently used one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1_000_000))]
    pub max_cursors: Option<u64>,
    /// The most models of sessions that one worker keeps, 16 KiB each; one more takes the place of the least recently used one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1_000_000))]
    pub max_models: Option<u64>,
}

/// How a pod drains: a sleep before SIGTERM, then full service during the delay, then sockets close over the window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Drain {
    /// How long to wait before SIGTERM, so that proxies learn about the endpoint change first.
    #[schemars(with = "Positive")]
    pub pre_stop: Seconds,
    /// How long the app stays unready but keeps serving after SIGTERM. Below 7s, front doors may still be sending requests when it ends.
    pub delay: Seconds,
    /// How long the app takes to close its sockets, a few at a time.
    #[schemars(with = "Positive")]
    pub window: Seconds,
    /// When the kubelet kills the pod; if left out, after the sum of the three plus a margin of 5 s.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grace: Option<Seconds>,
}

impl Default for Drain {
    fn default() -> Self {
        // ingress-nginx and Traefik leave a pod once it is unready, and the delay is for them. Envoy Gateway 1.9.1 leaves it as soon as its
        // EndpointSlice says that it terminates (`getIREndpointsFromEndpointSlice` in `internal/gatewayapi/route.go`): 0.2 to 0.5 s after
        // the deletion, during preStop. It would do with less, but the same pods may be moved behind another front door.
        Self { pre_stop: Seconds(5), delay: Seconds(10), window: Seconds(15), grace: None }
    }
}

impl Drain {
    /// The shortest time in seconds, from the deletion of a pod to the kubelet's SIGKILL, in which the app can drain.
    #[must_use]
    pub fn least_grace(&self) -> u32 {
        let margin = u32::try_from(sticky_core::drain::MARGIN.as_secs()).unwrap_or(u32::MAX);
        self.pre_stop.0.saturating_add(self.delay.0).saturating_add(self.window.0).saturating_add(margin)
    }

    /// `terminationGracePeriodSeconds`: the grace that is set, or else [`Self::least_grace`].
    #[must_use]
    pub fn grace(&self) -> u32 {
        self.grace.map_or_else(|| self.least_grace(), |grace| grace.0)
    }
}

/// The HorizontalPodAutoscaler.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Autoscaling {
    /// The fewest pods; if left out, the number of pods in `mode`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 64))]
    pub min: Option<u16>,
    /// The most pods.
    #[schemars(range(min = 1, max = 64))]
    pub max: u16,
    /// The target CPU utilization in percent of `resources.requests.cpu`, which it requires.
    #[schemars(range(min = 1, max = 1_000))]
    pub cpu: u16,
}

impl Default for Autoscaling {
    fn default() -> Self {
        Self { min: None, max: 10, cpu: 70 }
    }
}
