//! Requests of sessions without some of their cookies: on a site that never names its pods, they show whether sessions would be lost without
//! affinity.
//!
//! A client cannot tell which cookie holds the affinity and which one is the application's session. So each cookie is left out once, and with
//! three or more each is also sent alone, in case two proxies have a cookie each. Without its own cookie a session is lost on any pod, which
//! proves nothing. Without the affinity cookie it is lost on some pods and found on its own: only such a mixture proves that there are several
//! pods with sessions of their own, and its share of kept sessions is the probability to meet the right one by chance.

use crate::jar::Jar;
use crate::run::{Replay, Run};
use std::collections::BTreeSet;

/// The most sets of cookies that are left out.
const MOST: usize = 8;
/// Sessions that try every lever.
pub const EXPLORERS: u32 = 4;
/// How often each of them tries it: a mixture shows in twelve requests.
pub const TIMES: u32 = 3;
/// The least number of requests with the lever that was chosen, by all sessions together.
const MEASURED: u32 = 60;
/// The most sessions that make them.
pub const MEASURERS: u32 = 60;

/// The sets of names to leave out together, at most eight, from the cookies that sessions have. With `captured`, a session is more than its
/// cookies, and leaving out all of them is a lever too.
#[must_use]
pub fn levers(jars: &[Jar], captured: bool) -> Vec<BTreeSet<String>> {
    let mut groups: Vec<BTreeSet<String>> = Vec::new();
    for group in jars.iter().flat_map(Jar::groups) {
        // Two sessions may get different values for what is a pair in one of them by accident: the first one counts.
        if !groups.iter().any(|known| !known.is_disjoint(&group)) {
            groups.push(group);
        }
    }
    let all: BTreeSet<String> = groups.iter().flatten().cloned().collect();
    let alone = groups.iter().filter(|_| groups.len() > 2).map(|group| all.difference(group).cloned().collect());
    let none = (captured && groups.len() > 1).then(|| all.clone());
    let mut levers: Vec<BTreeSet<String>> = none.into_iter().chain(groups.iter().cloned()).chain(alone).collect();
    levers.truncate(MOST);
    levers
}

/// How often each session makes a request with the chosen lever.
#[must_use]
pub const fn measures(sessions: u32) -> u32 {
    let least = MEASURED.div_ceil(if sessions == 0 { 1 } else { sessions });
    if least < 2 { 2 } else { least }
}

/// The largest number of such requests that a run makes.
#[must_use]
pub fn most(sessions: u32) -> u32 {
    let measurers = sessions.min(MEASURERS);
    MOST as u32 * sessions.min(EXPLORERS) * TIMES + measurers * measures(measurers)
}

impl Run {
    /// The lever without which sessions are both lost and kept, the most evenly; `None` if there is none.
    #[must_use]
    pub fn telling_lever(&self) -> Option<usize> {
        let least = |lever: usize| {
            self.left_out(lever, |_| true).iter().filter_map(|replay| replay.shot.symptom).fold([0_u32; 2], |mut seen, lost| {
                seen[usize::from(lost)] += 1;
                seen
            })
        };
        let levers = (0..self.levers.len()).map(|lever| (least(lever).into_iter().min().unwrap_or_default(), lever));
        levers.filter(|(least, _)| *least > 0).max_by_key(|(least, lever)| (*least, std::cmp::Reverse(*lever))).map(|(_, lever)| lever)
    }

    /// The replays with a lever.
    pub(crate) fn left_out(&self, lever: usize, which: impl Fn(&Replay) -> bool) -> Vec<&Replay> {
        self.replays.iter().filter(|replay| replay.lever == lever && which(replay)).collect()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use crate::cookie::Offer;
    use crate::jar::Place;
    use std::time::SystemTime;

    fn jar(lines: &[&str]) -> Jar {
        let (mut jar, now) = (Jar::default(), SystemTime::now());
        for line in lines {
            jar.take(Offer::read(line, now).unwrap(), &Place { host: "shop.example", path: "/", tls: false }, now);
        }
        jar
    }

    fn left_out(jars: &[&[&str]], captured: bool) -> Vec<String> {
        let jars: Vec<Jar> = jars.iter().map(|lines| jar(lines)).collect();
        levers(&jars, captured).into_iter().map(|names| names.into_iter().collect::<Vec<_>>().join("+")).collect()
    }

    #[test]
    fn each_cookie_is_left_out_and_each_is_sent_alone() {
        assert_eq!(left_out(&[&["a=1"]], false), ["a"]);
        assert_eq!(left_out(&[&["a=1"]], true), ["a"]);
        assert_eq!(left_out(&[&["a=1", "b=2"]], false), ["a", "b"]);
        assert_eq!(left_out(&[&["a=1", "b=2"]], true), ["a+b", "a", "b"]);
        assert_eq!(left_out(&[&["a=1"], &["b=2", "c=3"]], false), ["a", "b", "c", "b+c", "a+c", "a+b"]);
        assert_eq!(left_out(&[&["x=1", "y=1", "sid=2"]], false), ["x+y", "sid"]);
        assert!(left_out(&[], false).is_empty() && left_out(&[&[]], true).is_empty());
        let many: Vec<String> = (0..50).map(|n| format!("c{n}={n}")).collect();
        assert_eq!(left_out(&[&many.iter().map(String::as_str).collect::<Vec<_>>()], false).len(), MOST);
    }

    #[test]
    fn enough_to_measure_and_bounded() {
        assert_eq!((measures(30), measures(15), measures(1), measures(60)), (2, 4, 60, 2));
        assert_eq!((most(30), most(1), most(1_000)), (96 + 60, 24 + 60, 96 + 120));
    }
}
