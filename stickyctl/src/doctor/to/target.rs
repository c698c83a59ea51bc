//! The controllers that an application can move to.

use crate::comparison::Controller;
use serde::Serialize;

/// A controller to move to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Target {
    /// Traefik with its ingress-nginx provider.
    Traefik,
    /// The Gateway API with Envoy Gateway.
    Gateway,
    /// haproxy-ingress.
    HaproxyIngress,
    /// HAProxy's own controller.
    Haproxytech,
    /// F5's controller for nginx.
    F5Nginx,
}

impl Target {
    /// All.
    pub const ALL: [Self; 5] = [Self::Traefik, Self::Gateway, Self::HaproxyIngress, Self::Haproxytech, Self::F5Nginx];

    /// The word on the command line and in reports.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Traefik => "traefik",
            Self::Gateway => "gateway",
            Self::HaproxyIngress => "haproxy-ingress",
            Self::Haproxytech => "haproxytech",
            Self::F5Nginx => "f5-nginx",
        }
    }

    /// Its column of the comparison.
    #[must_use]
    pub const fn controller(self) -> Controller {
        match self {
            Self::Traefik => Controller::TraefikNginx,
            Self::Gateway => Controller::Gateway,
            Self::HaproxyIngress => Controller::HaproxyIngress,
            Self::Haproxytech => Controller::Haproxytech,
            Self::F5Nginx => Controller::F5Nginx,
        }
    }
}
