//! Comparison with an earlier report: what changed, and what makes the comparison weak. It never changes the verdict.

pub mod snapshot;

use serde::Serialize;
use snapshot::{Cookie, Scenario, Snapshot};
use std::collections::{BTreeMap, BTreeSet};

/// A median that changes by more than this factor is reported; smaller changes are noise.
const FACTOR: f64 = 1.5;
/// A share of the controls is reported if it changed by more than this many standard errors: chance does that less than once in ten
/// thousand runs.
const ERRORS: f64 = 4.0;
/// A line lists at most this many names of a kind.
const NAMES: usize = 6;

/// What changed since an earlier report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Baseline {
    /// The file that the earlier report was read from.
    pub file: String,
    /// When the earlier run began, according to its report.
    pub began: String,
    /// What changed, one clause each.
    pub changed: Vec<String>,
    /// What makes the two reports hard to compare, one clause each.
    pub weak: Vec<String>,
}

/// Compares this run with an earlier one. `file` names the earlier report in the result.
#[must_use]
pub fn compare(file: &str, before: &Snapshot, now: &Snapshot) -> Baseline {
    let mut changed = Vec::new();
    let mut turned = |what: &str, before: &str, now: &str| {
        if before != now && !before.is_empty() {
            changed.push(format!("{what}: {now}, was {before}"));
        }
    };
    turned("pods", &before.verdict, &now.verdict);
    turned("workers", &before.workers, &now.workers);
    changed.extend(reasons(before, now));
    for (what, before, now) in [("requests", before.moved_requests, now.moved_requests), ("sessions", before.moved_sessions, now.moved_sessions)] {
        if before.of > 0 && (before.seen > 0 || now.seen > 0) && before != now {
            changed.push(format!("moves: {} of {} {what}, was {} of {}", now.seen, now.of, before.seen, before.of));
        }
    }
    if let (Some(before), Some(now)) = (before.lost_when, now.lost_when) {
        for (what, before, now) in [("requests", before.requests, now.requests), ("sessions", before.sessions, now.sessions)] {
            if before.of > 0 && (before.seen > 0 || now.seen > 0) && before != now {
                changed.push(format!("lost: {} of {} {what}, was {} of {}", now.seen, now.of, before.seen, before.of));
            }
        }
    }
    if before.forced_moves != now.forced_moves {
        changed.push(format!("forced moves: {}, was {}", now.forced_moves, before.forced_moves));
    }
    changed.extend(pods(before, now));
    changed.extend(cookies(&before.cookies, &now.cookies));
    changed.extend(scenarios(&before.scenarios, &now.scenarios));
    changed.extend(latency(before, now));
    Baseline { file: file.to_owned(), began: before.began.clone(), changed, weak: weak(before, now) }
}

/// Whether the runs have different reasons. A report without a verdict comes from an older version that wrote no reasons either.
fn reasons(before: &Snapshot, now: &Snapshot) -> Option<String> {
    let codes = |run: &Snapshot| run.reasons.iter().map(|reason| reason.code.clone()).collect::<BTreeSet<_>>();
    let (was, is) = (codes(before), codes(now));
    let or_none = |codes: BTreeSet<String>| if codes.is_empty() { "none".to_owned() } else { some(codes) };
    (was != is && !before.verdict.is_empty()).then(|| format!("reasons: {}, was {}", or_none(is), or_none(was)))
}

fn scenarios(before: &[Scenario], now: &[Scenario]) -> Vec<String> {
    let outcomes: BTreeMap<&str, &str> = before.iter().map(|one| (&*one.name, &*one.outcome)).collect();
    let turned = now.iter().filter_map(|one| Some((one, *outcomes.get(&*one.name)?))).filter(|(one, was)| one.outcome != *was);
    turned.map(|(one, was)| format!("{}: {}, was {}", one.name, done(&one.outcome), done(was))).collect()
}

fn done(outcome: &str) -> &str {
    match outcome {
        "pass" => "passed",
        "fail" => "failed",
        "skip" => "skipped",
        other => other,
    }
}

fn pods(before: &Snapshot, now: &Snapshot) -> Vec<String> {
    let names = |run: &Snapshot| run.pods.iter().map(|pod| pod.pod.clone()).collect::<BTreeSet<_>>();
    let (old, new) = (names(before), names(now));
    let mut all = Vec::new();
    // A pod that was not seen may have been there: with many pods, a run misses some.
    for (what, names) in [("pods seen only in this run", &new - &old), ("pods seen only in the earlier run", &old - &new)] {
        if !names.is_empty() {
            all.push(format!("{what}: {}", some(names)));
        }
    }
    // Shares are comparable only if the pods are the same.
    if old == new {
        let share = |run: &Snapshot, pod: &str| {
            let own = run.pods.iter().find(|one| one.pod == pod).map_or(0, |one| one.controls);
            (own as f64, run.pods.iter().map(|pod| pod.controls).sum::<u64>().max(1) as f64)
        };
        let shares = new.iter().filter_map(|pod| {
            let ((was, of), (is, all)) = (share(before, pod), share(now, pod));
            let both = (was + is) / (of + all);
            let error = (both * (1.0 - both) * (1.0 / of + 1.0 / all)).sqrt();
            ((was / of - is / all).abs() > ERRORS * error).then(|| (pod, was * 100.0 / of, is * 100.0 / all))
        });
        let lines: Vec<String> = shares.map(|(pod, was, is)| format!("{pod} {is:.0}%, was {was:.0}%")).collect();
        if !lines.is_empty() {
            all.push(format!("shares of the controls: {}", some(lines)));
        }
    }
    all
}

