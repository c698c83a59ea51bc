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
}

/// What the controller says of a class.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct GatewayClassStatus {
    /// `Accepted` is among them once the controller has seen the class.
    #[serde(default)]
    pub conditions: Vec<Condition>,
}
