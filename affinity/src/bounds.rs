//! Statistics: exact bounds of a rate, and the odds that chance alone looks like affinity.
//!
//! # A rate
//! `seen` of `n` requests moved. Clopper and Pearson's exact interval (Biometrika 26, 1934) bounds the rates that fit this: at its lower end,
//! `seen` or more have a probability of half the error; at its upper end, `seen` or fewer have. If nothing was seen, the whole error is on
//! the upper side, and the bound is `1 - error^(1/n)`, the "rule of three".
//!
//! # Chance
//! Without affinity, each request picks a pod independently, with shares p. A session with `k` later requests then stays with a probability
//! of at most `max(p)^k`: all of them have to reach the pod of the first. The largest share is bounded by controls, which are requests without
//! a cookie mixed in with the others, and never by a number of pods: on a site that sends 90% to one pod, three pods mean nothing. Both errors
//! count: the controls may understate the share, and chance may keep every request in place. Each gets half of [`CHANCE`]. A session's pod is
//! known from its first answer, so a session on a pod that gets few requests proves more than one on the pod that gets most.
//!
//! If some moves are tolerated, the question is whether chance makes so few of them. A request leaves its session's pod with a probability of
//! `1 - p`, and the probability that so few or fewer leave is at most Chernoff's bound (Annals of Mathematical Statistics 23, 1952). Without
//! any move that is the product of the shares. Counting the requests that stayed, without regard to the shares, would call a site sticky
//! that sends nearly everything to one pod.

use statrs::function::beta::beta_reg;

/// The tolerated odds that chance alone explains a result: one in a million runs.
pub const CHANCE: f64 = 1e-6;
/// The error of the bounds that reports show, 5%: their confidence is 95%.
pub const SHOWN: f64 = 0.05;

/// An interval of rates, each 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounds {
    /// The smallest rate that fits.
    pub least: f64,
    /// The largest rate that fits.
    pub most: f64,
}

/// Clopper and Pearson's interval for `seen` of `n`, with a total error of `error`; all of it is on one side if nothing or everything was
/// seen. With no requests the interval is 0 to 1.
#[must_use]
pub fn rate(seen: u64, n: u64, error: f64) -> Bounds {
    let seen = seen.min(n);
    let one_sided = seen == 0 || seen == n;
    let each = if one_sided { error } else { error / 2.0 };
    Bounds { least: lower(seen, n, each), most: upper(seen, n, each) }
}

/// The largest rate at which `seen` or fewer of `n` have a probability of at least `error`.
#[must_use]
pub fn upper(seen: u64, n: u64, error: f64) -> f64 {
    if seen >= n {
        return 1.0;
    }
    // P(X <= seen) falls as the rate grows.
    bisect(|rate| at_most(seen, n, rate) >= error)
}

/// The smallest rate at which `seen` or more of `n` have a probability of at least `error`.
#[must_use]
pub fn lower(seen: u64, n: u64, error: f64) -> f64 {
    if seen == 0 || n == 0 {
        return 0.0;
    }
    bisect(|rate| 1.0 - at_most(seen - 1, n, rate) < error)
}

/// P(X <= seen) in `n` trials at a rate, by the regularised incomplete beta function.
fn at_most(seen: u64, n: u64, rate: f64) -> f64 {
    if seen >= n || rate <= 0.0 {
        return 1.0;
    }
    if rate >= 1.0 {
        return 0.0;
    }
    beta_reg((n - seen) as f64, seen as f64 + 1.0, 1.0 - rate)
}

/// The largest rate for which `holds` is true; it is true up to some rate and false beyond.
fn bisect(holds: impl Fn(f64) -> bool) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    // 60 bisections are finer than a double.
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        if holds(middle) {
            low = middle;
        } else {
            high = middle;
        }
    }
    f64::midpoint(low, high)
}

/// An upper bound for the odds that chance alone keeps `later` requests on their sessions' pods, given how many controls each pod answered.
/// 1 if there are no controls.
#[must_use]
pub fn chance(controls: &[u64], later: u64) -> f64 {
    let share = shares(controls).into_iter().fold(0.0, f64::max);
    if controls.iter().all(|seen| *seen == 0) {
        return 1.0;
    }
    (CHANCE / 2.0 + share.powf(later as f64)).min(1.0)
}

/// An upper bound for the odds that chance alone moves `moves` later requests or fewer, given the sessions' pods: for each pod, how many
/// requests without a cookie it answered, and how many later requests its sessions made.
#[must_use]
pub fn chance_by_pod(pods: &[(u64, u64)], moves: u64) -> f64 {
    let controls: Vec<u64> = pods.iter().map(|(seen, _)| *seen).collect();
    if controls.iter().all(|seen| *seen == 0) {
        return 1.0;
    }
    let pods: Vec<(f64, f64)> = shares(&controls).into_iter().zip(pods).map(|(share, (_, later))| (share, *later as f64)).collect();
    let moves = moves as f64;
    // Moves are weighted by `weight`; the expected number of moves grows with it. The bound is smallest where as many are expected as were
    // seen.
    let expected = |weight: f64| pods.iter().map(|(share, later)| later * (1.0 - share) * weight / (share + (1.0 - share) * weight)).sum::<f64>();
    let weight = bisect(|weight| expected(weight) <= moves);
    let odds = pods.iter().map(|(share, later)| later * (share + (1.0 - share) * weight).ln()).sum::<f64>() - moves * weight.ln();
    (CHANCE / 2.0 + odds.exp()).min(1.0)
}

/// An upper bound for each pod's share.
fn shares(controls: &[u64]) -> Vec<f64> {
    // Any share may be understated: each gets its part of the error.
    let (n, each) = (controls.iter().sum(), CHANCE / 2.0 / controls.len().max(1) as f64);
    controls.iter().map(|seen| upper(*seen, n, each)).collect()
}

