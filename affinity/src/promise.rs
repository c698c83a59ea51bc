//! What a front door promises about sessions while pods come and go, and how many moves that allows.
//!
//! On a hash ring, `n` pods own equal shares of all keys on average, and the shares of a real ring differ: with 160 points for each pod, as
//! ingress-nginx has, 3 to 6 pods moved 46 to 55% of the sessions in a simulation, and 52 to 58% of 400 on ingress-nginx 1.15.1. So the
//! expected share has a margin of its own, and the count that was seen has Clopper and Pearson's bounds ([`bounds`]).

use crate::bounds;
use crate::change::Kind;
use serde::{Deserialize, Serialize};

/// How much a real ring's shares differ from equal ones.
const UNEVEN: f64 = 0.05;

/// What a front door promises about sessions while pods come and go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Promise {
    /// The cookie contains the pod: a session moves only if its pod goes. Traefik, ingress-nginx with `affinity-mode: persistent`, HAProxy,
    /// and the Gateway API's session persistence.
    Persistent,
    /// The cookie is a key on a hash ring: pods that come or go take or leave their share of the sessions. ingress-nginx with
    /// `affinity-mode: balanced`, its default, and everything that hashes a cookie or a header.
    Ring,
    /// Not known: a front door that was not recognized.
    Unknown,
}

/// The share of the sessions that a change moves away from pods that stay, each 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Share {
    /// The share with equal parts of the ring.
    pub expected: f64,
    /// The smallest share that fits an uneven ring.
    pub least: f64,
    /// The largest share that fits an uneven ring.
    pub most: f64,
}

/// How a count compares with what was promised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// It fits.
    AsPromised,
    /// Fewer moved.
    Fewer,
    /// More moved.
    More,
}

impl Promise {
    /// The word in flags and reports.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Persistent => "persistent",
            Self::Ring => "ring",
            Self::Unknown => "unknown",
        }
    }

    /// The share of the sessions that a disruption moves away from ready pods, with so many pods before and after; `None` if nothing is
    /// promised.
    ///
    /// A pod that is replaced leaves the ring at once, and its replacement takes an equal share of the others' sessions and of those that just
    /// moved. In a rollout every pod does that in turn, so any share fits.
    #[must_use]
    pub fn share(self, kind: Kind, (before, after): (u32, u32)) -> Option<Share> {
        let (before, after) = (f64::from(before.max(1)), f64::from(after.max(1)));
        let about = |expected: f64| {
            let margin = if expected > 0.0 { UNEVEN } else { 0.0 };
            Share { expected, least: (expected - margin).max(0.0), most: (expected + margin).min(1.0) }
        };
        match (self, kind) {
            (Self::Unknown, _) => None,
            (Self::Persistent, _) => Some(about(0.0)),
            (Self::Ring, Kind::ScaleUp) => Some(about(((after - before) / after).max(0.0))),
            // Only the sessions of pods that go: measured as 0 of 150 others on ingress-nginx 1.15.1.
            (Self::Ring, Kind::ScaleDown) => Some(about(0.0)),
            (Self::Ring, Kind::Kill | Kind::Evict) => Some(about(1.0 / before)),
            (Self::Ring, Kind::Rollout) => Some(Share { expected: 1.0, least: 0.0, most: 1.0 }),
        }
    }
}

impl Share {
    /// Compares a count of sessions with the share: it fits if the exact bounds of its rate, at 95%, meet the share's own.
    #[must_use]
    pub fn compare(self, seen: u64, of: u64) -> Kept {
        let bound = bounds::rate(seen, of, bounds::SHOWN);
        // Where nothing may move, one session is proof.
        match () {
            () if seen > 0 && self.most <= 0.0 => Kept::More,
            () if bound.least > self.most => Kept::More,
            () if bound.most < self.least => Kept::Fewer,
            () => Kept::AsPromised,
        }
    }

    /// The smallest and the largest count of sessions that [`compare`](Self::compare) takes for as promised.
    #[must_use]
    pub fn counts(self, of: u64) -> (u64, u64) {
        let fits = |seen: &u64| self.compare(*seen, of) == Kept::AsPromised;
        let (least, most) = ((0..=of).find(fits), (0..=of).rev().find(fits));
        (least.unwrap_or(0), most.unwrap_or(of))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    /// The table of a simulation with 160 points for each pod.
    #[test]
    fn a_ring_moves_its_share() {
        let share = |kind, pods| Promise::Ring.share(kind, pods).unwrap().expected;
        assert!((share(Kind::ScaleUp, (3, 4)) - 0.25).abs() < 1e-9 && (share(Kind::ScaleUp, (3, 6)) - 0.5).abs() < 1e-9);
        assert!((share(Kind::Kill, (3, 3)) - 1.0 / 3.0).abs() < 1e-9);
        assert!(share(Kind::ScaleDown, (6, 3)) == 0.0);
        assert!(Promise::Unknown.share(Kind::ScaleUp, (3, 6)).is_none());
    }

    #[test]
    fn counts_that_fit_and_counts_that_do_not() {
        let half = Promise::Ring.share(Kind::ScaleUp, (3, 6)).unwrap();
        // Measured on ingress-nginx 1.15.1: 18, 22 and 25 of 40, 210 and 233 of 400.
        for (seen, of) in [(18, 40), (22, 40), (25, 40), (20, 40), (14, 40), (26, 40), (210, 400), (233, 400)] {
            assert_eq!(half.compare(seen, of), Kept::AsPromised, "{seen} of {of}");
        }
        assert_eq!((half.compare(40, 40), half.compare(2, 40), half.compare(300, 400)), (Kept::More, Kept::Fewer, Kept::More));
        let (least, most) = half.counts(40);
        assert!((8..=14).contains(&least) && (26..=31).contains(&most), "{least} to {most}");
        let none = Promise::Persistent.share(Kind::ScaleUp, (3, 6)).unwrap();
        assert_eq!((none.compare(0, 40), none.compare(1, 400), none.counts(40)), (Kept::AsPromised, Kept::More, (0, 0)));
    }
}
