//! Cookies that expire, or seem to.

use super::{Report, check, run, turns};
use crate::case::{Case, NOT_STICKY, STICKY};
use crate::stub::{Asked, Reply, Stub};
use std::time::{Duration, SystemTime};

/// Longer than the lifetimes below.
const LONG: &[&str] = &["--duration", "4s"];

/// A cookie with a lifetime of a second, set on the first answer or on all.
fn for_a_second(renews: bool) -> Stub {
    let mut next = turns(3);
    Stub::new(move |asked| {
        let sent = asked.number_in("route");
        let pod = sent.unwrap_or_else(&mut next);
        let answer = Reply::pod(pod, asked);
        if renews || sent.is_none() { answer.cookie(format!("route={pod}; Path=/; Max-Age=1")) } else { answer }
    })
}

/// The router keeps a session on its instance only if the app's session cookie comes too.
fn needs_the_apps_cookie(apps: &'static str) -> Stub {
    let mut next = turns(3);
    Stub::new(move |asked| match (asked.cookie("JSESSIONID"), asked.number_in("__VCAP_ID__")) {
        (Some(_), Some(pod)) => Reply::pod(pod, asked),
        _ => {
            let pod = next();
            Reply::pod(pod, asked)
                .cookie(format!("JSESSIONID=s{}; Path=/{apps}", asked.number))
                .cookie(format!("__VCAP_ID__={pod}; Path=/; HttpOnly"))
        }
    })
}

/// A cookie with an Expires date, so many seconds after the first answer or after each.
fn expires(after: u64, computed_once: bool) -> Stub {
    let (mut next, mut started) = (turns(3), None);
    Stub::new(move |asked| match asked.number_in("sticky") {
        Some(pod) => Reply::pod(pod, asked),
        None => {
            let (pod, now) = (next(), SystemTime::now());
            let started = *started.get_or_insert(now);
            let ends = if computed_once { started } else { now } + Duration::from_secs(after);
            dated(Reply::pod(pod, asked), now).cookie(format!("sticky={pod}; Path=/; Expires={}", date(ends)))
        }
    })
}

/// A site whose clock is an hour late, with cookies that live for five minutes; or a site whose clock is right, with cookies of an hour ago.
fn an_hour_late(clock_is_late: bool) -> Stub {
    let mut next = turns(3);
    Stub::new(move |asked: &Asked| match asked.number_in("sticky") {
        Some(pod) => Reply::pod(pod, asked),
        None => {
            let (pod, late) = (next(), SystemTime::now() - Duration::from_secs(3_600));
            let says = if clock_is_late { late } else { SystemTime::now() };
            let ends = date(late + Duration::from_secs(300));
            dated(Reply::pod(pod, asked), says).cookie(format!("sticky={pod}; Path=/; Expires={ends}"))
        }
    })
}

fn dated(reply: Reply, at: SystemTime) -> Reply {
    reply.header("date", date(at))
}

/// A date as HTTP writes it (RFC 9110 section 5.6.7), with any day of the week, which nobody reads.
fn date(time: SystemTime) -> String {
    let seconds = time.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    // Days since 0000-03-01, in years that end with their leap day.
    let days = seconds / 86_400 + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let year = era * 400 + year_of_era + u64::from(month > 9);
    let name = ["Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec", "Jan", "Feb"][month as usize];
    let (day, clock) = (day_of_year - (153 * month + 2) / 5 + 1, seconds % 86_400);
    format!("Mon, {day:02} {name} {year} {:02}:{:02}:{:02} GMT", clock / 3_600, clock / 60 % 60, clock % 60)
}

pub(super) const REPORTS: &[Report] = &[
    Report {
        source: "kubernetes/ingress-nginx#9154",
        does: "The cookie's lifetime starts with the first answer, and no later answer renews it",
        case: Case::stub("a lifetime that is not renewed", || for_a_second(false), NOT_STICKY, &["cookie-short-lived"]).with(LONG).beside(&[
            "leaks",
            "cookie-not-honoured",
            "born-expired",
        ]),
        beside: Case::stub("a lifetime that every answer renews", || for_a_second(true), STICKY, &[]).with(LONG).beside(&["cookie-short-lived"]),
    },
    Report {
        source: "cloudfoundry/routing-release#429",
        does: "The router's cookie counts only beside the app's session cookie, which expires first",
        case: Case::stub("one of two cookies expires", || needs_the_apps_cookie("; Max-Age=1"), NOT_STICKY, &["cookie-short-lived"])
            .with(LONG)
            .beside(&["cookie-not-honoured", "leaks"]),
        beside: Case::stub("neither of two cookies expires", || needs_the_apps_cookie(""), STICKY, &[]).with(LONG).beside(&["cookie-short-lived"]),
    },
    Report {
        source: "traefik/traefik#13485",
        does: "The proxy computes Expires once, when it loads its configuration",
        case: Case::stub("Expires is computed once", || expires(2, true), NOT_STICKY, &["cookie-short-lived"])
            .with(LONG)
            .beside(&["born-expired", "leaks"]),
        beside: Case::stub("Expires is computed for each answer", || expires(30, false), STICKY, &[]).with(LONG).beside(&["cookie-short-lived"]),
    },
    Report {
        source: "httpwg/http-extensions#3113",
        does: "The site's clock is late, and so is Expires. Browsers compare it with the answer's `Date`",
        case: Case::stub("a clock that is late", || an_hour_late(true), STICKY, &[]).beside(&["born-expired"]),
        beside: Case::stub("a date of an hour ago", || an_hour_late(false), NOT_STICKY, &["born-expired"]),
    },
];

#[tokio::test]
async fn reported_lifetimes() {
    check(REPORTS).await;
}

#[tokio::test]
async fn the_reason_names_the_cookie_that_expires() {
    for (source, says) in [
        ("kubernetes/ingress-nginx#9154", "; route holds the requests that send it, and expires 1 s after it is set"),
        ("cloudfoundry/routing-release#429", "; JSESSIONID holds the requests that send it, and expires 1 s after it is set"),
    ] {
        let done = run(REPORTS, source).await;
        assert!(done.detail("cookie-short-lived").ends_with(says), "{}", done.details());
    }
}
