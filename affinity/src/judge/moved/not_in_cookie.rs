//! A session that the site hands out in a header, in JSON or in a URL, instead of a cookie.

use crate::run::{FEW_REPLAYED, Run};

/// What first answers hand out, if it is another value in each of them: in words. Nothing that the site hands out now and then counts.
pub(super) fn handed_out(run: &Run) -> Option<String> {
    let answered = run.sessions.iter().filter_map(|session| session.shots.first()).filter(|shot| !shot.is_lost()).count() as u64;
    let (name, seen) = run.handed_out.iter().find(|(_, seen)| seen.values == seen.answers && seen.answers * 10 >= answered * 9)?;
    let count = seen.answers;
    (count >= FEW_REPLAYED)
        .then(|| format!("no answer set a cookie, but {count} of {answered} first answers had a value of their own at {name}: try --capture sid={name}"))
}
