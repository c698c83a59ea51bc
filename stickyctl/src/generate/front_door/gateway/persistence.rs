//! Where the affinity of a route comes from.

use crate::spec::StickyApp;
use crate::spec::ingress::Persistence;

/// Whether it comes from `sessionPersistence`, rather than from a hash of a cookie.
pub(super) fn has_session_persistence(spec: &StickyApp) -> bool {
    spec.ingress.cookie.persistence == Persistence::Persistent
}
