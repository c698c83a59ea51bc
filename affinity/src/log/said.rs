//! What one line says.

use super::upstream::{Upstream, Upstreams};

/// What a line says, if it fits a format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// A server was asked.
    Upstreams(Upstreams),
    /// The proxy answered by itself, without any server.
    Nobody,
}

impl Said {
    /// A server that answered, if there is one.
    pub(super) fn of(answered: Option<Upstream>, retries: u32) -> Self {
        answered.map_or(Self::Nobody, |answered| Self::Upstreams(Upstreams { answered, tried: Vec::new(), retries }))
    }
}
