//! A report in sentences: the result, what it is based on, and what to do.

use super::model::{Candidate, Report, Summary};
use super::observed::{Kind, Session};
use sticky_affinity::code::Code;
use sticky_affinity::moves::Cause;
use sticky_affinity::scenario::Mark;
use sticky_affinity::verdict::Verdict;

/// Summarizes a report. Commands and flags are in backticks.
pub(super) fn summary(report: &Report) -> Summary {
    let mut lead = lead(report);
    if let Some(what) = report.unlike_at_rest() {
        lead.push_str(&format!(" That is at rest: {what}."));
    }
    if report.partial {
        lead.push_str(" The run was interrupted; this covers only the requests until then.");
    }
    Summary { lead, because: because(report), todo: todo(report) }
}

fn lead(report: &Report) -> String {
    let reason = report.reasons.first();
    match report.verdict {
        Verdict::Sticky => stayed(report),
        Verdict::NotSticky => match reason.map(|reason| reason.code) {
            Some(Code::NoAffinityCookie) if report.cookies.is_empty() => {
                "The site sets no cookie, and a session's requests go to any pod.".to_owned()
            }
            Some(Code::NoAffinityCookie) => "Only sockets get a cookie, and a session's requests go to any pod.".to_owned(),
            Some(Code::CookieNotHonoured) if report.cookies.iter().any(|cookie| cookie.sent > 0) => {
                "The site sets a cookie and sessions send it back, but their requests go to any pod all the same.".to_owned()
            }
            _ => reason.map_or("Sessions move.", |reason| reason.title).to_owned(),
        },
        Verdict::Inconclusive | Verdict::NotJudged => match reason.map(|reason| reason.code) {
            Some(Code::SingleReadyPod) => {
                "Only one pod is ready, and it answered everything. Sessions that stay on the only pod there is prove nothing.".to_owned()
            }
            Some(Code::SingleBackendPath) => {
                let (what, also) = if report.pods.len() == 1 { ("everything", also(report)) } else { ("every request without a cookie", "") };
                format!("One pod answered {what}{also}. If requests do not spread, sessions that stay prove nothing.")
            }
            _ => format!("{} So the run proves nothing either way.", reason.map_or("The run is inconclusive.", |reason| reason.title)),
        },
    }
}

fn also(report: &Report) -> &'static str {
    if report.cookies.iter().any(|cookie| cookie.sent > 0) { ", with a cookie and without" } else { "" }
}

fn stayed(report: &Report) -> String {
    if let Some(lost) = report.by_symptom() {
        return match lost.requests.seen {
            0 => {
                format!("No session was lost in {}, but without affinity many would be.", count(lost.requests.of, "later request", "later requests"))
            }
            seen => format!("{seen} of {} later requests lost their session, which is below the tolerated rate.", lost.requests.of),
        };
    }
    let (moves, forced) = (report.moved_requests, forced_sessions(report));
    let changed = report.events.iter().any(|event| event.kind != Kind::Tunnel);
    if moves.seen > 0 {
        return format!("{} of {} later requests moved, which is below the tolerated rate.", moves.seen, moves.of);
    }
    if forced > 0 {
        let held = if forced == 1 { "One session on such a pod".to_owned() } else { format!("{forced} sessions on such pods") };
        return format!("Pods went away or were not ready during the run. {held} moved, and no other session did.");
    }
    let all = match report.moved_sessions.of {
        1 => "The only session".to_owned(),
        all => format!("All {all} sessions"),
    };
    format!("{all} stayed on the pod that answered first{}.", if changed { ", while other pods came and went" } else { "" })
}

fn forced_sessions(report: &Report) -> usize {
    let forced = |session: &&Session| session.requests.iter().any(|request| request.moved == Some(Cause::Forced));
    report.sessions.iter().filter(forced).count()
}

