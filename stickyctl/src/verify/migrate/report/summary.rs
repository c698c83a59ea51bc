//! A migration in sentences: what users will feel, and what to do about it.

use super::model::Report;
use crate::verify::report::model::{Count, Summary};
use sticky_affinity::bounds;
use sticky_affinity::code::Code;
use sticky_affinity::migrate::verdict::Verdict;

/// Summarizes a report. Commands and flags are in backticks.
pub(super) fn summary(report: &Report) -> Summary {
    let mut lead = lead(report);
    if report.partial {
        lead.push_str(" The run was interrupted; this covers only the requests until then.");
    }
    Summary { lead, because: feel(report), todo: todo(report) }
}

fn lead(report: &Report) -> String {
    let (first, moved, back) = (report.findings.first(), report.cut_over, returns(report));
    let code = first.map(|finding| finding.code);
    let at_the_switch = || format!("{} at the switch ({} of {})", share(moved, "lose their pod", "loses its pod"), moved.seen, moved.of);
    match (report.verdict, code) {
        (Verdict::Inconclusive, _) => {
            format!("{} So the run proves nothing about the switch.", first.map_or("The run is inconclusive.", |finding| finding.title))
        }
        (Verdict::Seamless, _) if moved.seen > 0 => {
            format!("{} of {} sessions move at the switch, which is below the tolerated rate.", moved.seen, moved.of)
        }
        (Verdict::Seamless, _) => {
            format!(
                "Users notice nothing: all {} sessions stayed on their pods when they went to the new front door, back, and there again.",
                moved.of
            )
        }
        (_, Some(Code::FlipFlop)) => {
            format!("{}, and sessions that come back through the old address lose it again ({} of {} returns).", at_the_switch(), back.seen, back.of)
        }
        (_, Some(Code::MovedAtCutOver)) => {
            format!("{}, once. From then on they stay, also when they come back through the old address.", at_the_switch())
        }
        (_, Some(Code::TwoNamesTwoPods | Code::ProxyDisagreement)) => format!(
            "{} at the switch ({} of {}). Those that come back through the old address find their first pod as it was.",
            share(moved, "get a second pod", "gets a second pod"),
            moved.seen,
            moved.of
        ),
        (_, Some(Code::OtherPods)) => "Every session starts anew at the switch, because the new front door leads to other pods.".to_owned(),
        (_, Some(Code::ForeignCookieErrors)) => "Users who come with the other front door's cookie see an error page instead of the site.".to_owned(),
        (_, Some(Code::TwoCookiesOneName)) if report.unsettled.seen > 0 => format!(
            "Sessions carry two cookies of one name after the switch, and never settle at the new front door: {} of {} later requests there moved.",
            report.unsettled.seen, report.unsettled.of
        ),
        (_, Some(Code::TwoCookiesOneName)) => format!("Sessions carry two cookies of one name after the switch. {}.", at_the_switch()),
        (_, Some(Code::DeadCookieUnsettled)) => format!(
            "Sessions that come with the old front door's cookie never settle at the new one: {} of {} later requests there moved.",
            report.unsettled.seen, report.unsettled.of
        ),
        _ => match first {
            Some(finding) if finding.check == "new-door" => {
                "The new front door does not keep sessions on their pods, with or without a switch.".to_owned()
            }
            Some(finding) if finding.check == "old-door" => {
                "The old front door does not keep sessions on their pods today, so there is nothing that the switch could break.".to_owned()
            }
            Some(finding) => finding.title.to_owned(),
            None => "Sessions move.".to_owned(),
        },
    }
}

/// Returns to either front door.
fn returns(report: &Report) -> Count {
    let (back, again) = (report.back, report.again);
    Count { seen: back.seen + again.seen, of: back.of + again.of, ..back }
}

