//! What logs say of requests: which pod answered, and which ones the front door tried before.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// The logs that tell which pods answered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Logs {
    /// Those that are read.
    pub from: BTreeSet<By>,
    /// Whether the markers are in the query too, and not only in `User-Agent`.
    pub in_query: bool,
    /// How long the run waited for lines, in total.
    pub waited: Duration,
    /// What could not be read, and why.
    pub troubles: Vec<String>,
}

/// What a log says of one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// The pod that answered, as `named` says: by its name, or by what the log has instead.
    pub pod: String,
    /// What `pod` is.
    pub named: Named,
    /// Pods that the front door tried before, in order.
    pub tried: Vec<String>,
    /// Which log said so.
    pub by: By,
}

/// What a log, and the cluster's objects, name a pod by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Named {
    /// Its name.
    Pod,
    /// An address that belongs to no known pod. It may be that of another proxy, so it tells no pods apart.
    Address,
    /// A name that the front door gave to a server, such as HAProxy's `SRV_1`. Pods that are replaced may pass it on.
    Server,
    /// The Service's own address or name: the front door left the choice of a pod to the Service, so that the log does not tell it.
    Service,
}

impl Told {
    /// Whether it tells pods apart.
    #[must_use]
    pub const fn tells(&self) -> bool {
        matches!(self.named, Named::Pod | Named::Server)
    }
}

/// The logs that can tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum By {
    /// The access log of the front door.
    Access,
    /// The log of the application's own pods.
    Pod,
}

impl By {
    /// The log in the form of `--pod-identity`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Access => "access-log",
            Self::Pod => "pod-log",
        }
    }
}

/// What the logs said so far, by the number of the marker.
pub type Lines = BTreeMap<u32, Told>;

/// Markers whose line says that the front door answered by itself, without any pod.
pub type Unasked = BTreeSet<u32>;
