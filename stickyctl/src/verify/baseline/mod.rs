//! An earlier report beside this one: what changed, and what makes the comparison weak. It never changes the verdict.

mod earlier;
mod read;

use super::report::{Baseline, Report};
use std::collections::{BTreeMap, BTreeSet};

pub use earlier::Earlier;
use earlier::{Cookie, Scenario};
pub use read::read;

/// A median that grows or shrinks by more than this is told; less is a machine's mood.
const FACTOR: f64 = 1.5;
/// A share of the controls is told where chance makes such a difference less than once in ten thousand runs: so many standard errors.
const ERRORS: f64 = 4.0;
/// The most names of a kind in a line.
const NAMES: usize = 6;

/// What changed from an earlier run to this one. `file` is where the earlier one was.
#[must_use]
pub fn compare(file: &str, before: &Earlier, now: &Report) -> Baseline {
    let now = &Earlier::from(now);
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
    if before.forced_moves != now.forced_moves {
        changed.push(format!("forced moves: {}, was {}", now.forced_moves, before.forced_moves));
    }
    changed.extend(pods(before, now));
    changed.extend(cookies(&before.cookies, &now.cookies));
    changed.extend(scenarios(&before.scenarios, &now.scenarios));
    changed.extend(latency(before, now));
    Baseline { file: file.to_owned(), began: before.began.clone(), changed, weak: weak(before, now) }
}

