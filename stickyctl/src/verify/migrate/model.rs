//! The request to test a migration, as plain values.

use crate::verify::request::{Host, Request as Old, Site};

/// The request to test a migration, from its flags.
#[derive(Debug)]
pub(crate) struct Request {
    /// The request for the old front door; what it says about requests and their number holds for both.
    pub(crate) old: Old,
    /// The new front door.
    pub(crate) new: Site,
    /// Addresses to connect to instead of the new one's own.
    pub(crate) new_connect: Vec<Host>,
}
