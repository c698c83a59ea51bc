//! Reads an earlier report, and makes reports comparable.

use super::model::{Count, Report};
use crate::exit::{Exit, Explained};
use crate::patience;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use sticky_affinity::baseline::snapshot::{Cookie, Identity, Latency, LostWhen, Moved, Plan, Pod, Reason, Scenario, Snapshot};
use sticky_affinity::scenario::Mark;
use sticky_core::harmless::harmless;

/// The largest report, in bytes: one of half a million requests is smaller.
const LARGEST: u64 = 256 << 20;

/// Why an earlier report cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum BaselineError {
    /// There is no such file, or it cannot be read.
    #[error("--baseline {}: {source}", path.display())]
    Unreadable { path: PathBuf, source: io::Error },
    /// It exceeds the limit.
    #[error("--baseline {}: the file is larger than {} MiB", .0.display(), LARGEST >> 20)]
    TooLarge(PathBuf),
    /// It is not JSON, or not a report.
    #[error("--baseline {}: not a report: {}", path.display(), harmless(&source.to_string()))]
    Malformed { path: PathBuf, source: serde_json::Error },
    /// It is another kind of report, or another version.
    #[error("--baseline {}: its schema is {found}, but verify reads {}", path.display(), Report::SCHEMA)]
    Schema {
        path: PathBuf,
        /// The schema that it names.
        found: String,
    },
}

impl Explained for BaselineError {
    fn exit(&self) -> Exit {
        Exit::Usage
    }

    fn next_steps(&self) -> Vec<String> {
        vec!["stickyctl verify URL -o json >FILE    writes a report".to_owned()]
    }
}

/// Reads a report that `-o json` printed.
pub(super) fn read(path: &Path) -> Result<Snapshot, BaselineError> {
    let owned = || path.to_owned();
    let unreadable = |source| BaselineError::Unreadable { path: owned(), source };
    let file = patience::regular(path).map_err(unreadable)?;
    let mut text = String::new();
    if file.take(LARGEST + 1).read_to_string(&mut text).map_err(unreadable)? as u64 > LARGEST {
        return Err(BaselineError::TooLarge(owned()));
    }
    let mut earlier: Snapshot = serde_json::from_str(&text).map_err(|source| BaselineError::Malformed { path: owned(), source })?;
    if earlier.schema != Report::SCHEMA {
        let found = if earlier.schema.is_empty() { "missing".to_owned() } else { harmless(&earlier.schema) };
        return Err(BaselineError::Schema { path: owned(), found });
    }
    made_harmless(&mut earlier);
    Ok(earlier)
}

/// The file may come from anywhere.
fn made_harmless(earlier: &mut Snapshot) {
    let texts = [&mut earlier.url, &mut earlier.began, &mut earlier.verdict, &mut earlier.workers].into_iter();
    let texts = texts.chain([&mut earlier.identity.pod, &mut earlier.identity.worker]);
    let texts = texts.chain(earlier.reasons.iter_mut().map(|reason| &mut reason.code));
    let texts = texts.chain(&mut earlier.plan.paths).chain(earlier.pods.iter_mut().map(|pod| &mut pod.pod));
    let texts = texts.chain(earlier.cookies.iter_mut().flat_map(|one| [&mut one.name, &mut one.attributes]));
    for text in texts.chain(earlier.scenarios.iter_mut().flat_map(|one| [&mut one.name, &mut one.outcome])) {
        *text = harmless(text);
    }
}

