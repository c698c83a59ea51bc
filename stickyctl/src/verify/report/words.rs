//! What a report says in sentences: what was found, why that follows, and what to do.

use super::{Kind, Report, Session, Summary};
use crate::verify::code::Code;
use crate::verify::moves::Cause;
use crate::verify::scenario::Mark;
use crate::verify::verdict::Verdict;

/// A report in sentences. Commands and flags stand between backticks.
pub(super) fn summary(report: &Report) -> Summary {
    let mut lead = lead(report);
    if report.partial {
        lead.push_str(" The run was interrupted; this is about what had been asked by then.");
    }
    Summary { lead, because: because(report), todo: todo(report) }
}

fn lead(report: &Report) -> String {
    let reason = report.reasons.first();
    match report.verdict {
        Verdict::Sticky => stayed(report),
        Verdict::NotSticky => match reason.map(|reason| reason.code) {
            Some(Code::NoAffinityCookie) if report.cookies.is_empty() => {
                "The site offers no cookie, and the requests of a session go to any pod.".to_owned()
            }
            Some(Code::NoAffinityCookie) => "Requests get no cookie, only sockets do, and the requests of a session go to any pod.".to_owned(),
            Some(Code::CookieNotHonoured) if report.cookies.iter().any(|cookie| cookie.sent > 0) => {
                "A cookie is handed out, sessions send it back, and the requests go to any pod all the same.".to_owned()
            }
            _ => reason.map_or("Sessions move.", |reason| reason.title).to_owned(),
        },
        Verdict::Inconclusive | Verdict::NotJudged => match reason.map(|reason| reason.code) {
            Some(Code::SingleReadyPod) => {
                "Only one pod is ready, and it answered. Sessions that stay on the only pod there is prove nothing.".to_owned()
            }
            Some(Code::SingleBackendPath) => {
                let (what, also) = if report.pods.len() == 1 { ("Everything", also(report)) } else { ("Every request without a cookie", "") };
                format!("{what} was answered by one pod{also}. Where nothing spreads, sessions that stay prove nothing.")
            }
            _ => format!("{} So nothing is proven either way.", reason.map_or("The run does not tell.", |reason| reason.title)),
        },
    }
}

fn also(report: &Report) -> &'static str {
    if report.cookies.iter().any(|cookie| cookie.sent > 0) { ", with a cookie and without" } else { "" }
}

