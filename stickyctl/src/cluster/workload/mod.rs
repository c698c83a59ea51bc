//! An application of somebody else's on a cluster: its route, the front door that serves it, its Service and its pods.

mod reference;

pub(crate) use reference::Reference;

use super::doors::Found;

/// An application and the way to it, as its objects on the cluster describe it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Workload {
    /// The namespace of the route, the Service and the pods.
    pub(crate) namespace: String,
    /// The host of the route; `None` if it takes any.
    pub(crate) host: Option<String>,
    /// The path to request, from the route's first rule.
    pub(crate) path: String,
    /// Whether users reach it over TLS.
    pub(crate) tls: bool,
    /// The IngressClass or the GatewayClass.
    pub(crate) class: String,
    /// The front door that serves the class.
    pub(crate) door: Found,
    /// The Service behind the route.
    pub(crate) service: String,
    /// Selects the pods of the Service, as in `a=b,c=d`.
    pub(crate) selector: String,
}
