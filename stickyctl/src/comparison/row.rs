//! The rows of the comparison.

use super::cell::Cell;
use super::controller::Controller;
use crate::spec::version::Version;

/// What a row is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Topic {
    /// What turns cookie affinity on.
    Switch,
    /// The cookie's name.
    Name,
    /// The cookie's path.
    Path,
    /// The attribute HttpOnly.
    HttpOnly,
    /// The attribute Secure.
    Secure,
    /// The attribute SameSite.
    SameSite,
    /// SameSite for browsers that misread `None`.
    OldBrowsers,
    /// The attribute Partitioned.
    Partitioned,
    /// The attribute Domain.
    Domain,
    /// The lifetime as Max-Age.
    MaxAge,
    /// The lifetime as a date.
    Expires,
    /// What a value of the cookie stands for.
    Value,
    /// Whether sessions move when pods are added.
    Mode,
    /// What becomes of a value that the controller did not issue.
    UnknownValue,
    /// A pod that is terminating.
    Terminating,
    /// A pod that refuses connections and is still an endpoint.
    DeadPod,
    /// A second Ingress that gets a share.
    Canary,
    /// Whether sessions stay with the version they began with.
    CanaryAffinity,
    /// Several Ingresses on one Service.
    SharedService,
    /// One cookie name on two Services of a host.
    SharedName,
    /// The proxy sends to the Service's address rather than to pods.
    ServiceUpstream,
    /// Whether the cookie reaches the app.
    AppSees,
    /// When an idle WebSocket is closed.
    IdleSocket,
    /// What a change of configuration does to open WebSockets.
    Reload,
    /// A cookie of one replica of the proxy at another.
    Replicas,
}

/// A row.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    /// What it is about.
    pub topic: Topic,
    /// The same for a table, without a capital and a full stop.
    pub what: &'static str,
    /// ingress-nginx's annotations for it, without the prefix; none for what can't be set.
    pub keys: &'static [&'static str],
    /// For each controller of [`Controller::ALL`] what it does, the earliest version first.
    pub(super) cells: [&'static [Cell]; Controller::ALL.len()],
}

impl Row {
    /// Everything that is known of a controller, the earliest version first.
    #[must_use]
    pub fn cells(&self, of: Controller) -> &'static [Cell] {
        let place = Controller::ALL.iter().position(|controller| *controller == of).unwrap_or_default();
        self.cells[place]
    }

    /// What is true of a version of a controller.
    #[must_use]
    pub fn cell(&self, of: Controller, version: Version) -> &'static Cell {
        let all = self.cells(of);
        all.iter().rev().find(|cell| cell.since.is_none_or(|since| since <= version)).unwrap_or(&all[0])
    }
}
