//! The GatewayClass: which controller implements the Gateways that name it.

use k8s_openapi::ClusterResourceScope;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use serde::{Deserialize, Serialize};

super::kind!(
    /// A class of Gateways, and the controller that implements it.
    GatewayClass, GatewayClassSpec, GatewayClassStatus, "gateway.networking.k8s.io", "v1", "GatewayClass", "gatewayclasses", ClusterResourceScope
);

/// What is wanted of a class.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GatewayClassSpec {
    /// The controller, as in `gateway.envoyproxy.io/gatewayclass-controller`. It can't be changed.
    pub controller_name: String,
    /// An object with the controller's own settings for this class.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parameters_ref: Option<ParametersReference>,
}

/// A reference to an object with a controller's own settings.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParametersReference {
    /// Its API group.
    pub group: String,
    /// Its kind.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Its namespace, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
}

/// What the controller says of a class.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct GatewayClassStatus {
    /// `Accepted` is among them once the controller has seen the class.
    #[serde(default)]
    pub conditions: Vec<Condition>,
}
