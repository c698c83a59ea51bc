//! Requests that reached no pod: how many are too many, and why, in words.

use crate::run::Run;
use crate::seen::Outcome;

/// If a larger share of the probes identifies no pod, a run proves nothing for affinity.
pub(super) const MOST_NAMELESS: f64 = 0.1;

/// Answers that identify no pod, by status, with what the first of them shows beside it, such as the target of a redirect.
pub(super) fn statuses(run: &Run) -> String {
    let statuses = run.nameless().iter().map(|(status, count)| format!("{count} with status {status}")).collect::<Vec<_>>().join(", ");
    // Redirects of a session's first request may have been followed as far as possible; a control's are not.
    let sessions = run.sessions.iter().flat_map(|session| &session.shots);
    let aside = sessions.chain(run.shots()).find_map(|shot| shot.aside.as_deref()).map(|aside| format!(" ({aside})"));
    statuses + &aside.unwrap_or_default()
}

/// Why the first lost request was lost.
pub(super) fn first_loss(run: &Run) -> &str {
    run.shots().find_map(|shot| if let Outcome::Lost(why) = &shot.outcome { Some(why.as_str()) } else { None }).unwrap_or_default()
}

/// Why the last lost request was lost.
pub(super) fn last_loss(run: &Run) -> &str {
    let lost = run.shots().filter_map(|shot| if let Outcome::Lost(why) = &shot.outcome { Some((shot.at, why.as_str())) } else { None });
    lost.max_by_key(|(at, _)| *at).map(|(_, why)| why).unwrap_or_default()
}
