//! How many requests a run at two doors makes.

use sticky_affinity::migrate::Door;
use sticky_affinity::migrate::schedule::{LEAST, mover, newcomer};
use sticky_affinity::plan::Sample;

/// Pages that are loaded through both doors at once.
const PAGES: u32 = 10;
/// Parallel requests of such a page at each door.
pub(super) const PARTS: u32 = 4;
/// Requests after such a page, at the new door.
pub(super) const AFTER: u32 = 3;
/// Sessions whose socket reconnects at the new door.
const RECONNECTS: u32 = 10;

/// How many requests a run makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Amount {
    /// Sessions that begin at the old door.
    pub(super) movers: u32,
    /// Requests of each of them.
    pub(super) requests: u32,
    /// Sessions that begin at the new door.
    pub(super) newcomers: u32,
    /// Requests without a cookie, at each door.
    pub(super) controls: u32,
    pub(super) pages: u32,
    pub(super) reconnects: u32,
}

impl Amount {
    /// The amount for a sample; `has_socket` says whether the site has a WebSocket, and `rate` is in requests per second at each door.
    pub(super) fn new(sample: Sample, has_socket: bool, rate: f64) -> Self {
        Self {
            movers: sample.sessions,
            requests: (sample.later + 1).max(LEAST),
            newcomers: sample.sessions.div_ceil(2),
            controls: sample.controls,
            pages: if rate >= f64::from(PARTS) { PAGES.min(sample.sessions) } else { 0 },
            reconnects: if has_socket { RECONNECTS.min(sample.sessions) } else { 0 },
        }
    }

    /// The largest number of requests and of sockets.
    pub(super) fn count(self) -> (u64, u64) {
        let of = |count: u32, each: u32| u64::from(count) * u64::from(each);
        let sessions = of(self.movers, self.requests) + of(self.newcomers, newcomer().len() as u32);
        let pages = of(self.pages, 1 + 2 * PARTS + AFTER);
        (sessions + of(self.controls, 2) + pages + of(self.reconnects, 2), of(self.reconnects, 2))
    }

    /// For each session that crosses over, the doors of its requests: those that begin at the old one first.
    pub(super) fn schedules(self) -> Vec<Vec<Door>> {
        let newcomers = std::iter::repeat_with(newcomer).take(self.newcomers as usize);
        (0..self.movers).map(|n| mover(self.requests, n)).chain(newcomers).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_is_the_usual_load_for_each_door() {
        let amount = Amount::new(Sample::default(), true, 100.0);
        assert_eq!((amount.movers, amount.newcomers, amount.requests, amount.count()), (30, 15, 13, (875, 20)));
        let schedules = amount.schedules();
        let at = |door| schedules.iter().flatten().filter(|one| **one == door).count();
        assert_eq!((schedules.len(), at(Door::Old) + at(Door::New)), (45, 615));
        assert!(at(Door::Old) > 250 && at(Door::New) > 250, "{} {}", at(Door::Old), at(Door::New));
        let small = Amount::new(Sample { sessions: 1, later: 1, controls: 2 }, false, 1.0);
        assert_eq!((small.requests, small.pages, small.count()), (LEAST, 0, (u64::from(LEAST) + 15 + 4, 0)));
    }
}
