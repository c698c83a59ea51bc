//! Disruptions and proxies as tables for a terminal.

use super::disruptions::{Disruption, Found, Proxies, Window};
use super::model::Report;
use crate::grid::grid;
use std::fmt::Write as _;
use sticky_affinity::scenario::Mark;
use sticky_affinity::verdict::Verdict;

/// The most causes that are shown of a finding.
const CAUSES: usize = 3;
/// The most cookies that are shown.
const COOKIES: usize = 12;

impl Report {
    /// What decided the exit code of a run whose sessions stay at rest, if it was a disruption or a proxy.
    pub(super) fn unlike_at_rest(&self) -> Option<String> {
        let of = |wanted: Mark| {
            let disruptions = self.disruptions.iter().filter(move |one| one.outcome == wanted).map(|one| one.kind.word());
            disruptions
                .chain(self.proxies.iter().filter(move |proxies| proxies.outcome == wanted).map(|_| "each-proxy"))
                .collect::<Vec<_>>()
                .join(", ")
        };
        let (failed, unclear) = (of(Mark::Fail), of(Mark::Skip));
        match (self.verdict, self.partial) {
            (Verdict::Sticky, false) if !failed.is_empty() => Some(format!("{failed} failed")),
            (Verdict::Sticky, false) if !unclear.is_empty() && self.exit_code != 0 => Some(format!("{unclear} could not be judged")),
            _ => None,
        }
    }

    /// What each disruption did to sessions, and whether proxies agree; empty without either.
    pub(super) fn disrupted(&self, mark: impl Fn(Mark) -> &'static str) -> String {
        let mut text = String::new();
        if let Some(proxies) = &self.proxies {
            let _ = write!(text, "\n\n{}", crossings(proxies, &mark));
        }
        if self.disruptions.is_empty() {
            return text;
        }
        let rows = self.disruptions.iter().map(|one| [one.kind.word().to_owned(), mark(one.outcome).to_owned(), one.detail.clone()]);
        let _ = write!(text, "\n\n{}", grid(["DISRUPTION", "RESULT", "DETAIL"], rows, 3, None));
        for one in &self.disruptions {
            text.push_str(&details(one));
        }
        text
    }
}

fn details(one: &Disruption) -> String {
    let mut lines = Vec::new();
    let mut moves = format!(
        "{} of {} sessions: {} from pods that went, {} from ready pods",
        one.moved.sessions, one.moved.of, one.moved.forced, one.moved.collateral
    );
    if one.moved.twice > 0 {
        let _ = write!(moves, ", {} more than once", one.moved.twice);
    }
    match one.expected {
        Some(expected) if expected.most > 0 => {
            let _ = write!(moves, "; {} to {} from ready pods are expected ({})", expected.least, expected.most, one.promise.word());
        }
        Some(_) => moves.push_str(&format!("; none from ready pods is expected ({})", one.promise.word())),
        None => moves.push_str("; nothing is promised"),
    }
    lines.push(("moved", moves));
    for (whose, window) in [
        ("sessions whose pod went", one.errors.bound_to_lost_pods),
        ("other sessions", one.errors.bound_to_others),
        ("without a session", one.errors.unbound),
    ] {
        lines.push(("failed", format!("{whose}: {}", failed(window))));
    }
    for pod in &one.terminating {
        let kept = pod.kept_for_ms.map_or_else(|| "left at once".to_owned(), |kept| format!("reached by its sessions for {}", seconds(kept)));
        let new = if pod.new == 0 {
            "no new session".to_owned()
        } else {
            format!("{} new sessions, the last at {}", pod.new, seconds(pod.last_new_after_ms.unwrap_or_default()))
        };
        let gone = pod.gone_after_ms.map_or_else(|| "still there".to_owned(), |gone| format!("gone after {}", seconds(gone)));
        lines.push(("drain", format!("{}: {kept}; {new}; {gone}", pod.pod)));
    }
    if one.sockets.held > 0 {
        let ended: Vec<String> = one
            .sockets
            .ended
            .iter()
            .map(|(why, count)| {
                format!("{count} {}", serde_json::to_value(why).ok().and_then(|word| word.as_str().map(str::to_owned)).unwrap_or_default())
            })
            .collect();
        let ended = if ended.is_empty() { "none ended".to_owned() } else { format!("ended: {}", ended.join(", ")) };
        let back = format!("{} back on their pod, {} elsewhere, {} not back", one.sockets.back, one.sockets.elsewhere, one.sockets.lost);
        lines.push(("sockets", format!("{} held; {ended}; {back}", one.sockets.held)));
    }
    let spread: Vec<String> = one.spread.iter().map(|load| format!("{} {}/{}", load.pod, load.sessions, load.controls)).collect();
    if !spread.is_empty() {
        lines.push(("afterwards", format!("sessions/new requests: {}", spread.join(", "))));
    }
    let mut text = format!("\n\n{}: {}, settled after {}", one.kind.word(), one.what, seconds(one.settled_after_ms));
    let mut last = "";
    for (name, line) in lines {
        let _ = write!(text, "\n  {:<11}{line}", if name == last { "" } else { name });
        last = name;
    }
    for reason in &one.reasons {
        text.push_str(&found(reason));
    }
    text
}

fn failed(window: Window) -> String {
    match (window.failed, window.first_after_ms, window.last_after_ms) {
        (failed, Some(first), Some(last)) if failed > 0 => format!("{failed} of {}, from {} to {}", window.of, seconds(first), seconds(last)),
        _ => format!("0 of {}", window.of),
    }
}

fn found(reason: &Found) -> String {
    let word = reason.code.word();
    let mut text = format!("\n  {word}  {}\n    seen: {}", reason.title, reason.detail);
    if reason.outcome != Mark::Pass {
        for (place, advice) in reason.causes.iter().take(CAUSES).enumerate() {
            let _ = write!(text, "\n    {}  {}\n       {}", place + 1, advice.cause, advice.attempt);
        }
        let _ = write!(text, "\n    Details: stickyctl explain {word}");
    }
    text
}

fn crossings(proxies: &Proxies, mark: &impl Fn(Mark) -> &'static str) -> String {
    let mut text = format!("each proxy  {} {}", mark(proxies.outcome), proxies.detail);
    for (place, name) in proxies.names.iter().enumerate() {
        let _ = write!(text, "\n  proxy {}  {name}", place + 1);
    }
    let apart = proxies.cookies.iter().filter(|cookie| {
        let pods: std::collections::BTreeSet<&String> = cookie.pods.iter().flatten().collect();
        pods.len() > 1
    });
    for cookie in apart.take(COOKIES) {
        let pods: Vec<&str> = cookie.pods.iter().map(|pod| pod.as_deref().unwrap_or("-")).collect();
        let _ = write!(text, "\n  a cookie of proxy {} reached: {}", cookie.issuer + 1, pods.join("  "));
    }
    if let Some(reason) = &proxies.reason {
        text.push_str(&found(reason));
    }
    text
}

fn seconds(ms: f64) -> String {
    format!("{:.1} s", ms / 1e3)
}
