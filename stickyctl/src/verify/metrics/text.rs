//! The metrics as text, version 0.0.4 of Prometheus's format. All are gauges: each run replaces those of the one before.

use crate::verify::report::Report;
use prometheus_client::encoding::prometheus_text::encode;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use std::sync::atomic::AtomicU64;
use sticky_affinity::scenario::Mark;
use sticky_affinity::verdict::Verdict;

/// The prefix of every metric.
const PREFIX: &str = "stickyctl_verify";
const VERDICTS: [Verdict; 4] = [Verdict::Sticky, Verdict::NotSticky, Verdict::Inconclusive, Verdict::NotJudged];

type Labels = Vec<(&'static str, String)>;
type Gauges = Family<Labels, Gauge<f64, AtomicU64>>;

/// Whether a file begins as one with these metrics does.
pub(crate) fn is_own(head: &[u8]) -> bool {
    head.starts_with(format!("# HELP {PREFIX}_").as_bytes())
}

/// The URL without its query, which may hold secrets: the value of the label `target`.
pub(crate) fn target(report: &Report) -> &str {
    report.url.split(['?', '#']).next().unwrap_or_default()
}

/// The metrics of a report that was completed at `ended`, in seconds since 1970.
pub(crate) fn text(report: &Report, ended: f64) -> String {
    let mut registry = Registry::with_prefix(PREFIX);
    let target = || ("target", target(report).to_owned());
    let mut add = |name: &str, help: &str, values: Vec<(Option<(&'static str, &str)>, f64)>| {
        let family = Gauges::default();
        for (label, value) in values {
            let own = label.map(|(name, value)| (name, value.to_owned()));
            family.get_or_create(&std::iter::once(target()).chain(own).collect::<Labels>()).set(value);
        }
        registry.register(name, help, family);
    };
    let one = |value: f64| vec![(None, value)];
    let count = |value: u64| one(value as f64);
    let state = |found: Verdict| VERDICTS.map(|one| (Some(("verdict", one.word())), f64::from(u8::from(one == found)))).to_vec();
    add("verdict", "The verdict on pods: 1 for the one that the run came to, else 0", state(report.verdict));
    add("workers_verdict", "The verdict on workers: 1 for the one that the run came to, else 0", state(report.workers));
    add("exit_code", "The exit code of the run: 0 sticky, 3 not sticky, 6 inconclusive, 130 interrupted", one(report.exit_code.into()));
    add("timestamp_seconds", "When the run ended, in seconds since 1970", one(ended));
    add("duration_seconds", "How long the run took", one(report.took_ms / 1_000.0));
    add("requests", "Requests that were sent", count(report.sent.probes));
    add("sockets", "Sockets that were opened", count(report.sent.sockets));
    add("lost_requests", "Requests without an answer", count(report.lost));
    add("judged_requests", "Later requests of sessions that show whether the session moved", count(report.moved_requests.of));
    add("moved_requests", "Later requests that reached another pod than their session's", count(report.moved_requests.seen));
    add("judged_sessions", "Sessions that show whether they moved", count(report.moved_sessions.of));
    add("moved_sessions", "Sessions with a request that moved", count(report.moved_sessions.seen));
    add("forced_moves", "Moves away from pods that were gone or not ready", count(report.forced_moves));
    add("pods", "Pods that answered", count(report.pods.len() as u64));
    let reasons = report.reasons.iter().map(|reason| (Some(("reason", reason.code.word())), 1.0));
    add("reason", "Reasons for the verdict, as stickyctl explain knows them", reasons.collect());
    let ran = report.scenarios.iter().filter(|one| one.outcome != Mark::Skip);
    let passed = ran.map(|one| (Some(("scenario", one.name)), f64::from(u8::from(one.outcome == Mark::Pass))));
    add("scenario_passed", "Whether a scenario that ran passed", passed.collect());
    add("info", "The version of stickyctl that ran", vec![(Some(("version", report.stickyctl)), 1.0)]);
    let mut text = String::new();
    // Writing into a String can't fail.
    let _ = encode(&mut text, &registry);
    text
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use crate::verify::report::sample::{Kind, hostile, report};
    use std::collections::BTreeMap;

    /// Reads the text as strictly as Prometheus does: each family is announced once, and no series occurs twice
    /// (prometheus/docs "Exposition formats"). The values by series.
    fn parsed(text: &str) -> BTreeMap<String, f64> {
        let name = regex::Regex::new("^[a-z][a-z_]*$").unwrap();
        let label = regex::Regex::new(r#"^[a-z_]+="(?:[^"\\\n]|\\["\\n])*"$"#).unwrap();
        let split = regex::Regex::new(r#""(,)[a-z_]+=""#).unwrap();
        let (mut family, mut families, mut series) = (String::new(), Vec::new(), BTreeMap::new());
        assert!(text.ends_with('\n'));
        for line in text.lines() {
            if let Some(rest) = line.strip_prefix("# HELP ") {
                family = rest.split_once(' ').unwrap().0.to_owned();
                assert!(name.is_match(&family) && !families.contains(&family), "{line}");
                families.push(family.clone());
            } else if let Some(rest) = line.strip_prefix("# TYPE ") {
                assert_eq!(rest, format!("{family} gauge"));
            } else {
                let (which, value) = line.rsplit_once(' ').unwrap();
                let (called, labels) = which.strip_suffix('}').unwrap().split_once('{').unwrap();
                assert_eq!(called, family, "{line}");
                let mut rest = labels;
                while let Some(at) = split.captures(rest).map(|found| found.get(1).unwrap().start()) {
                    assert!(label.is_match(&rest[..at]), "{line}");
                    rest = &rest[at + 1..];
                }
                assert!(label.is_match(rest), "{line}");
                assert!(series.insert(which.to_owned(), value.parse().unwrap()).is_none(), "twice: {line}");
            }
        }
        series
    }

    #[test]
    fn what_prometheus_reads() {
        let written = text(&report(Kind::NotSticky), 1_795_000_000.5);
        let series = parsed(&written);
        let get = |name: &str, labels: &str| series.get(&format!("stickyctl_verify_{name}{{target=\"https://shop.example.com/\"{labels}}}")).copied();
        assert_eq!(get("verdict", ",verdict=\"not-sticky\""), Some(1.0), "{written}");
        assert_eq!(get("verdict", ",verdict=\"sticky\""), Some(0.0));
        assert_eq!((get("moved_requests", ""), get("judged_requests", "")), (Some(240.0), Some(360.0)));
        assert_eq!(get("reason", ",reason=\"cookie-not-honoured\""), Some(1.0));
        assert_eq!((get("exit_code", ""), get("timestamp_seconds", "")), (Some(3.0), Some(1_795_000_000.5)));
        assert!(is_own(written.as_bytes()) && !is_own(b"# HELP node_load1 x\n"));
        for kind in [Kind::Sticky, Kind::Rollout, Kind::OnePod, Kind::Lost] {
            parsed(&text(&report(kind), 1.0));
        }
        parsed(&text(&hostile(), 1.0));
    }

    #[test]
    fn no_secret_is_a_label() {
        let mut secret = report(Kind::Sticky);
        secret.url = "https://shop.example/a?token=secret#x".to_owned();
        let written = text(&secret, 1.0);
        assert!(!written.contains("secret") && written.contains("target=\"https://shop.example/a\""), "{written}");
    }
}
