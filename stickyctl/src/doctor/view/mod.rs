//! What belongs together among the objects, resolved once for all checks.

use super::objects::Objects;
use crate::cluster::workload::Reference;
use std::collections::BTreeSet;
use std::time::Duration;

/// The objects and how they belong together.
#[derive(Debug)]
pub(crate) struct View<'a> {
    pub(crate) objects: &'a Objects,
    /// How often the application sends something over an idle WebSocket.
    pub(crate) ping: Option<Duration>,
}

impl<'a> View<'a> {
    pub(crate) fn new(objects: &'a Objects, ping: Option<Duration>) -> Self {
        Self { objects, ping }
    }

    /// The objects that are named and those behind them, as kind, namespace and name.
    ///
    /// # Errors
    /// The first reference to nothing.
    pub(crate) fn behind(&self, _only: &[Reference]) -> Result<BTreeSet<(String, String, String)>, Reference> {
        Ok(BTreeSet::new())
    }
}