impl From<&Report> for Snapshot {
    fn from(report: &Report) -> Self {
        let moved = |count: Count| Moved { seen: count.seen, of: count.of };
        let outcome = |mark| match mark {
            Mark::Pass => "pass",
            Mark::Fail => "fail",
            Mark::Skip => "skip",
        };
        let plan = &report.plan;
        Self {
            schema: report.schema.to_owned(),
            url: report.url.clone(),
            began: report.began.clone(),
            partial: report.partial,
            plan: Plan {
                sessions: plan.sessions,
                requests: plan.requests,
                controls: plan.controls,
                paths: plan.paths.clone(),
                max_move_rate: Some(plan.max_move_rate),
            },
            identity: Identity { pod: report.identity.pod.clone(), worker: report.identity.worker.clone() },
            reasons: report.reasons.iter().map(|reason| Reason { code: reason.code.word().to_owned() }).collect(),
            verdict: report.verdict.word().to_owned(),
            workers: report.workers.word().to_owned(),
            moved_requests: moved(report.moved_requests),
            moved_sessions: moved(report.moved_sessions),
            lost_when: report.lost_when.as_ref().map(|lost| LostWhen { requests: moved(lost.requests), sessions: moved(lost.sessions) }),
            forced_moves: report.forced_moves,
            pods: report
                .pods
                .iter()
                .map(|pod| Pod { pod: pod.pod.clone(), controls: pod.controls, latency: pod.latency.map(|took| Latency { p50_ms: took.p50_ms }) })
                .collect(),
            cookies: report.cookies.iter().map(|one| Cookie { name: one.name.clone(), attributes: one.attributes.clone() }).collect(),
            scenarios: report.scenarios.iter().map(|one| Scenario { name: one.name.to_owned(), outcome: outcome(one.outcome).to_owned() }).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::super::sample::{Kind, report};
    use super::*;
    use sticky_affinity::baseline::{Baseline, compare as compared};

    fn compare(file: &str, before: &Snapshot, now: &Report) -> Baseline {
        compared(file, before, &Snapshot::from(now))
    }

    fn earlier(kind: Kind) -> Snapshot {
        serde_json::from_value(serde_json::to_value(report(kind)).unwrap()).unwrap()
    }

    #[test]
    fn a_written_report_is_read_as_it_was() {
        for kind in [Kind::Sticky, Kind::Rollout, Kind::NotSticky, Kind::OnePod, Kind::Lost] {
            assert_eq!(earlier(kind), Snapshot::from(&report(kind)));
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
                "pods seen only in the earlier run: app-4, app-5",
                "stick-http: failed, was passed",
                "attribution: failed, was passed",
            ]
        );
        let told = compare("a.json", &earlier(Kind::NotSticky), &report(Kind::Rollout));
        assert!(
            told.changed.contains(&"forced moves: 10, was 0".to_owned()) && told.changed.contains(&"pods seen only in this run: app-4".to_owned()),
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
                "shares of the controls: app-1 33%, was 60%",
                "cookie shop_route: Path=/ HttpOnly, was no attributes",
                "cookie old is no longer set",
                "median latency: 1.0 ms, was 4.0 ms",
            ]
        );
    }

    #[test]
    fn what_makes_it_weak() {
        let mut before = earlier(Kind::Sticky);
        (before.url, before.plan.sessions, before.partial) = ("http://other/".to_owned(), 6, true);
        let told = compare("a.json", &before, &report(Kind::Sticky));
        assert_eq!(
            told.weak,
            [
                "the earlier run tested another URL, http://other/",
                "the earlier run had 6 sessions, this one has 30",
                "the earlier run was interrupted"
            ]
        );
        let mut before = earlier(Kind::Sticky);
        (before.plan.max_move_rate, before.identity.pod) = (Some(0.001), "json:/host".to_owned());
        let told = compare("a.json", &before, &report(Kind::Sticky));
        assert_eq!(
            told.weak,
            ["the earlier run tolerated 0.1% of moves, this one 0%", "the earlier run read pods from json:/host, this one from header:x-pod"]
        );
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
        let before: Snapshot =
            serde_json::from_str(r#"{"schema": "stickyctl.verify/v1", "url": "https://shop.example.com/", "verdict": "sticky"}"#).unwrap();
        let told = compare("a.json", &before, &report(Kind::NotSticky));
        assert_eq!(told.changed[0], "pods: not-sticky, was sticky");
        assert!(!told.changed.iter().any(|line| line.starts_with("workers") || line.starts_with("moves")), "{told:?}");
    }

    #[test]
    fn a_report_and_what_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.json");
        std::fs::write(&path, serde_json::to_string_pretty(&report(Kind::Sticky)).unwrap()).unwrap();
        assert_eq!(read(&path).unwrap(), Snapshot::from(&report(Kind::Sticky)));
        for (text, why) in [
            ("", "not a report: EOF"),
            ("[]", "its schema is missing"),
            ("<html>", "not a report"),
            ("{}", "its schema is missing"),
            (r#"{"schema": "stickyctl.verify/v2\u001b[31m"}"#, r"its schema is stickyctl.verify/v2\u{1b}[31m, but verify reads stickyctl.verify/v1"),
        ] {
            std::fs::write(&path, text).unwrap();
            let failure = read(&path).unwrap_err();
            let text = failure.to_string();
            assert!(failure.exit() == Exit::Usage && text.contains(why) && text.contains("a.json"), "{text}");
        }
        assert!(read(folder.path()).unwrap_err().to_string().contains("not a regular file"));
        let pipe = folder.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        assert!(read(&pipe).unwrap_err().to_string().contains("not a regular file"));
        assert!(read(&folder.path().join("none")).unwrap_err().to_string().contains("No such file"));
    }

    #[test]
    fn strangers_words_are_harmless() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.json");
        std::fs::write(
            &path,
            r#"{"schema": "stickyctl.verify/v1", "url": "a\u001b[2J", "reasons": [{"code": "\u001b"}], "pods": [{"pod": "b\u202e"}]}"#,
        )
        .unwrap();
        let read = read(&path).unwrap();
        assert_eq!((&*read.url, &*read.pods[0].pod, &*read.reasons[0].code), (r"a\u{1b}[2J", r"b\u{202e}", r"\u{1b}"));
    }
}