fn stayed(report: &Report) -> String {
    let (moves, forced) = (report.moved_requests, forced_sessions(report));
    let changed = report.events.iter().any(|event| event.kind != Kind::Tunnel);
    if moves.seen > 0 {
        return format!("{} of {} later requests moved, which is below the rate that is put up with.", moves.seen, moves.of);
    }
    if forced > 0 {
        let held = if forced == 1 { "One session that was on such a pod".to_owned() } else { format!("{forced} sessions that were on such pods") };
        return format!("Pods went or were not ready while the run went on. {held} moved, and no other session did.");
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
    // Where requests did not decide, what did is said first.
    if let Some(reason) = decisive
        && (moves.seen == 0 || report.verdict == Verdict::Inconclusive)
    {
        all.push(sentence(&reason.detail));
    }
    if moves.seen > 0 {
        all.push(moved(report));
    } else if report.verdict == Verdict::Sticky {
        all.push(format!("{} over a fresh connection each; none reached another pod.", count(moves.of, "later request", "later requests")));
    }
    if report.forced_moves > 0 {
        all.push(format!("{}: each session's pod was gone or not ready when it moved.", count(report.forced_moves, "forced move", "forced moves")));
        if report.moved_requests.seen == 0 {
            all.push("Nobody left a pod that was ready.".to_owned());
        }
    }
    all.extend(controls(report).filter(|_| report.verdict == Verdict::Sticky));
    if report.verdict != Verdict::Sticky {
        all.push(cookies(report));
    }
    all.extend(attribution(report));
    if report.verdict == Verdict::Sticky {
        all.extend(scenario(report, "stick-ws", Mark::Pass).map(sentence));
    }
    all.extend(workers(report));
    all
}

/// What is to be said of workers: that they are not sticky, and where they count, that nothing is known of them.
fn workers(report: &Report) -> Option<String> {
    let counts = report.verdict == Verdict::Sticky && report.exit_code != 0 && !report.partial;
    let about = match report.workers {
        Verdict::NotSticky => "Workers are another matter.",
        Verdict::Inconclusive | Verdict::NotJudged if counts => "Workers count here, and nothing is proven of them.",
        _ => return None,
    };
    let detail = report.reasons.iter().find(|reason| reason.scenario == "workers").map(|reason| sentence(&reason.detail));
    Some(format!("{about} {}", detail.unwrap_or_default()).trim_end().to_owned())
}

fn moved(report: &Report) -> String {
    let moves = report.moved_requests;
    let seen = format!("{} of {} reached a pod that was not their session's.", moves.seen, count(moves.of, "later request", "later requests"));
    let all: u64 = report.pods.iter().map(|pod| pod.controls).sum();
    let pods = report.pods.iter().filter(|pod| pod.controls > 0).count();
    if pods < 2 {
        return seen;
    }
    // Two requests that choose by themselves meet with the squares of the shares.
    let meet: f64 = report.pods.iter().map(|pod| (pod.controls as f64 / all as f64).powi(2)).sum();
    format!("{seen} Chance alone over {pods} pods, as the controls share them, gives about {:.0}.", moves.of as f64 * (1.0 - meet))
}

fn controls(report: &Report) -> impl Iterator<Item = String> {
    let all: u64 = report.pods.iter().map(|pod| pod.controls).sum();
    let pods = report.pods.iter().filter(|pod| pod.controls > 0).count();
    let said = format!("{} without a cookie reached {pods} pods: the front door does spread.", count(all, "control", "controls"));
    (pods > 1).then_some(said).into_iter()
}

fn cookies(report: &Report) -> String {
    match &*report.cookies {
        [] => "No cookie was offered.".to_owned(),
        [one] => {
            format!("The cookie {} was offered {} and sent back {}.", one.name, count(one.offered, "time", "times"), count(one.sent, "time", "times"))
        }
        several => {
            let names: Vec<String> = several.iter().take(5).map(|one| format!("{} (sent {})", one.name, count(one.sent, "time", "times"))).collect();
            let more = if several.len() > 5 { format!(" and {} more", several.len() - 5) } else { String::new() };
            format!("Cookies that were offered: {}{more}.", names.join(", "))
        }
    }
}

fn attribution(report: &Report) -> Option<String> {
    let is = |outcome| scenario(report, "attribution", outcome).is_some();
    let tells = |code| report.reasons.iter().any(|reason| reason.code == code);
    let said = match () {
        () if is(Mark::Pass) && report.verdict == Verdict::Sticky => "a bound session spreads: it is the cookie that holds it.",
        () if is(Mark::Fail) && tells(Code::NotByCookie) => "a session stays too: it is not the cookie that holds it.",
        // Where no cookie came, there was none to leave out.
        () if is(Mark::Fail) && tells(Code::CookieNotHonoured) => "a session spreads just the same.",
        () => return None,
    };
    Some(format!("Left without its cookies, {said}"))
}

/// What a scenario saw, where it came out so.
fn scenario<'a>(report: &'a Report, name: &str, outcome: Mark) -> Option<&'a str> {
    report.scenarios.iter().find(|one| one.name == name && one.outcome == outcome).map(|one| &*one.detail)
}

fn todo(report: &Report) -> Vec<String> {
    let mut all = Vec::new();
    if report.partial {
        all.push("Run it to its end: what was not asked is not known.".to_owned());
    }
    let first = report.reasons.first();
    // Of what sticks, the forced moves have their own words.
    let reason = first.filter(|reason| report.verdict != Verdict::Sticky || reason.code != Code::MovedForced);
    if report.verdict == Verdict::Sticky {
        sticky(report, &mut all);
    }
    if let Some(reason) = reason {
        all.extend(reason.causes.iter().map(|advice| sentence(&format!("{}: {}", advice.cause, advice.attempt))));
        all.push(format!("More: `stickyctl explain {}`.", reason.code.word()));
    }
    all
}

