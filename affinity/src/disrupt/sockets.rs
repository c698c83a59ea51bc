//! What became of the sockets that were held.

use super::observed::Disruption;
use crate::ends::Why;
use crate::run::Session;
use crate::seen::{How, Socket};
use std::collections::BTreeMap;
use std::time::Duration;

/// What became of the sockets that sessions held.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sockets {
    /// Sessions that held a socket when the change was made.
    pub held: u64,
    /// Sockets that the client did not close, by why they ended.
    pub ended: BTreeMap<Why, u64>,
    /// Sessions whose socket came back to the pod that answers their requests.
    pub back: u64,
    /// Sessions whose socket came back to another pod.
    pub elsewhere: u64,
    /// Sessions whose socket did not come back.
    pub lost: u64,
}

impl Sockets {
    pub(super) fn of(seen: &Disruption) -> Self {
        let mut sockets = Self::default();
        for (_, why) in seen.run.ends().into_iter().filter(|(_, why)| *why != Why::Ours) {
            *sockets.ended.entry(why).or_default() += 1;
        }
        for session in &seen.run.sessions {
            let Some(first) = session.sockets.first().filter(|socket| socket.opened.pod().is_some()) else { continue };
            sockets.held += 1;
            if first.end.as_ref().is_none_or(|end| end.how == How::Ours) {
                continue;
            }
            match session.sockets[1..].iter().find(|socket| socket.opened.pod().is_some()) {
                None => sockets.lost += 1,
                Some(again) if is_in_place(session, again) => sockets.back += 1,
                Some(_) => sockets.elsewhere += 1,
            }
        }
        sockets
    }
}

/// Whether a socket reached the pod that answered the session's last request before it, or the next one after it: a session may move
/// between the two.
fn is_in_place(session: &Session, socket: &Socket) -> bool {
    let at: Duration = socket.opened.at;
    let named = || session.shots.iter().filter(|shot| shot.pod().is_some());
    let before = named().take_while(|shot| shot.at <= at).last();
    let after = named().find(|shot| shot.at > at);
    before.into_iter().chain(after).any(|shot| shot.pod() == socket.opened.pod())
}
