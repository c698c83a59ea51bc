//! The controllers that are compared, and the version of each that the comparison is about.

use crate::spec::version::Version;

/// A controller, in one of its ways to be configured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Controller {
    /// ingress-nginx, which every other one is compared with.
    IngressNginx,
    /// Traefik's provider that reads ingress-nginx's annotations.
    TraefikNginx,
    /// Traefik with its own annotations and resources.
    Traefik,
    /// The Gateway API, as Envoy Gateway implements it.
    Gateway,
    /// haproxy-ingress, by jcmoraisjr.
    HaproxyIngress,
    /// HAProxy's own controller, by HAProxy Technologies.
    Haproxytech,
    /// F5's controller for nginx and NGINX Plus.
    F5Nginx,
}

impl Controller {
    /// All, in the order of the tables' columns.
    pub const ALL: [Self; 7] =
        [Self::IngressNginx, Self::TraefikNginx, Self::Traefik, Self::Gateway, Self::HaproxyIngress, Self::Haproxytech, Self::F5Nginx];

    /// The name in tables and messages.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::IngressNginx => "ingress-nginx",
            Self::TraefikNginx => "Traefik's ingress-nginx provider",
            Self::Traefik => "Traefik's own resources",
            Self::Gateway => "Envoy Gateway",
            Self::HaproxyIngress => "haproxy-ingress",
            Self::Haproxytech => "HAProxy Kubernetes Ingress Controller",
            Self::F5Nginx => "F5 NGINX Ingress Controller",
        }
    }

    /// The version that was run, or read, for the comparison.
    #[must_use]
    pub const fn version(self) -> Version {
        match self {
            Self::IngressNginx => Version(1, 15, 1),
            Self::TraefikNginx | Self::Traefik => Version(3, 6, 12),
            Self::Gateway => Version(1, 9, 1),
            Self::HaproxyIngress => Version(0, 16, 0),
            Self::Haproxytech => Version(3, 2, 0),
            Self::F5Nginx => Version(5, 6, 1),
        }
    }
}