/// What users will feel, from the switch on.
fn feel(report: &Report) -> Vec<String> {
    let mut all = Vec::new();
    // Without sessions that are kept, there is nothing to lose.
    let decisive = report.findings.first().filter(|_| report.verdict != Verdict::Seamless);
    if let Some(finding) = decisive.filter(|finding| matches!(finding.check, "old-door" | "new-door" | "foreign-cookie" | "sockets" | "split")) {
        all.push(sentence(&finding.detail));
    }
    if report.cut_over.of > 0 {
        all.push(format!(
            "At the switch: {}. Of all sessions, {}.",
            moves(report.cut_over, "session", "sessions", "reached another pod"),
            bounds::in_words(report.cut_over.seen, report.cut_over.of)
        ));
    }
    if report.forced > 0 {
        all.push(format!("{} of these had no choice: their pod does not answer at the new front door.", report.forced));
    }
    let is_pair = report.findings.iter().any(|finding| matches!(finding.code, Code::TwoNamesTwoPods | Code::ProxyDisagreement));
    if is_pair && report.back.of > 0 {
        let (back, again) = (report.back.of, report.again.of);
        all.push(format!("While DNS caches still have the old address: all {back} returns to it reached the session's pod there."));
        all.push(format!("Back at the new front door: all {again} arrivals reached the session's pod there."));
    } else if report.back.of > 0 {
        all.push(format!(
            "While DNS caches still have the old address: {}.",
            moves(report.back, "return to it", "returns to it", "reached another pod")
        ));
    }
    if !is_pair && report.again.of > 0 {
        all.push(format!("Back at the new front door: {}.", moves(report.again, "arrival", "arrivals", "reached another pod than before")));
    }
    if report.unsettled.of > 0 {
        all.push(format!("At the new front door itself: {}.", moves(report.unsettled, "later request", "later requests", "moved")));
    }
    if report.sockets.of > 0 {
        all.push(format!(
            "WebSockets: {} at the new front door.",
            moves(report.sockets, "socket that came back", "sockets that came back", "reached another pod")
        ));
    }
    if report.split.of > 0 {
        all.push(format!("Pages through both front doors at once: {}.", moves(report.split, "page", "pages", "met several pods")));
    }
    if report.roll_back.of > 0 {
        all.push(format!(
            "If you switch back: {}.",
            moves(report.roll_back, "session of the new front door", "sessions of the new front door", "reached another pod at the old one")
        ));
    }
    all
}

fn moves(count: Count, one: &str, many: &str, what: &str) -> String {
    match (count.seen, count.of) {
        (0, of) => format!("none of {of} {} {what}", if of == 1 { one } else { many }),
        (seen, of) => format!("{seen} of {of} {} {what}", if of == 1 { one } else { many }),
    }
}

/// What to do, in order.
fn todo(report: &Report) -> Vec<String> {
    if report.verdict == Verdict::Inconclusive {
        let advice = report.findings.iter().flat_map(|finding| finding.shown()).map(|advice| sentence(advice.attempt));
        return advice.take(3).chain(["Then run this check again.".to_owned()]).collect();
    }
    let codes: Vec<Code> = report.findings.iter().map(|finding| finding.code).collect();
    let has = |code| codes.contains(&code);
    let mut all: Vec<String> = Vec::new();
    if let Some(finding) = report.findings.first().filter(|_| report.verdict == Verdict::NotSeamless) {
        all.extend(finding.shown().iter().map(|advice| sentence(advice.attempt)));
        if finding.check == "old-door" || finding.check == "new-door" {
            all.push("Then run this check again: what the switch does can be seen only between two front doors that keep their sessions.".to_owned());
            return all;
        }
    }
    if has(Code::FlipFlop) || has(Code::ForeignCookieErrors) || has(Code::DeadCookieUnsettled) || has(Code::TwoCookiesOneName) {
        all.push("Run this check again with the new cookie name: the best that two front doors with values of their own can reach is `two-names-two-pods`.".to_owned());
    }
    all.push("Set the TTL of the DNS record to 60 s, at least one old TTL before the switch.".to_owned());
    all.push(match () {
        () if report.verdict == Verdict::Seamless => {
            "Switch by DNS, by weights or pod by pod: sessions may use both front doors in any order.".to_owned()
        }
        () if has(Code::OtherPods) => {
            "Let open sessions end before the switch, or keep them where all pods find them (Redis, a database).".to_owned()
        }
        () => "Move the whole DNS record at once, when few sessions are open. Do not use weights: they send a client to both front doors by turns."
            .to_owned(),
    });
    all.push(
        "Keep the old front door running for at least one old TTL, and until its last WebSocket has ended; then drain it, and close what is left with status 1012."
            .to_owned(),
    );
    if report.roll_back.seen > 0 {
        all.push("Switch back only for an emergency: sessions move then as well.".to_owned());
    }
    all
}

