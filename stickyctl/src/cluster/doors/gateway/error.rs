//! Why no Gateway can serve a release.

use crate::cluster::release::Place;
use crate::exit::{Exit, Explained};
use crate::generate::front_door::install::gateway::crds;

/// Why no Gateway can serve a release.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The CustomResourceDefinitions are missing.
    #[error("this cluster does not have the Gateway API: its CRDs are not installed")]
    NoApi,
    /// The spec names a Gateway that isn't there.
    #[error("gateway {0} does not exist, and gateway.name in the spec names it")]
    NoGateway(Place),
    /// The class of an existing Gateway isn't there.
    #[error("gateway {gateway} has class {class}, but there is no such GatewayClass")]
    NoClass {
        /// The Gateway.
        gateway: Place,
        /// Its class.
        class: String,
    },
    /// The controller doesn't watch the release's namespace.
    #[error("class {class} is served by {door}, which watches {watched} and would not see namespace {namespace}")]
    Elsewhere {
        /// The class.
        class: String,
        /// As in `Envoy Gateway 1.9.1`.
        door: String,
        /// As in `only namespace a`.
        watched: String,
        /// The release's namespace.
        namespace: String,
    },
    /// The condition `Accepted` of the class is False.
    #[error("GatewayClass {class} was rejected by its controller, {controller}: {reason}: {message}")]
    ClassRefused {
        /// The class.
        class: String,
        /// Its `spec.controllerName`.
        controller: String,
        /// The condition's reason, one word.
        reason: String,
        /// The condition's message.
        message: String,
    },
    /// The class has no condition `Accepted` yet, or it is Unknown.
    #[error("no controller has accepted GatewayClass {class}: its controller, {controller}, does not seem to be running")]
    ClassPending {
        /// The class.
        class: String,
        /// Its `spec.controllerName`.
        controller: String,
    },
}

impl Explained for Error {
    fn exit(&self) -> Exit {
        match self {
            Self::NoApi => Exit::Prerequisite,
            Self::NoGateway(_) | Self::NoClass { .. } | Self::Elsewhere { .. } | Self::ClassRefused { .. } | Self::ClassPending { .. } => {
                Exit::Failed
            }
        }
    }

    fn next_steps(&self) -> Vec<String> {
        match self {
            Self::NoApi => vec![
                format!("{}\n    installs the Gateway API, with its experimental channel; Envoy Gateway needs the next one too", crds::GATEWAY_API),
                format!("{}\n    installs the kinds of Envoy Gateway", crds::ENVOY_GATEWAY),
                "stickyctl up --front-door traefik   uses an Ingress, which needs neither".to_owned(),
            ],
            Self::NoGateway(_) => vec![
                "kubectl get gateways -A   lists the Gateways of the cluster".to_owned(),
                "stickyctl up -f FILE      without gateway.name: creates a Gateway for the release".to_owned(),
            ],
            Self::NoClass { .. } => vec!["kubectl get gatewayclasses   lists the classes of the cluster".to_owned()],
            Self::Elsewhere { .. } => {
                vec!["stickyctl up -f FILE   with another gateway.class and ingress.frontDoorNamespace, for a front door of its own".to_owned()]
            }
            Self::ClassRefused { class, .. } | Self::ClassPending { class, .. } => vec![
                format!("kubectl describe gatewayclass {class}   shows its conditions"),
                "stickyctl up -f FILE   with another gateway.class".to_owned(),
            ],
        }
    }
}
