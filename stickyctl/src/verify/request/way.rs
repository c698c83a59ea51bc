//! The way to a site.

use crate::cluster::tunnel::{Target, Tunnel};
use crate::verify::logs::Sources;
use crate::verify::probe::watch::Witness;
use sticky_affinity::promise::Promise;

/// The way to a site.
pub(crate) struct Way {
    pub(crate) url: String,
    /// Where to connect, if not to the URL's host; sessions use several in turn.
    pub(crate) addresses: Vec<String>,
    /// The tunnel that an address leads to, which closes when it is dropped.
    pub(crate) tunnel: Option<Tunnel>,
    /// The source of the pods' states.
    pub(crate) witness: Option<Witness>,
    /// The front door on a cluster, if it is known.
    pub(crate) front: Option<Front>,
    /// The logs of the front door and of the pods, if they are known.
    pub(crate) logs: Option<Sources>,
    /// Whether it is the demo on this machine.
    pub(crate) is_here: bool,
    /// What was found on the way, one line each.
    pub(crate) notes: Vec<String>,
}

/// A front door on a cluster, for what is tested at each of its pods and while the application's pods come and go.
#[derive(Debug, Clone)]
pub(crate) struct Front {
    /// Its pods.
    pub(crate) pods: Target,
    /// The product, as in `Traefik`.
    pub(crate) product: String,
    /// What it promises about sessions.
    pub(crate) promise: Promise,
}
