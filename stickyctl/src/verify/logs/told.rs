//! What logs say, as others read it.

use std::collections::BTreeMap;

/// What a log says of one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Told {
    /// The pod that answered, as `named` says: by its name, or by what the log has instead.
    pub(crate) pod: String,
    /// What `pod` is.
    pub(crate) named: Named,
    /// Pods that the front door tried before, in order.
    pub(crate) tried: Vec<String>,
    /// Which log said so.
    pub(crate) by: By,
}

/// What a log, and the cluster's objects, name a pod by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Named {
    /// Its name.
    Pod,
    /// An address that belongs to no known pod: equal addresses are equal pods, as long as none is replaced.
    Address,
    /// A name that the front door gave to a server, such as HAProxy's `SRV_1`. Pods that are replaced may pass it on.
    Server,
    /// The Service's own address or name: the front door left the choice of a pod to the Service, so that the log does not tell it.
    Service,
}

impl Told {
    /// Whether it tells pods apart.
    pub(crate) const fn tells(&self) -> bool {
        !matches!(self.named, Named::Service)
    }
}

/// The logs that can tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum By {
    /// The access log of the front door.
    Access,
    /// The log of the application's own pods.
    Pod,
}

/// What the logs said so far, by the number of the marker.
pub(crate) type Lines = BTreeMap<u32, Told>;
