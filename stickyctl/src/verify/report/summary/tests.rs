//! The sentences of the usual reports.

use super::super::build::told;
use super::super::sample::{Kind as Of, report};
use super::*;
use sticky_affinity::scenario::Name;
use sticky_affinity::verdict::Reason;

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
            "360 later requests, each over a new connection: none reached another pod.",
            "60 controls without a cookie reached 5 pods: the front door spreads requests.",
            "Without its cookies, a bound session spreads: the cookie is what holds it.",
        ],
        &[
            "Nothing to fix.",
            "New pods serve new sessions only; existing sessions stay where they are until they end.",
            "To find rarer leaks, enlarge the sample: `--max-move-rate 0.1%`.",
        ],
    );
}

#[test]
fn what_sticks_across_a_rollout() {
    says(
        Of::Rollout,
        "Pods went away or were not ready during the run. 10 sessions on such pods moved, and no other session did.",
        &[
            "350 later requests, each over a new connection: none reached another pod.",
            "10 forced moves: each session's pod was gone or not ready when it moved.",
            "No session left a ready pod.",
            "60 controls without a cookie reached 4 pods: the front door spreads requests.",
            "Without its cookies, a bound session spreads: the cookie is what holds it.",
        ],
        &[
            "Nothing to fix. Sessions on a pod that went away lose what it kept in memory.",
            "If that is a problem, keep state outside the pods, or drain for longer.",
        ],
    );
}

#[test]
fn what_does_not_stick() {
    says(
        Of::NotSticky,
        "The site sets a cookie and sessions send it back, but their requests go to any pod all the same.",
        &[
            "240 of 360 later requests reached another pod than their session's. Chance alone would move about 240, with 3 pods and their shares of the controls.",
            "The cookie shop_route was set 30 times and sent back 360 times.",
            "Without its cookies, a session spreads just the same.",
        ],
        &[
            "The proxy uses the Service's address instead of the pods: turn off service-upstream (ingress-nginx) or nativelb (Traefik).",
            "Another Ingress for this Service sets affinity differently: give both the same affinity, or separate Services.",
            "The cookie belongs to the application, and the proxy has no affinity: check whether the cookie's name is the one that you configured.",
            "Several proxies read the cookie differently: test each proxy with --connect ADDRESS.",
            "Other causes: `stickyctl explain cookie-not-honoured`.",
        ],
    );
}

#[test]
fn what_can_not_be_told() {
    says(
        Of::OnePod,
        "One pod answered everything. If requests do not spread, sessions that stay prove nothing.",
        &["60 of 60 controls without a cookie are on one pod: app-2.", "No answer set a cookie."],
        &[
            "A port-forward to a Service picks one pod and keeps it: use stickyctl forward, which leads to the front door.",
            "Only one pod is ready: kubectl get pods; scale up and run again.",
            "The proxy chooses by the client's address: run from another address as well.",
            "Details: `stickyctl explain single-backend-path`.",
        ],
    );
}

/// A report with another reason in front.
fn because_of(kind: Of, verdict: Verdict, codes: &[Code]) -> Report {
    let mut report = report(kind);
    report.verdict = verdict;
    report.reasons = codes.iter().map(|code| told(&Reason::new(*code, Name::Attribution, "seen"), false)).collect();
    report
}

/// That a session stays without its cookies too is no spreading, whatever the verdict is owed to.
#[test]
fn attribution_is_told_by_what_is_known() {
    let fails = |mut report: Report| {
        report.scenarios.iter_mut().filter(|one| one.name == "attribution").for_each(|one| one.outcome = Mark::Fail);
        summary(&report).because.into_iter().find(|text| text.starts_with("Without its cookies"))
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
    assert!(lead(Of::Sticky, Verdict::Inconclusive, Code::SingleBackendPath).starts_with("One pod answered every request without a cookie."));
    assert!(lead(Of::NotSticky, Verdict::NotSticky, Code::NoAffinityCookie).starts_with("Only sockets get a cookie"));
    assert!(lead(Of::OnePod, Verdict::NotSticky, Code::NoAffinityCookie).starts_with("The site sets no cookie"));
    assert!(!lead(Of::OnePod, Verdict::NotSticky, Code::CookieNotHonoured).contains("sessions send it back"));
}

#[test]
fn workers_that_count() {
    let mut report = report(Of::Sticky);
    report.reasons = vec![told(&Reason::new(Code::SingleWorker, Name::Workers, "no answer identified its worker"), false)];
    let says = |report: &Report| summary(report).because.into_iter().find(|text| text.starts_with("Workers"));
    assert_eq!(says(&report), None, "they don't count");
    report.exit_code = 6;
    assert_eq!(says(&report).as_deref(), Some("Workers count in this run, and nothing is proven about them. No answer identified its worker."));
    let table = report.table(true, None);
    assert!(table.contains("workers: not judged; they count in this run, so the exit code is 6\n"), "{table}");
}

/// Terminals are narrow, and cookies may be long.
#[test]
fn a_table_fits_its_terminal() {
    let mut long = report(Of::NotSticky);
    long.cookies[0].name = "n".repeat(200);
    long.cookies[0].attributes = format!("Path=/{}", "p".repeat(200));
    long.pods[0].pod = "p".repeat(100);
    for report in [report(Of::Sticky), report(Of::Rollout), report(Of::OnePod), long] {
        for width in [40, 60, 80] {
            let table = report.table(true, Some(width));
            let wide: Vec<&str> = table.lines().filter(|line| line.chars().count() > width).collect();
            assert!(wide.is_empty(), "{width}: {wide:#?}");
        }
    }
}

#[test]
fn what_was_broken_off() {
    let mut broken = report(Of::Sticky);
    broken.partial = true;
    let said = summary(&broken);
    assert!(said.lead.ends_with("this covers only the requests until then.") && said.todo[0].starts_with("Let the run finish"), "{said:?}");
}

#[test]
fn sentences() {
    let report = report(Of::Sticky);
    let said = |text| sentence(&report, text);
    assert_eq!((said("a b"), said("Is it?"), said("stickyctl x"), said("")), ("A b.".into(), "Is it?".into(), "stickyctl x.".into(), String::new()));
}

/// A sentence that begins with the name of a pod, a cookie or a scenario begins in lower case.
#[test]
fn names_stay_as_they_are() {
    let mut report = report(Of::Sticky);
    report.workers = Verdict::NotSticky;
    let told_as = |report: &mut Report, detail: &str| {
        report.reasons = vec![told(&Reason::new(Code::WorkerNotSticky, Name::Workers, detail), false)];
        summary(report).because.into_iter().find(|text| text.starts_with("Workers are not sticky.")).unwrap_or_default()
    };
    let first = report.pods[0].pod.clone();
    for (detail, said) in [
        ("app-1 has 4 workers, and sessions reached all of them".to_owned(), "app-1 has 4"),
        ("shop_route was set".to_owned(), "shop_route was"),
        ("sessions reached 4 workers".to_owned(), "Sessions reached 4"),
        ("stickyctl status".to_owned(), "stickyctl status."),
        (format!("{first} answered"), &*format!("{first} answered.")),
    ] {
        let because = told_as(&mut report, &detail);
        assert!(because.starts_with(&format!("Workers are not sticky. {said}")), "{because}");
    }
    // A name may be a plain word.
    report.pods[0].pod = "web".to_owned();
    assert!(told_as(&mut report, "web answered").ends_with(" web answered."));
}