fn cookies(before: &[Cookie], now: &[Cookie]) -> Vec<String> {
    let (before, now) = (by_name(before), by_name(now));
    let mut all = Vec::new();
    for (name, attributes) in &now {
        match before.get(name) {
            None => all.push(format!("cookie {name} is new")),
            Some(was) if was != attributes => all.push(format!("cookie {name}: {}, was {}", each(attributes), each(was))),
            Some(_) => {}
        }
    }
    all.extend(before.keys().filter(|name| !now.contains_key(*name)).map(|name| format!("cookie {name} is no longer set")));
    all
}

/// For each name, the attributes that its cookies have.
fn by_name(cookies: &[Cookie]) -> BTreeMap<&str, BTreeSet<&str>> {
    let mut all: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for cookie in cookies {
        all.entry(&cookie.name).or_default().insert(&cookie.attributes);
    }
    all
}

fn each(attributes: &BTreeSet<&str>) -> String {
    attributes.iter().map(|one| or_none(one)).collect::<Vec<_>>().join(" and ")
}

fn or_none(attributes: &str) -> &str {
    if attributes.is_empty() { "no attributes" } else { attributes }
}

/// Compares the median of the pods' medians.
fn latency(before: &Snapshot, now: &Snapshot) -> Option<String> {
    let middle = |run: &Snapshot| {
        let mut all: Vec<f64> = run.pods.iter().filter_map(|pod| pod.latency).map(|took| took.p50_ms).filter(|ms| *ms > 0.0).collect();
        all.sort_by(f64::total_cmp);
        all.get(all.len() / 2).copied()
    };
    let (was, is) = (middle(before)?, middle(now)?);
    (is / was > FACTOR || was / is > FACTOR).then(|| format!("median latency: {is:.1} ms, was {was:.1} ms"))
}

/// What makes the two runs hard to compare.
fn weak(before: &Snapshot, now: &Snapshot) -> Vec<String> {
    let mut all = Vec::new();
    if before.url != now.url {
        all.push(format!("the earlier run tested another URL, {}", before.url));
    }
    let (was, is) = (&before.plan, &now.plan);
    for (what, was, is) in
        [("sessions", was.sessions, is.sessions), ("later requests", was.requests, is.requests), ("controls", was.controls, is.controls)]
    {
        if was != is {
            all.push(format!("the earlier run had {was} {what}, this one has {is}"));
        }
    }
    // An older version wrote neither.
    if let (Some(was), Some(is)) = (was.max_move_rate, is.max_move_rate)
        && was != is
    {
        all.push(format!("the earlier run tolerated {} of moves, this one {}", percent(was), percent(is)));
    }
    for (what, was, is) in [("pods", &before.identity.pod, &now.identity.pod), ("workers", &before.identity.worker, &now.identity.worker)] {
        if was != is && !was.is_empty() {
            all.push(format!("the earlier run read {what} from {was}, this one from {is}"));
        }
    }
    if was.paths != is.paths && !was.paths.is_empty() {
        all.push(format!("the earlier run requested {}", was.paths.join(" ")));
    }
    let partial = [(before.partial, "the earlier run was interrupted"), (now.partial, "this run was interrupted")];
    all.extend(partial.into_iter().filter(|(is, _)| *is).map(|(_, what)| what.to_owned()));
    all
}

/// A share as a percentage, in the command line's notation.
fn percent(share: f64) -> String {
    format!("{}%", (share * 1e8).round() / 1e6)
}

/// The first names, and how many more there are.
fn some(names: impl IntoIterator<Item = String>) -> String {
    let mut names: Vec<String> = names.into_iter().collect();
    let more = names.len().saturating_sub(NAMES);
    names.truncate(NAMES);
    if more > 0 { format!("{} and {more} more", names.join(", ")) } else { names.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two rules, two paths, one name: what counts is the set of them.
    #[test]
    fn cookies_of_one_name() {
        let cookie = |attributes: &str| Cookie { name: "route".to_owned(), attributes: attributes.to_owned() };
        let (one, two) = (vec![cookie("Path=/a")], vec![cookie("Path=/a"), cookie("Path=/b")]);
        assert_eq!(cookies(&two, &two), [""; 0]);
        assert_eq!(cookies(&one, &two), ["cookie route: Path=/a and Path=/b, was Path=/a"]);
    }

    #[test]
    fn a_verdict_that_turned() {
        let run = |verdict: &str, code: Option<&str>| Snapshot {
            verdict: verdict.to_owned(),
            reasons: code.map(|code| snapshot::Reason { code: code.to_owned() }).into_iter().collect(),
            ..Snapshot::default()
        };
        let told = compare("a.json", &run("sticky", None), &run("not-sticky", Some("leaks")));
        assert_eq!(
            (told.file.as_str(), told.changed.as_slice()),
            ("a.json", &["pods: not-sticky, was sticky", "reasons: leaks, was none"].map(str::to_owned)[..])
        );
        assert!(compare("a.json", &Snapshot::default(), &run("not-sticky", Some("leaks"))).changed.is_empty(), "an older version wrote no verdict");
    }
}
