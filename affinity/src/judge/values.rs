//! Sessions that carry a value besides their cookies, such as a session id in a header or in the path.

use super::failed::MOST_NAMELESS;
use crate::code::Code;
use crate::run::Run;
use crate::scenario::Name::StickHttp;
use crate::verdict::Reason;

/// What a session's later requests carry, to complete "without …": its cookie, or the names of its values; and the verb for it.
pub(super) fn held_by(run: &Run) -> (String, &'static str) {
    let sends_cookies = run.sessions.iter().any(|session| session.shots.iter().skip(1).any(|shot| !shot.carried.is_empty()));
    match run.values.as_slice() {
        [] => ("the cookie".to_owned(), "holds"),
        [value] if !sends_cookies => (value.clone(), "holds"),
        values if sends_cookies => (format!("{} and cookies", values.join(", ")), "hold"),
        values => (values.join(" and "), "hold"),
    }
}

/// The reason for moves of sessions that carry values: every later request had them, because none is sent without.
pub(super) fn not_honoured(run: &Run, moved: &str) -> Reason {
    let sent: usize = run.sessions.iter().map(|session| session.shots.iter().skip(1).count()).sum();
    Reason::new(Code::ValueNotHonoured, StickHttp, format!("{moved}, and {sent} later requests sent {}", run.values.join(" and ")))
}

/// Why the run proves nothing, if too many first answers lacked a value that later requests need.
pub(super) fn lacking(run: &Run) -> Option<Reason> {
    let flags: Vec<&str> = run.sessions.iter().filter_map(|session| session.lacks.as_deref()).collect();
    let (flag, all) = (flags.first()?, run.sessions.len());
    let detail = match all - flags.len() {
        0 => format!("no first answer had the value that --capture {flag} reads: 0 of {all}"),
        had => format!("only {had} of {all} first answers had the value that --capture {flag} reads; the other sessions could not go on"),
    };
    (flags.len() as f64 > all as f64 * MOST_NAMELESS)
        .then(|| Reason::new(Code::ErrorRate, StickHttp, detail).because("First answers do not have the value that --capture reads"))
}
