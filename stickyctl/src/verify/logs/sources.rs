//! Where the logs are, and which of them to read.

use crate::cluster::tunnel::Target;
use kube::Client;
use sticky_affinity::log::Pattern;

/// Where the logs are.
#[derive(Clone)]
pub(crate) struct Sources {
    /// The client; it must not retry by itself ([`crate::cluster::connect`]).
    pub(crate) client: Client,
    /// The front door's pods; `None` if it is not known.
    pub(crate) door: Option<Target>,
    /// The namespace of the Service and of the application's pods.
    pub(crate) namespace: String,
    /// Selects the application's pods, as in `a=b,c=d`.
    pub(crate) selector: String,
    /// The Service whose EndpointSlices name the pods by their addresses; empty if it is not known.
    pub(crate) service: String,
}

/// Which logs to read.
#[derive(Debug, Clone)]
pub(crate) enum Which {
    /// Both; where both name a pod, the access log counts.
    Both,
    /// The front door's access log; a pattern finds the upstream in lines of an unknown format.
    Access(Option<Pattern>),
    /// The logs of the application's own pods.
    Pods,
}

impl Which {
    pub(super) const fn access(&self) -> bool {
        matches!(self, Self::Both | Self::Access(_))
    }

    pub(super) const fn pods(&self) -> bool {
        matches!(self, Self::Both | Self::Pods)
    }

    pub(super) const fn pattern(&self) -> Option<&Pattern> {
        if let Self::Access(Some(pattern)) = self { Some(pattern) } else { None }
    }
}
