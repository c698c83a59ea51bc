//! The app's pods: image, resources, limits, how many, how they leave.

use super::quantity::Quantity;
use super::schema::{ImageName, Subdomain};
pub use super::text::Seconds;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sticky_core::choice::Fanout;

/// The app's image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Image {
    /// Its reference, with a tag or a digest.
    #[schemars(with = "ImageName")]
    pub name: String,
    /// When a node asks the registry.
    pub pull_policy: PullPolicy,
    /// A Secret of type `kubernetes.io/dockerconfigjson`, for a private registry.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Subdomain>")]
    pub pull_secret: Option<String>,
}

impl Default for Image {
    fn default() -> Self {
        Self {
            name: format!("{}:{}", crate::image::name::REPOSITORY, env!("CARGO_PKG_VERSION")),
            pull_policy: PullPolicy::default(),
            pull_secret: None,
        }
    }
}

/// When a node asks the registry.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum PullPolicy {
    /// Each time a container starts.
    Always,
    /// Where the node lacks it, so that an image loaded into the nodes is used.
    #[default]
    IfNotPresent,
    /// Never.
    Never,
}

impl PullPolicy {
    /// Kubernetes' word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Always => "Always",
            Self::IfNotPresent => "IfNotPresent",
            Self::Never => "Never",
        }
    }
}

/// What a pod asks for, and the most it gets.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Resources {
    /// What the scheduler keeps free for it.
    pub requests: Amounts,
    /// The most it gets.
    pub limits: Amounts,
}

/// Processor and memory.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Amounts {
    /// Cores.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu: Option<Quantity>,
    /// Bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
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

    /// Redis' pod.
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

/// The app's limits; what is left out keeps the app's default (`sticky-app --help`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Limits {
    /// Bytes of a request's body.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 67_108_864))]
    pub max_body: Option<u64>,
    /// Bytes of a message's text.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 67_108_864))]
    pub max_text: Option<u64>,
    /// Bytes of a WebSocket frame.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 67_108_864))]
    pub max_frame: Option<u64>,
    /// Sockets of one worker.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 10_000_000))]
    pub max_sockets: Option<u64>,
    /// Requests in work at once in one worker.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1_000_000))]
    pub max_requests: Option<u64>,
    /// Sockets of one session on one worker.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1_000))]
    pub sockets_per_session: Option<u64>,
    /// New sessions of one address in a minute; needs `ingress.trustedProxies`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1_000_000))]
    pub new_sessions_per_minute: Option<u64>,
}

/// How a pod leaves: a sleep before SIGTERM, then all is served for the delay, then sockets close over the window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Drain {
    /// Before SIGTERM, so that endpoint changes reach the proxies first.
    pub pre_stop: Seconds,
    /// After SIGTERM, readiness off and everything still served.
    pub delay: Seconds,
    /// Sockets are closed over this time.
    pub window: Seconds,
    /// When the kubelet kills; left out: the sum of the three and a margin of 5 s.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grace: Option<Seconds>,
}

impl Default for Drain {
    fn default() -> Self {
        Self { pre_stop: Seconds(5), delay: Seconds(10), window: Seconds(15), grace: None }
    }
}

impl Drain {
    /// The least time between the pod's deletion and the kubelet's SIGKILL in which the app can leave in order.
    #[must_use]
    pub fn least_grace(&self) -> u32 {
        let margin = u32::try_from(sticky_core::drain::MARGIN.as_secs()).unwrap_or(u32::MAX);
        self.pre_stop.0.saturating_add(self.delay.0).saturating_add(self.window.0).saturating_add(margin)
    }

    /// `terminationGracePeriodSeconds`.
    #[must_use]
    pub fn grace(&self) -> u32 {
        self.grace.map_or_else(|| self.least_grace(), |grace| grace.0)
    }
}

/// Pods by load.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Autoscaling {
    /// The fewest pods; left out: as many as the mode says.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 64))]
    pub min: Option<u16>,
    /// The most pods.
    #[schemars(range(min = 1, max = 64))]
    pub max: u16,
    /// Processor use to aim at, in percent of what pods request.
    #[schemars(range(min = 1, max = 1_000))]
    pub cpu: u16,
}

impl Default for Autoscaling {
    fn default() -> Self {
        Self { min: None, max: 10, cpu: 70 }
    }
}
