//! What chance alone would move, and what it would keep in place.

use crate::bounds::{self, CHANCE};
use crate::run::Run;

/// Where requests move less often than this part of what chance would move, something holds them.
pub(super) const MOSTLY: f64 = 0.7;

/// The share of requests that chance alone moves: two independent requests reach the same pod with the sum of the squared shares.
pub(super) fn moved_by_chance(run: &Run) -> f64 {
    let spread = if run.turns_away() { run.without_cookie() } else { run.spread() };
    1.0 - together(&spread.into_values().collect::<Vec<_>>())
}

/// The odds that two independent requests reach the same pod, given how many each pod answered.
pub(super) fn together(seen: &[u64]) -> f64 {
    let all: u64 = seen.iter().sum();
    seen.iter().map(|seen| (*seen as f64 / all.max(1) as f64).powi(2)).sum()
}

/// Whether chance alone can't explain that requests stayed, although the pattern was found among `patterns` in the same run. For each pod or
/// group: how many requests without a cookie it answered, and how many requests stayed there.
pub(super) fn is_no_chance(stayed: &[(u64, u64)], patterns: f64) -> bool {
    // The shares' error is the same for all patterns.
    let shares = CHANCE / 2.0;
    (bounds::chance_by_pod(stayed, 0) - shares) * patterns <= CHANCE - shares
}