fn sticky(report: &Report, all: &mut Vec<String>) {
    if report.forced_moves > 0 {
        all.push("Nothing to repair. Sessions of a pod that went lose what it kept in memory.".to_owned());
        all.push("If that hurts, keep the state outside the pods, or drain longer.".to_owned());
    } else if report.reasons.is_empty() {
        all.push("Nothing to repair.".to_owned());
    } else {
        all.push("Pods need nothing; what else was seen is worth a look.".to_owned());
    }
    if report.events.iter().any(|event| event.kind == Kind::PodReady) && report.forced_moves == 0 {
        all.push("New pods serve new sessions only; old ones stay where they are until they end.".to_owned());
    }
    if report.moved_requests.seen == 0 && report.forced_moves == 0 && report.reasons.is_empty() {
        all.push("To look for rarer leaks, ask for a rate: `--max-move-rate 0.1%`.".to_owned());
    }
}

fn count(n: u64, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

/// A capital at its head and a stop at its end.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    // A command stays as it is typed.
    let head = letters.next().map_or_else(String::new, |first| {
        if first.is_ascii_lowercase() && !text.starts_with("stickyctl") { first.to_ascii_uppercase().to_string() } else { first.to_string() }
    });
    let stop = if text.ends_with(['.', '?', '!']) || text.is_empty() { "" } else { "." };
    format!("{head}{}{stop}", letters.as_str())
}

#[cfg(test)]
mod tests {
    use super::super::build::told;
    use super::super::sample::{Kind as Of, report};
    use super::*;
    use crate::verify::scenario::Name;

    #[track_caller]
    fn says(kind: Of, lead: &str, because: &[&str], todo: &[&str]) {
        let said = report(kind).summary;
        assert_eq!(said.lead, lead);
        assert_eq!(said.because, because);
        assert_eq!(said.todo, todo);
    }

    #[test]
    fn what_sticks() {
        says(
            Of::Sticky,
            "All 30 sessions stayed on the pod that answered first, while other pods came and went.",
            &[
                "360 later requests over a fresh connection each; none reached another pod.",
                "60 controls without a cookie reached 5 pods: the front door does spread.",
                "Left without its cookies, a bound session spreads: it is the cookie that holds it.",
            ],
            &[
                "Nothing to repair.",
                "New pods serve new sessions only; old ones stay where they are until they end.",
                "To look for rarer leaks, ask for a rate: `--max-move-rate 0.1%`.",
            ],
        );
    }

    #[test]
    fn what_sticks_across_a_rollout() {
        says(
            Of::Rollout,
            "Pods went or were not ready while the run went on. 10 sessions that were on such pods moved, and no other session did.",
            &[
                "350 later requests over a fresh connection each; none reached another pod.",
                "10 forced moves: each session's pod was gone or not ready when it moved.",
                "Nobody left a pod that was ready.",
                "60 controls without a cookie reached 4 pods: the front door does spread.",
                "Left without its cookies, a bound session spreads: it is the cookie that holds it.",
            ],
            &[
                "Nothing to repair. Sessions of a pod that went lose what it kept in memory.",
                "If that hurts, keep the state outside the pods, or drain longer.",
            ],
        );
    }

    #[test]
    fn what_does_not_stick() {
        says(
            Of::NotSticky,
            "A cookie is handed out, sessions send it back, and the requests go to any pod all the same.",
            &[
                "240 of 360 later requests reached a pod that was not their session's. Chance alone over 3 pods, as the controls share them, gives about 240.",
                "The cookie shop_route was offered 30 times and sent back 360 times.",
                "Left without its cookies, a session spreads just the same.",
            ],
            &[
                "The proxy goes to the Service's address instead of the pods: service-upstream (ingress-nginx), nativelb (Traefik): turn it off.",
                "Another Ingress on this Service sets affinity differently: give them the same affinity, or Services of their own.",
                "The cookie is the application's, and the proxy has no affinity: look at the cookie's name: is it the one that you configured?",
                "Several proxies read the cookie differently: --connect ADDRESS of each proxy.",
                "More: `stickyctl explain cookie-not-honoured`.",
            ],
        );
    }

