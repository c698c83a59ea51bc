//! Where pods run, and who may connect to them.

use super::words::{Label, LabelKey, LabelValue, Network};
use ipnet::IpNet;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The nodes that pods run on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Placement {
    /// Labels that a node must have.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(with = "BTreeMap<LabelKey, LabelValue>")]
    pub node_selector: BTreeMap<String, String>,
    /// Taints that pods tolerate.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tolerations: Vec<Toleration>,
}

/// A taint that pods tolerate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Toleration {
    /// The key of the taint.
    #[schemars(with = "LabelKey")]
    pub key: String,
    /// The value of the taint; if left out, any value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<LabelValue>")]
    pub value: Option<String>,
    /// The effect of the taint; if left out, any effect.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effect: Option<TaintEffect>,
}

/// What a taint does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum TaintEffect {
    /// New pods are not scheduled.
    NoSchedule,
    /// New pods are not scheduled if possible.
    PreferNoSchedule,
    /// New pods are not scheduled, and running ones are evicted.
    NoExecute,
}

impl TaintEffect {
    /// Kubernetes's word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::NoSchedule => "NoSchedule",
            Self::PreferNoSchedule => "PreferNoSchedule",
            Self::NoExecute => "NoExecute",
        }
    }
}

/// Who may connect to the pods.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct NetworkPolicy {
    /// Whether to create NetworkPolicies.
    pub enabled: bool,
    /// Networks that may connect to the app besides the front door's namespace, for a front door on the host network.
    #[serde(skip_serializing_if = "Vec::is_empty", with = "super::text::list")]
    #[schemars(with = "Vec<Network>")]
    pub allow_from: Vec<IpNet>,
    /// Whether the app's pods may connect to nothing but DNS and Redis, and Redis's pod to nothing at all.
    pub restrict_egress: bool,
}

impl Default for NetworkPolicy {
    fn default() -> Self {
        Self { enabled: true, allow_from: Vec::new(), restrict_egress: false }
    }
}

/// Who may read the metrics.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Metrics {
    /// The namespace that may connect to the admin port; if left out, none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Label>")]
    pub namespace: Option<String>,
}