/// Codes of reasons that only one of the runs has. A report without a verdict is an older version's, and has none to compare.
fn reasons(before: &Earlier, now: &Earlier) -> Option<String> {
    let codes = |run: &Earlier| run.reasons.iter().map(|reason| reason.code.clone()).collect::<BTreeSet<_>>();
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

fn pods(before: &Earlier, now: &Earlier) -> Vec<String> {
    let names = |run: &Earlier| run.pods.iter().map(|pod| pod.pod.clone()).collect::<BTreeSet<_>>();
    let (old, new) = (names(before), names(now));
    let mut all = Vec::new();
    // A pod that was not met may have been there: of many pods a run misses some.
    for (what, names) in [("pods seen only now", &new - &old), ("pods seen only then", &old - &new)] {
        if !names.is_empty() {
            all.push(format!("{what}: {}", some(names)));
        }
    }
    // Shares of other pods say nothing.
    if old == new {
        let share = |run: &Earlier, pod: &str| {
            let own = run.pods.iter().find(|one| one.pod == pod).map_or(0, |one| one.controls);
            (own as f64, run.pods.iter().map(|pod| pod.controls).sum::<u64>().max(1) as f64)
        };
        let shares = new.iter().filter_map(|pod| {
            let ((was, of), (is, all)) = (share(before, pod), share(now, pod));
            let both = (was + is) / (of + all);
            let error = (both * (1.0 - both) * (1.0 / of + 1.0 / all)).sqrt();
            ((was / of - is / all).abs() > ERRORS * error).then(|| (pod, was * 100.0 / of, is * 100.0 / all))
        });
        let lines: Vec<String> = shares.map(|(pod, was, is)| format!("{pod} {is:.0} %, was {was:.0} %")).collect();
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
    all.extend(before.keys().filter(|name| !now.contains_key(*name)).map(|name| format!("cookie {name} is offered no more")));
    all
}

/// The attributes that cookies of a name have.
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

/// Of the pods' medians, the middle one.
fn latency(before: &Earlier, now: &Earlier) -> Option<String> {
    let middle = |run: &Earlier| {
        let mut all: Vec<f64> = run.pods.iter().filter_map(|pod| pod.latency).map(|took| took.p50_ms).filter(|ms| *ms > 0.0).collect();
        all.sort_by(f64::total_cmp);
        all.get(all.len() / 2).copied()
    };
    let (was, is) = (middle(before)?, middle(now)?);
    (is / was > FACTOR || was / is > FACTOR).then(|| format!("median latency: {is:.1} ms, was {was:.1} ms"))
}

/// What makes the two hard to compare.
fn weak(before: &Earlier, now: &Earlier) -> Vec<String> {
    let mut all = Vec::new();
    if before.url != now.url {
        all.push(format!("another URL, {}", before.url));
    }
    let (was, is) = (&before.plan, &now.plan);
    for (what, was, is) in
        [("sessions", was.sessions, is.sessions), ("later requests", was.requests, is.requests), ("controls", was.controls, is.controls)]
    {
        if was != is {
            all.push(format!("it had {was} {what}, and this one {is}"));
        }
    }
    // Of an older version neither is known.
    if let (Some(was), Some(is)) = (was.max_move_rate, is.max_move_rate)
        && was != is
    {
        all.push(format!("it put up with {} of moves, and this one with {}", percent(was), percent(is)));
    }
    for (what, was, is) in [("pods", &before.identity.pod, &now.identity.pod), ("workers", &before.identity.worker, &now.identity.worker)] {
        if was != is && !was.is_empty() {
            all.push(format!("it read {what} from {was}, and this one from {is}"));
        }
    }
    if was.paths != is.paths && !was.paths.is_empty() {
        all.push(format!("it asked {}", was.paths.join(" ")));
    }
    let partial = [(before.partial, "it was interrupted"), (now.partial, "this one was interrupted")];
    all.extend(partial.into_iter().filter(|(is, _)| *is).map(|(_, what)| what.to_owned()));
    all
}

/// A share as it is written on the command line.
fn percent(share: f64) -> String {
    format!("{}%", (share * 1e8).round() / 1e6)
}

/// Some names, and how many more.
fn some(names: impl IntoIterator<Item = String>) -> String {
    let mut names: Vec<String> = names.into_iter().collect();
    let more = names.len().saturating_sub(NAMES);
    names.truncate(NAMES);
    if more > 0 { format!("{} and {more} more", names.join(", ")) } else { names.join(", ") }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::super::report::sample::{Kind, report};
    use super::earlier::Latency;
    use super::*;

    fn earlier(kind: Kind) -> Earlier {
        serde_json::from_value(serde_json::to_value(report(kind)).unwrap()).unwrap()
    }

    #[test]
    fn a_written_report_is_read_as_it_was() {
        for kind in [Kind::Sticky, Kind::Rollout, Kind::NotSticky, Kind::OnePod] {
            assert_eq!(earlier(kind), Earlier::from(&report(kind)));
            let same = compare("a.json", &earlier(kind), &report(kind));
            assert_eq!((same.changed, same.weak, same.began.as_str()), (vec![], vec![], "2026-11-25T14:02:07Z"));
        }
    }

    #[test]
    fn what_changed() {
        let told = compare("a.json", &earlier(Kind::Sticky), &report(Kind::NotSticky));
        assert_eq!(
            told.changed,
            [
                "pods: not-sticky, was sticky",
                "reasons: cookie-not-honoured, was none",
                "moves: 240 of 360 requests, was 0 of 360",
                "moves: 30 of 30 sessions, was 0 of 30",
                "pods seen only then: app-4, app-5",
                "stick-http: failed, was passed",
                "attribution: failed, was passed",
            ]
        );
        let told = compare("a.json", &earlier(Kind::NotSticky), &report(Kind::Rollout));
        assert!(
            told.changed.contains(&"forced moves: 10, was 0".to_owned()) && told.changed.contains(&"pods seen only now: app-4".to_owned()),
            "{told:?}"
        );
    }

    #[test]
    fn shares_cookies_and_times() {
        let now = report(Kind::NotSticky);
        let mut before = earlier(Kind::NotSticky);
        // 60 % of so few may be chance, of ten times as many it is not.
        before.pods[0].controls = 60;
        assert!(compare("a.json", &before, &now).changed.is_empty());
        before.pods.iter_mut().for_each(|pod| pod.controls *= 10);
        before.cookies =
            vec![Cookie { name: "shop_route".to_owned(), attributes: String::new() }, Cookie { name: "old".to_owned(), ..Cookie::default() }];
        before.pods.iter_mut().for_each(|pod| pod.latency = Some(Latency { p50_ms: 4.0 }));
        let told = compare("a.json", &before, &now);
        assert_eq!(
            told.changed,
            [
                "shares of the controls: app-1 33 %, was 60 %",
                "cookie shop_route: Path=/ HttpOnly, was no attributes",
                "cookie old is offered no more",
                "median latency: 1.0 ms, was 4.0 ms",
            ]
        );
    }

    /// Paths of two rules, under one name: it is their sum that changed or did not.
    #[test]
    fn cookies_of_one_name() {
        let cookie = |attributes: &str| Cookie { name: "route".to_owned(), attributes: attributes.to_owned() };
        let (one, two) = (vec![cookie("Path=/a")], vec![cookie("Path=/a"), cookie("Path=/b")]);
        assert_eq!(cookies(&two, &two), [""; 0]);
        assert_eq!(cookies(&one, &two), ["cookie route: Path=/a and Path=/b, was Path=/a"]);
    }

    #[test]
    fn what_makes_it_weak() {
        let mut before = earlier(Kind::Sticky);
        (before.url, before.plan.sessions, before.partial) = ("http://other/".to_owned(), 6, true);
        let told = compare("a.json", &before, &report(Kind::Sticky));
        assert_eq!(told.weak, ["another URL, http://other/", "it had 6 sessions, and this one 30", "it was interrupted"]);
        let mut before = earlier(Kind::Sticky);
        (before.plan.max_move_rate, before.identity.pod) = (Some(0.001), "json:/host".to_owned());
        let told = compare("a.json", &before, &report(Kind::Sticky));
        assert_eq!(told.weak, ["it put up with 0.1% of moves, and this one with 0%", "it read pods from json:/host, and this one from header:x-pod"]);
    }

    #[test]
    fn other_reasons_are_a_change() {
        let mut before = earlier(Kind::NotSticky);
        before.reasons[0].code = "no-affinity-cookie".to_owned();
        assert_eq!(compare("a.json", &before, &report(Kind::NotSticky)).changed, ["reasons: cookie-not-honoured, was no-affinity-cookie"]);
        before.reasons = earlier(Kind::NotSticky).reasons;
        before.reasons.reverse();
        assert!(compare("a.json", &before, &report(Kind::NotSticky)).changed.is_empty());
    }

    #[test]
    fn an_older_report_has_fewer_fields() {
        let before: Earlier =
            serde_json::from_str(r#"{"schema": "stickyctl.verify/v1", "url": "https://shop.example.com/", "verdict": "sticky"}"#).unwrap();
        let told = compare("a.json", &before, &report(Kind::NotSticky));
        assert_eq!(told.changed[0], "pods: not-sticky, was sticky");
        assert!(!told.changed.iter().any(|line| line.starts_with("workers") || line.starts_with("moves")), "{told:?}");
    }
}