    #[test]
    fn what_can_not_be_told() {
        says(
            Of::OnePod,
            "Everything was answered by one pod. Where nothing spreads, sessions that stay prove nothing.",
            &["60 of 60 controls without a cookie on one pod: app-2.", "No cookie was offered."],
            &[
                "A port-forward to a Service takes one pod and keeps it: forward the front door instead: stickyctl forward.",
                "One pod is ready: kubectl get pod; scale up and run again.",
                "The proxy goes by the client's address: run from another address too.",
                "More: `stickyctl explain single-backend-path`.",
            ],
        );
    }

    /// A report with another reason in front.
    fn because_of(kind: Of, verdict: Verdict, codes: &[Code]) -> Report {
        let mut report = report(kind);
        report.verdict = verdict;
        report.reasons = codes.iter().map(|code| told(*code, Name::Attribution, "seen")).collect();
        report
    }

    /// That a session stays without its cookies too is no spreading, whatever the verdict is owed to.
    #[test]
    fn attribution_is_told_by_what_is_known() {
        let fails = |mut report: Report| {
            report.scenarios.iter_mut().filter(|one| one.name == "attribution").for_each(|one| one.outcome = Mark::Fail);
            summary(&report).because.into_iter().find(|text| text.starts_with("Left without"))
        };
        for (verdict, codes, says) in [
            (Verdict::NotSticky, &[Code::SocketElsewhere, Code::NotByCookie][..], Some("stays too")),
            (Verdict::Inconclusive, &[Code::NotByCookie], Some("stays too")),
            (Verdict::NotSticky, &[Code::CookieNotHonoured], Some("spreads just the same")),
            (Verdict::NotSticky, &[Code::NoAffinityCookie], None),
            (Verdict::NotSticky, &[Code::Leaks], None),
        ] {
            let said = fails(because_of(Of::NotSticky, verdict, codes));
            assert_eq!(said.as_deref().map(|said| says.is_some_and(|says| said.contains(says))), says.map(|_| true), "{codes:?}: {said:?}");
        }
    }

    #[test]
    fn the_lead_says_only_what_is_so() {
        let lead = |kind, verdict, code| summary(&because_of(kind, verdict, &[code])).lead;
        assert!(lead(Of::OnePod, Verdict::Inconclusive, Code::SingleReadyPod).contains("the only pod there is"));
        assert!(!lead(Of::OnePod, Verdict::Inconclusive, Code::SingleBackendPath).contains("the only pod"));
        assert!(lead(Of::Sticky, Verdict::Inconclusive, Code::SingleBackendPath).starts_with("Every request without a cookie was"));
        assert!(lead(Of::NotSticky, Verdict::NotSticky, Code::NoAffinityCookie).starts_with("Requests get no cookie, only sockets do"));
        assert!(lead(Of::OnePod, Verdict::NotSticky, Code::NoAffinityCookie).starts_with("The site offers no cookie"));
        assert!(!lead(Of::OnePod, Verdict::NotSticky, Code::CookieNotHonoured).contains("sessions send it back"));
    }

    #[test]
    fn workers_that_count() {
        let mut report = report(Of::Sticky);
        report.reasons = vec![told(Code::SingleWorker, Name::Workers, "no worker is told")];
        let says = |report: &Report| summary(report).because.into_iter().find(|text| text.starts_with("Workers"));
        assert_eq!(says(&report), None, "they don't count");
        report.exit_code = 6;
        assert_eq!(says(&report).as_deref(), Some("Workers count here, and nothing is proven of them. No worker is told."));
        let table = report.table(true);
        assert!(table.contains("workers: not judged; they count here, and the exit code is 6\n"), "{table}");
    }

    #[test]
    fn what_was_broken_off() {
        let mut broken = report(Of::Sticky);
        broken.partial = true;
        let said = summary(&broken);
        assert!(said.lead.ends_with("this is about what had been asked by then.") && said.todo[0].starts_with("Run it to its end"), "{said:?}");
    }

    #[test]
    fn sentences() {
        assert_eq!(
            (sentence("a b"), sentence("Is it?"), sentence("stickyctl x"), sentence("")),
            ("A b.".into(), "Is it?".into(), "stickyctl x.".into(), String::new())
        );
    }
}
