//! A front door that `up` installed.

use crate::generate::front_door::install::COMPONENT;
use kube::api::ListParams;
use std::time::Duration;

/// Between two looks at what has to go.
pub(super) const PAUSE: Duration = Duration::from_millis(300);

/// A front door of ours that is no longer in use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Installed {
    /// As in `Traefik 3.6.12`.
    pub(crate) title: String,
    pub(crate) namespace: String,
    /// The value of the label `app.kubernetes.io/instance` on its objects.
    pub(super) name: String,
    /// What only Envoy Gateway has.
    pub(super) server: Option<Server>,
}

/// The server that Envoy Gateway's proxies are configured by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Server {
    /// The namespace that it watches.
    pub(super) watched: String,
    /// Its GatewayClass, if `up` created that.
    pub(super) class: Option<String>,
}

impl Installed {
    /// Selects its objects.
    pub(super) fn params(&self) -> ListParams {
        ListParams::default().labels(&format!(
            "app.kubernetes.io/name=sticky-sessions,app.kubernetes.io/instance={},app.kubernetes.io/component={COMPONENT},app.kubernetes.io/managed-by=stickyctl",
            self.name
        ))
    }
}
