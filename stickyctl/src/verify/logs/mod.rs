//! Which pod answered, read from logs: of the front door, and of the application's own pods.

use std::collections::BTreeMap;

/// What a log says of one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Told {
    /// The pod that answered, by its name; an address that belongs to no known pod is left as it is.
    pub(crate) pod: String,
    /// Pods that the front door tried before, in order.
    pub(crate) tried: Vec<String>,
    /// Which log said so.
    pub(crate) by: By,
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
