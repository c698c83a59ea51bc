//! A session that the site hands out in a header, in JSON or in a URL, instead of a cookie.

use crate::code::Code;
use crate::run::{FEW_REPLAYED, Run};
use crate::scenario::Name::StickHttp;
use crate::verdict::Reason;

/// The reason, if each session got a value of its own in a place whose name tells that it is a session.
/// `moved` says how many requests moved.
pub(super) fn handed_out(run: &Run, moved: &str) -> Option<Reason> {
    let sessions = run.sessions.iter().filter(|session| session.bound().is_some()).count() as u64;
    let place = run.fields.handed_out(sessions.max(FEW_REPLAYED))?;
    let detail = format!("{moved}: no answer set a cookie, but each of {sessions} sessions got a value of its own at {place}");
    let reason = Reason::new(Code::SessionNotInCookie, StickHttp, detail);
    Some(if place.ends_with("entropy") { reason.because(MADE_UP) } else { reason })
}

const MADE_UP: &str = "The client makes up its session, as SockJS does";
