//! What a route says of the way to an application, whatever its kind.

use crate::cluster::release::Place;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use sticky_affinity::promise::Promise;

/// The way that a rule describes.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Lead {
    /// A host that the rule accepts, without a wildcard; `None` is any.
    pub(super) host: Option<String>,
    /// A path that the rule matches, or else the regular expression for which none was found.
    pub(super) path: Result<String, String>,
    pub(super) tls: bool,
    pub(super) service: Place,
    /// The Service's port, by its number or its name.
    pub(super) port: Option<IntOrString>,
    /// What the route asks of its front door about sessions, if it says anything that every front door of its kind reads.
    pub(super) promise: Option<Promise>,
    /// Other Services that get a part of the rule's requests.
    pub(super) others: Vec<Place>,
}
