//! What sockets say against affinity.

use super::{Reason, Verdict};
use crate::verify::code::Code;
use crate::verify::run::Run;
use crate::verify::scenario::Name::{Reconnect, StickWs, WsFirst};
use crate::verify::seen::{Outcome, Shot};

pub(super) fn judge(run: &Run) -> Option<(Verdict, Reason)> {
    let tried = run.sockets().count();
    let opened = run.sockets().filter(|socket| socket.opened.pod().is_some()).count();
    if tried > 0 && opened * 2 < tried {
        let mut why: Vec<String> = run.sockets().filter_map(|socket| not_opened(&socket.opened)).collect();
        why.sort();
        why.dedup();
        why.truncate(3);
        let detail = format!("{opened} of {tried} sockets told their pod: {}", why.join("; "));
        return Some((Verdict::Inconclusive, Reason::new(Code::UpgradeFailed, StickWs, detail)));
    }
    for (place, scenario, which) in [(0, StickWs, "sockets"), (1, Reconnect, "sockets after the first was closed")] {
        let (same, all) = run.sockets_in_place(place);
        if same < all {
            let detail = format!("{} of {all} {which} on another pod than their session", all - same);
            return Some((Verdict::NotSticky, Reason::new(Code::SocketElsewhere, scenario, detail)));
        }
    }
    let (same, all) = run.came_back();
    if same < all {
        let detail = format!("{} of {all} sockets that ended came back on another pod", all - same);
        return Some((Verdict::NotSticky, Reason::new(Code::SocketElsewhere, Reconnect, detail)));
    }
    let (same, all) = run.stayed_after_socket();
    let without = run.socket_first.iter().all(|first| first.socket.opened.offered.is_empty());
    (same < all).then(|| {
        let code = if without { Code::NoCookieOnUpgrade } else { Code::SocketElsewhere };
        let detail = format!("{} of {all} sessions that began with a socket were elsewhere in the next request", all - same);
        (Verdict::NotSticky, Reason::new(code, WsFirst, detail))
    })
}

fn not_opened(socket: &Shot) -> Option<String> {
    match &socket.outcome {
        Outcome::By(_) => None,
        Outcome::Nameless { status: 101 } => Some("open, and silent about its pod".to_owned()),
        Outcome::Nameless { status } => Some(format!("status {status}")),
        Outcome::Lost(why) => Some(why.clone()),
    }
}
