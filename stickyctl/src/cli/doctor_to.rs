//! The flags of `doctor` about a move to another controller.

use crate::doctor::to::Target;
use crate::spec::version::Version;
use clap::{Args, ValueEnum};

#[derive(Debug, Args)]
pub(super) struct ToArgs {
    /// Also show what a move from ingress-nginx to this controller changes for each Ingress
    #[arg(long, value_name = "CONTROLLER")]
    to: Option<To>,
    /// The version of that controller, as in 3.7.13 [default: the one in docs/front-doors.md]
    #[arg(long, value_name = "VERSION", requires = "to")]
    to_version: Option<Version>,
}

/// `--to`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum To {
    /// Traefik's ingress-nginx provider
    Traefik,
    /// The Gateway API with Envoy Gateway
    Gateway,
    /// haproxy-ingress, by jcmoraisjr
    HaproxyIngress,
    /// HAProxy Kubernetes Ingress Controller, by HAProxy Technologies
    Haproxytech,
    /// F5 NGINX Ingress Controller
    F5Nginx,
}

impl ToArgs {
    pub(super) fn target(&self) -> Option<(Target, Option<Version>)> {
        let target = match self.to? {
            To::Traefik => Target::Traefik,
            To::Gateway => Target::Gateway,
            To::HaproxyIngress => Target::HaproxyIngress,
            To::Haproxytech => Target::Haproxytech,
            To::F5Nginx => Target::F5Nginx,
        };
        Some((target, self.to_version))
    }
}
