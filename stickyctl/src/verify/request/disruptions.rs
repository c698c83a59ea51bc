//! What is to happen to the site's pods during a run.

use crate::cluster::connect::Access;
use crate::cluster::disrupt::{Reference, Which};
use std::time::Duration;
use sticky_affinity::promise::Promise;

/// The disruptions of a run, and the comparison of its proxies.
#[derive(Debug)]
pub(crate) struct Disruptions {
    /// What is done, in this order; empty for nothing.
    pub(crate) all: Vec<Which>,
    /// The workload; none for the one that owns the site's pods.
    pub(crate) workload: Option<Reference>,
    /// Where the workload is.
    pub(crate) access: Access,
    pub(crate) namespace: String,
    /// The number of pods to scale to; none for twice as many, but at most three more.
    pub(crate) scale_to: Option<u16>,
    /// What the front door promises; none for what its configuration says.
    pub(crate) expect: Option<Promise>,
    /// How long requests of sessions on a killed pod may fail.
    pub(crate) tolerated: Duration,
    /// How long pods may take to come to rest after each change.
    pub(crate) timeout: Duration,
    /// Whether the site's proxies are compared.
    pub(crate) each_proxy: bool,
}