/// How many later requests it takes to rule out a rate of moves above `rate` with 95% confidence, if none of them moves.
#[must_use]
pub fn needed(rate: f64) -> u64 {
    if rate <= 0.0 || rate >= 1.0 {
        return 1;
    }
    (SHOWN.ln() / (1.0 - rate).ln()).ceil() as u64
}

/// The 95% bounds of a count in words: `at most 0.83%`, `at least 90.5%`, `61.3% to 71.3%`, each followed by `(95% confidence)`.
#[must_use]
pub fn in_words(seen: u64, of: u64) -> String {
    if of == 0 {
        return "no requests".to_owned();
    }
    let bound = rate(seen, of, SHOWN);
    let percent = |rate: f64| {
        let rate = rate * 100.0;
        if rate < 1.0 { format!("{rate:.2}") } else { format!("{rate:.1}") }
    };
    if seen == 0 {
        format!("at most {}% (95% confidence)", percent(bound.most))
    } else if seen == of {
        format!("at least {}% (95% confidence)", percent(bound.least))
    } else {
        format!("{}% to {}% (95% confidence)", percent(bound.least), percent(bound.most))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_as_a_person_reads_them() {
        assert_eq!(in_words(0, 360), "at most 0.83% (95% confidence)");
        assert_eq!(in_words(0, 30), "at most 9.5% (95% confidence)");
        assert_eq!(in_words(30, 30), "at least 90.5% (95% confidence)");
        assert_eq!(in_words(239, 360), "61.3% to 71.3% (95% confidence)");
        assert_eq!(in_words(0, 0), "no requests");
    }

    fn near(a: f64, b: f64) -> bool {
        (a - b).abs() < 5e-4
    }

    /// The values are those of R's `binom.test`.
    #[test]
    fn clopper_and_pearson() {
        let both = rate(239, 360, SHOWN);
        assert!(near(both.least, 0.6125) && near(both.most, 0.7125), "{both:?}");
        let both = rate(7, 20, SHOWN);
        assert!(near(both.least, 0.1539) && near(both.most, 0.5922), "{both:?}");
    }

    #[test]
    fn nothing_seen_is_the_rule_of_three() {
        let none = rate(0, 360, SHOWN);
        assert!(none.least == 0.0 && near(none.most, 1.0 - 0.05_f64.powf(1.0 / 360.0)), "{none:?}");
        assert!(near(rate(0, 60, SHOWN).most, 0.0487), "at most 5 % after 60");
        let all = rate(30, 30, SHOWN);
        assert!(all.most == 1.0 && near(all.least, 0.905), "{all:?}");
        assert_eq!(rate(0, 0, SHOWN), Bounds { least: 0.0, most: 1.0 });
    }

    #[test]
    fn chance_comes_from_shares_not_from_a_count_of_pods() {
        assert!(chance(&[20, 20, 20], 360) < CHANCE);
        assert!(chance(&[54, 3, 3], 360) > 0.01, "three pods, and nearly all on one");
        assert_eq!(chance(&[60], 360), 1.0);
        assert_eq!(chance(&[], 360), 1.0);
        assert!(chance(&[2, 1, 1], 360) > CHANCE, "too few controls");
        assert!(chance(&[20, 20, 20], 10) > CHANCE, "too few requests");
    }

    #[test]
    fn sessions_on_pods_that_get_little_say_more() {
        assert!(chance(&[54, 3, 3], 360) > 0.01 && chance_by_pod(&[(54, 324), (3, 24), (3, 12)], 0) < CHANCE);
        assert!(chance_by_pod(&[(54, 360), (3, 0), (3, 0)], 0) > 0.01, "all on the one that gets nearly all");
        assert!(chance_by_pod(&[(60, 0), (0, 12)], 0) < CHANCE, "no control met it");
        assert_eq!((chance_by_pod(&[], 0), chance_by_pod(&[(0, 9)], 0)), (1.0, 1.0));
        let (one, all) = (chance_by_pod(&[(20, 40), (20, 40)], 0), chance(&[20, 20], 80));
        assert!((one / all - 1.0).abs() < 1e-6, "without a move it is the product of the shares: {one} {all}");
    }

    #[test]
    fn so_few_moves_are_more_likely_the_more_there_are() {
        let evenly = |moves| chance_by_pod(&[(200, 1_000), (200, 1_000), (200, 1_000)], moves);
        assert!(evenly(0) <= evenly(30) && evenly(30) < CHANCE && evenly(1_500) < evenly(1_900) && evenly(2_000) > 0.5);
        // 98 % on one pod: without affinity 2 % of its sessions' requests go elsewhere, as here.
        assert!(chance_by_pod(&[(380, 9_800), (8, 200)], 390) > 0.5);
        assert!(chance_by_pod(&[(380, 9_800), (8, 200)], 0) < CHANCE);
    }

    /// The bound is one: it lies above the exact odds, and not far.
    #[test]
    fn so_few_moves_are_no_likelier_than_the_bound() {
        let (controls, later) = (1_000_000_000, 200);
        for moves in [1, 5, 20, 60] {
            let (bound, exact) = (chance_by_pod(&[(controls, later), (controls, 0)], moves), at_most(moves, later, 0.5));
            assert!(bound >= exact && bound <= CHANCE + exact * 100.0, "{moves}: {bound} {exact}");
        }
    }

    #[test]
    fn a_wanted_rate_chooses_the_sample() {
        let n = needed(0.001);
        assert!(rate(0, n, SHOWN).most <= 0.001 && rate(0, n - 2, SHOWN).most > 0.001, "{n}");
        assert_eq!(needed(0.0), 1);
    }
}
