//! The ReferenceGrant: who may refer to objects of another namespace.

use k8s_openapi::NamespaceResourceScope;
use serde::{Deserialize, Serialize};

super::kind!(
    /// Lets objects of another namespace refer to some of this one.
    ReferenceGrant, ReferenceGrantSpec, serde_json::Value, "gateway.networking.k8s.io", "v1beta1", "ReferenceGrant", "referencegrants", NamespaceResourceScope
);

/// Who may refer to what.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReferenceGrantSpec {
    /// The kinds and namespaces that may refer.
    pub from: Vec<GrantFrom>,
    /// What they may refer to.
    pub to: Vec<GrantTo>,
}

/// A kind in a namespace.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GrantFrom {
    /// Its API group.
    pub group: String,
    /// The kind.
    pub kind: String,
    /// The namespace.
    pub namespace: String,
}

/// What may be referred to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GrantTo {
    /// Its API group, empty for the core group.
    pub group: String,
    /// The kind.
    pub kind: String,
    /// The name; without one, all of the kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}