fn because(report: &Report) -> Vec<String> {
    let mut all = Vec::new();
    let moves = report.moved_requests;
    let decisive = report.reasons.first().filter(|_| report.verdict != Verdict::Sticky);
    // If requests did not decide, start with what did.
    if let Some(reason) = decisive
        && (moves.seen == 0 || report.verdict == Verdict::Inconclusive)
    {
        all.push(sentence(report, &reason.detail));
    }
    if let Some(lost) = report.by_symptom() {
        all.extend(lost.without.iter().map(|one| {
            let (name, requests) = (one.cookies.join(" and "), count(one.of, "request", "requests"));
            format!("Without the cookie {name}, {} of {requests} lost their session.", one.lost)
        }));
    } else if moves.seen > 0 {
        all.push(moved(report));
    } else if report.verdict == Verdict::Sticky {
        all.push(format!("{}, each over a new connection: none reached another pod.", count(moves.of, "later request", "later requests")));
    }
    if report.forced_moves > 0 {
        all.push(format!("{}: each session's pod was gone or not ready when it moved.", count(report.forced_moves, "forced move", "forced moves")));
        if report.moved_requests.seen == 0 {
            all.push("No session left a ready pod.".to_owned());
        }
    }
    all.extend(controls(report).filter(|_| report.verdict == Verdict::Sticky));
    if report.verdict != Verdict::Sticky {
        all.push(cookies(report));
    }
    if report.by_symptom().is_none() {
        all.extend(attribution(report));
    }
    if report.verdict == Verdict::Sticky {
        all.extend(scenario(report, "stick-ws", Mark::Pass).map(|detail| sentence(report, detail)));
    }
    all.extend(by_logs(report));
    all.extend(workers(report));
    all
}

/// Which logs the names come from, and the retries that only logs show.
fn by_logs(report: &Report) -> Option<String> {
    let logs = report.identity.logs.as_ref()?;
    let named: Vec<String> = report.identity.sources.in_words().into_iter().map(|(count, what)| format!("{what} ({count})")).collect();
    if named.is_empty() {
        return None;
    }
    let mut said = format!("Which pod answered is known from {}.", named.join(", "));
    if logs.unidentified > 0 {
        said.push_str(&format!(" {} no log line.", count(logs.unidentified, "request has", "requests have")));
    }
    if logs.retries > 0 {
        said.push_str(&format!(" {} retried on another pod.", count(logs.retries, "request was", "requests were")));
    }
    Some(said)
}

/// What to say about workers: that they are not sticky, or, if they count, that nothing is known about them.
fn workers(report: &Report) -> Option<String> {
    let counts = report.verdict == Verdict::Sticky && report.exit_code != 0 && !report.partial;
    let about = match report.workers {
        Verdict::NotSticky => "Workers are not sticky.",
        Verdict::Inconclusive | Verdict::NotJudged if counts => "Workers count in this run, and nothing is proven about them.",
        _ => return None,
    };
    let detail = report.reasons.iter().find(|reason| reason.scenario == "workers").map(|reason| sentence(report, &reason.detail));
    Some(format!("{about} {}", detail.unwrap_or_default()).trim_end().to_owned())
}

fn moved(report: &Report) -> String {
    let moves = report.moved_requests;
    let seen = format!("{} of {} reached another pod than their session's.", moves.seen, count(moves.of, "later request", "later requests"));
    let all: u64 = report.pods.iter().map(|pod| pod.controls).sum();
    let pods = report.pods.iter().filter(|pod| pod.controls > 0).count();
    if pods < 2 {
        return seen;
    }
    // Two independent requests reach the same pod with the sum of the squared shares.
    let meet: f64 = report.pods.iter().map(|pod| (pod.controls as f64 / all as f64).powi(2)).sum();
    format!("{seen} Chance alone would move about {:.0}, with {pods} pods and their shares of the controls.", moves.of as f64 * (1.0 - meet))
}

fn controls(report: &Report) -> impl Iterator<Item = String> {
    let all: u64 = report.pods.iter().map(|pod| pod.controls).sum();
    let pods = report.pods.iter().filter(|pod| pod.controls > 0).count();
    let said = format!("{} without a cookie reached {pods} pods: the front door spreads requests.", count(all, "control", "controls"));
    (pods > 1).then_some(said).into_iter()
}

fn cookies(report: &Report) -> String {
    match &*report.cookies {
        [] => "No answer set a cookie.".to_owned(),
        [one] => {
            format!("The cookie {} was set {} and sent back {}.", one.name, count(one.offered, "time", "times"), count(one.sent, "time", "times"))
        }
        several => {
            let names: Vec<String> = several.iter().take(5).map(|one| format!("{} (sent {})", one.name, count(one.sent, "time", "times"))).collect();
            let more = if several.len() > 5 { format!(" and {} more", several.len() - 5) } else { String::new() };
            format!("Cookies that were set: {}{more}.", names.join(", "))
        }
    }
}

