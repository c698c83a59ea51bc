//! The ends of a connection.

use std::net::IpAddr;

/// Where a connection goes, and where it comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Way {
    /// Index of the target's address.
    pub(super) to: usize,
    /// The local address; none lets the system choose.
    pub(super) from: Option<IpAddr>,
}
