//! Where pods run, and who may connect to them.

use super::schema::{Label, LabelKey, LabelValue, Network};
use ipnet::IpNet;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Which nodes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Placement {
    /// Labels that a node must have.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(with = "BTreeMap<LabelKey, LabelValue>")]
    pub node_selector: BTreeMap<String, String>,
    /// Taints that are put up with.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tolerations: Vec<Toleration>,
}

/// A taint that is put up with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Toleration {
    /// The taint's key.
    #[schemars(with = "LabelKey")]
    pub key: String,
    /// Its value; left out: any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<LabelValue>")]
    pub value: Option<String>,
    /// Its effect; left out: any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effect: Option<TaintEffect>,
}

/// What a taint does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum TaintEffect {
    /// Keeps new pods away.
    NoSchedule,
    /// Keeps them away if possible.
    PreferNoSchedule,
    /// Drives running ones out too.
    NoExecute,
}

impl TaintEffect {
    /// Kubernetes' word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::NoSchedule => "NoSchedule",
            Self::PreferNoSchedule => "PreferNoSchedule",
            Self::NoExecute => "NoExecute",
        }
    }
}

/// Who may connect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct NetworkPolicy {
    /// Whether policies are written at all.
    pub enabled: bool,
    /// Networks that may reach the app besides the front door's namespace, for a front door on the host's network.
    #[serde(skip_serializing_if = "Vec::is_empty", with = "super::text::list")]
    #[schemars(with = "Vec<Network>")]
    pub allow_from: Vec<IpNet>,
}

impl Default for NetworkPolicy {
    fn default() -> Self {
        Self { enabled: true, allow_from: Vec::new() }
    }
}

/// Who reads metrics.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Metrics {
    /// The namespace that may read the admin port; left out: none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Label>")]
    pub namespace: Option<String>,
}