fn attribution(report: &Report) -> Option<String> {
    let is = |outcome| scenario(report, "attribution", outcome).is_some();
    let tells = |code| report.reasons.iter().any(|reason| reason.code == code);
    let (without, key) = match report.plan.values.as_slice() {
        [] => ("its cookies".to_owned(), "the cookie"),
        values => (values.join(" and "), "that"),
    };
    let said = match () {
        () if is(Mark::Pass) && report.verdict == Verdict::Sticky => format!("a bound session spreads: {key} is what holds it."),
        () if is(Mark::Fail) && tells(Code::NotByCookie) => format!("a session stays too: {key} is not what holds it."),
        // Without a cookie there is none to leave out.
        () if is(Mark::Fail) && (tells(Code::CookieNotHonoured) || tells(Code::ValueNotHonoured)) => "a session spreads just the same.".to_owned(),
        () => return None,
    };
    Some(format!("Without {without}, {said}"))
}

/// What a scenario saw, if it had this outcome.
fn scenario<'a>(report: &'a Report, name: &str, outcome: Mark) -> Option<&'a str> {
    report.scenarios.iter().find(|one| one.name == name && one.outcome == outcome).map(|one| &*one.detail)
}

fn todo(report: &Report) -> Vec<String> {
    let mut all = Vec::new();
    if report.partial {
        all.push("Let the run finish: nothing is known about requests that were not sent.".to_owned());
    }
    let first = report.reasons.first();
    // Forced moves of a sticky site are described separately.
    let reason = first.filter(|reason| report.verdict != Verdict::Sticky || reason.code != Code::MovedForced);
    if report.verdict == Verdict::Sticky {
        sticky(report, &mut all);
    }
    for Candidate { place, values, answers } in &report.identity.candidates {
        all.push(format!("Add `--pod-identity {place}`: it had {} in {}.", count(*values, "value", "values"), count(*answers, "answer", "answers")));
    }
    if let Some(reason) = reason {
        let shown = reason.shown();
        all.extend(shown.iter().map(|advice| sentence(report, &format!("{}: {}", advice.cause, advice.attempt))));
        let what = if shown.len() < reason.causes.len() { "Other causes" } else { "Details" };
        all.push(format!("{what}: `stickyctl explain {}`.", reason.code.word()));
    }
    all
}

fn sticky(report: &Report, all: &mut Vec<String>) {
    if report.forced_moves > 0 {
        all.push("Nothing to fix. Sessions on a pod that went away lose what it kept in memory.".to_owned());
        all.push("If that is a problem, keep state outside the pods, or drain for longer.".to_owned());
    } else if report.reasons.is_empty() {
        all.push("Nothing to fix.".to_owned());
    } else {
        all.push("Nothing to fix about pods, but the other findings are worth a look.".to_owned());
    }
    if report.events.iter().any(|event| event.kind == Kind::PodReady) && report.forced_moves == 0 {
        all.push("New pods serve new sessions only; existing sessions stay where they are until they end.".to_owned());
    }
    if report.moved_requests.seen == 0 && report.forced_moves == 0 && report.reasons.is_empty() {
        all.push("To find rarer leaks, enlarge the sample: `--max-move-rate 0.1%`.".to_owned());
    }
}

fn count(n: u64, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

/// A clause as a sentence: with a capital and a full stop. Names and commands stay as they are written.
fn sentence(report: &Report, text: &str) -> String {
    let word = text.split_whitespace().next().unwrap_or_default().trim_end_matches([',', ':', ';', '.']);
    let names = report.pods.iter().map(|pod| pod.pod.as_str()).chain(report.cookies.iter().map(|cookie| cookie.name.as_str()));
    let is_name = !word.bytes().all(|byte| byte.is_ascii_lowercase()) || word == "stickyctl" || names.into_iter().any(|name| name == word);
    let mut letters = text.chars();
    let head = letters.next().map_or_else(String::new, |first| if is_name { first.to_string() } else { first.to_ascii_uppercase().to_string() });
    let stop = if text.ends_with(['.', '?', '!']) || text.is_empty() { "" } else { "." };
    format!("{head}{}{stop}", letters.as_str())
}

#[cfg(test)]
mod tests;
