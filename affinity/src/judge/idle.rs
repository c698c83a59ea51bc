//! Whether sockets that nothing is sent over stay open: the scenario idle.

use crate::code::Code;
use crate::ends::Why;
use crate::run::Run;
use crate::scenario::Name::Idle as Scenario;
use crate::seen::{End, Socket};
use crate::verdict::{Found, Reason};
use std::time::Duration;

const SHORTER: &str = "One of several proxies or load balancers on the way has a shorter idle timeout than the others";

/// What became of the silent sockets.
pub(super) struct Idle {
    pub(super) found: Found,
    pub(super) reason: Option<Reason>,
}

/// Judges the sockets that were held idle. A timeout ends each after the same silence, or says goodbye. One that was cut while others stayed
/// open fails too, unless its pod, the proxy or the tunnel went: then it says nothing about silence.
pub(super) fn judge(run: &Run) -> Idle {
    let open = |found| Idle { found, reason: None };
    if run.idle.is_empty() {
        return open(Found::skip("not requested; add --idle 90s"));
    }
    let all = run.ends().into_iter().filter(|(socket, _)| run.idle.contains(socket));
    let ends: Vec<(&Socket, &End, Why)> = all.filter_map(|(socket, why)| Some((socket, socket.end.as_ref()?, why))).collect();
    let counted: Vec<&(&Socket, &End, Why)> = ends.iter().filter(|(socket, _, why)| counts(run, socket, *why)).collect();
    let held: Vec<Duration> = ends.iter().filter(|(.., why)| *why == Why::Ours).map(|(_, end, _)| end.silence()).collect();
    if let Some(shortest) = counted.iter().map(|(_, end, _)| end.silence()).min() {
        let (count, all, silence) = (counted.len(), ends.len(), shortest.as_secs_f64());
        let is_timer = counted.iter().any(|(_, end, why)| end.is_by_silence(*why));
        let detail = if is_timer {
            let how = if counted.iter().any(|(_, end, why)| *why == Why::Goodbye && end.is_by_silence(*why)) { "with" } else { "without" };
            format!("{count} of {all} silent sockets ended {how} a close frame after {silence:.1} s of silence")
        } else {
            let was = if count == 1 { "was" } else { "were" };
            let others = if held.is_empty() { "" } else { ", while the others stayed open" };
            format!("{count} of {all} silent sockets {was} cut after {silence:.1} s of silence{others}")
        };
        let reason = Reason::new(if is_timer { Code::IdleTimeout } else { Code::SocketLost }, Scenario, detail.clone());
        let reason = if is_timer || held.is_empty() { reason } else { reason.because(SHORTER) };
        return Idle { found: Found::fail(detail), reason: Some(reason) };
    }
    open(match held.iter().max() {
        None if ends.is_empty() => Found::skip("no silent socket could be opened"),
        None => Found::skip("the silent sockets ended, but not because of their silence"),
        Some(silence) => {
            Found::pass(format!("{} sockets stayed open to the end; the longest silence was {:.1} s", held.len(), silence.as_secs_f64()))
        }
    })
}

/// Whether a socket is a silent one whose end may be due to its silence.
pub(super) fn counts(run: &Run, socket: &Socket, why: Why) -> bool {
    let Some(end) = socket.end.as_ref().filter(|_| run.idle.contains(socket)) else { return false };
    end.is_by_silence(why) || why == Why::Transport && !run.is_tunnel_trouble(end)
}