/// A clause as a sentence.
fn sentence(clause: &str) -> String {
    let mut letters = clause.chars();
    // Commands and settings stay as they are.
    let word = clause.split(' ').next().unwrap_or_default().trim_end_matches([',', ':']);
    let is_word = word != "kubectl" && word.chars().all(char::is_lowercase);
    let first = letters.next().map(|first| if is_word { first.to_uppercase().collect::<String>() } else { first.to_string() });
    format!("{}{}.", first.unwrap_or_default(), letters.as_str())
}

/// A share of the sessions in words, as the subject of a sentence: `About a third of the sessions lose their pod`.
fn share(count: Count, many: &str, one: &str) -> String {
    let rate = count.seen as f64 / count.of.max(1) as f64;
    let named = [
        (0.1, "About a tenth of the sessions"),
        (0.25, "About a quarter of the sessions"),
        (1.0 / 3.0, "About a third of the sessions"),
        (0.5, "About half of the sessions"),
        (2.0 / 3.0, "About two thirds of the sessions"),
        (0.75, "About three quarters of the sessions"),
        (0.9, "Nearly all sessions"),
    ];
    if count.seen == 0 {
        return format!("No session {one}");
    }
    if count.seen == count.of {
        return format!("Every session {one}");
    }
    if rate < 0.05 {
        return format!("A few sessions {many}");
    }
    let near = |share: f64| (share - rate).abs();
    let (_, words) = named.into_iter().min_by(|one, other| near(one.0).total_cmp(&near(other.0))).unwrap_or(named[3]);
    format!("{words} {many}")
}

#[cfg(test)]
mod tests {
    use super::super::sample::{Kind, report};
    use super::*;

    #[test]
    fn shares_in_words() {
        let words = |seen, of| share(Count { seen, of, least: 0.0, most: 1.0 }, "move", "moves");
        assert_eq!(words(0, 30), "No session moves");
        assert_eq!(words(1, 30), "A few sessions move");
        assert_eq!(words(11, 30), "About a third of the sessions move");
        assert_eq!(words(21, 30), "About two thirds of the sessions move");
        assert_eq!(words(29, 30), "Nearly all sessions move");
        assert_eq!(words(30, 30), "Every session moves");
    }

    #[test]
    fn what_users_feel_is_the_first_sentence() {
        for (kind, says) in [
            (Kind::Seamless, "Users notice nothing: all 30 sessions stayed on their pods"),
            (Kind::FlipFlop, "and sessions that come back through the old address lose it again ("),
            (Kind::TwoNames, "find their first pod as it was."),
            (Kind::OtherPods, "Every session starts anew at the switch"),
            (Kind::Nobody, "So the run proves nothing about the switch."),
        ] {
            let report = report(kind);
            assert!(report.summary.lead.contains(says), "{kind:?}: {}", report.summary.lead);
            let texts = report.summary.because.iter().chain(&report.summary.todo);
            for text in texts {
                assert!(
                    text.ends_with('.') && text.chars().next().is_some_and(|first| !first.is_lowercase() || text.starts_with("kubectl")),
                    "{kind:?}: {text}"
                );
            }
            assert!(report.summary.todo.len() >= 2, "{kind:?}: {:?}", report.summary.todo);
        }
    }
}
