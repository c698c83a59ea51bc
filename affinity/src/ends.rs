//! Why sockets ended: the server closed them, the pod died, an idle timeout expired, the proxy was recycled, or the connection broke.
//!
//! None of these is lost affinity, which is judged when a socket comes back. If a socket ends without a close frame, only the other sockets
//! can tell why: an idle timeout ends each one after the same silence, while a recycled proxy ends all of them at the same moment, regardless
//! of their traffic and their pods.

use crate::run::{Run, SocketFirst, tally};
use crate::seen::{End, How, Socket, What};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;

/// Why a WebSocket ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Why {
    /// The client closed it, or rejected a message because of its size.
    Ours,
    /// The server closed it with a close frame (RFC 6455 section 5.5.1).
    Goodbye,
    /// Its pod was gone or not ready within a second after the end, or answered nothing from then on.
    PodTerminated,
    /// It and others ended after nearly the same silence of at least half a second: a proxy on the way has an idle timeout.
    IdleTimeout,
    /// Three or more sockets ended within a second of each other, while their pods kept running.
    ProxyRecycled,
    /// The connection broke: the tunnel to the site had trouble at the time, or no other cause fits.
    Transport,
}

/// Sockets that end within this time of each other ended together.
const TOGETHER: Duration = Duration::from_secs(1);
/// With this many sockets, ending together is no accident.
const MANY: usize = 3;
/// No idle timeout is shorter than this.
const SILENCE: Duration = Duration::from_millis(500);

impl End {
    /// Whether a silent socket ended because it was silent: by a timeout, or with a close frame whose status is not that of a restart (1001 in
    /// RFC 6455 section 7.4.1, 1012 in IANA's registry).
    #[must_use]
    pub fn is_by_silence(&self, why: Why) -> bool {
        why == Why::IdleTimeout || matches!(self.how, How::Goodbye { code, .. } if !matches!(code, 1001 | 1012))
    }
}

impl Run {
    /// The sockets that ended, and why.
    #[must_use]
    pub fn ends(&self) -> Vec<(&Socket, Why)> {
        let all: Vec<(&Socket, &End)> = self.sockets().filter_map(|socket| Some((socket, socket.end.as_ref()?))).collect();
        // Where a socket's own end leaves the cause open, the other sockets decide.
        let open: Vec<&End> = all.iter().filter(|(socket, end)| self.alone(socket, end).is_none()).map(|(_, end)| *end).collect();
        all.into_iter().map(|(socket, end)| (socket, self.alone(socket, end).unwrap_or_else(|| together(end, &open)))).collect()
    }

    /// Of the held sockets that the client did not close: how many came back to their pod, and how many could have. Sockets whose pod was gone
    /// don't count.
    #[must_use]
    pub fn came_back(&self) -> (u64, u64) {
        let whys: BTreeMap<*const Socket, Why> = self.ends().into_iter().map(|(socket, why)| (std::ptr::from_ref(socket), why)).collect();
        let by_itself = |first: &&SocketFirst| !matches!(whys.get(&std::ptr::from_ref(&first.socket)), None | Some(Why::Ours | Why::PodTerminated));
        let pairs = self.socket_first.iter().filter(by_itself).filter_map(|first| {
            let (pod, again) = (first.socket.opened.pod()?, first.again.as_ref()?);
            let came_back = again.opened.pod()? == pod;
            let ended = first.socket.end.as_ref()?.at;
            (came_back || !self.is_gone(pod, ended, again.opened.at)).then_some(came_back)
        });
        tally(pairs)
    }

    /// Whether the tunnel to the site had trouble when a socket ended.
    pub(crate) fn is_tunnel_trouble(&self, end: &End) -> bool {
        self.events.iter().any(|event| matches!(event.what, What::Tunnel(_)) && event.at.abs_diff(end.at) <= TOGETHER)
    }

    fn alone(&self, socket: &Socket, end: &End) -> Option<Why> {
        match &end.how {
            How::Ours => return Some(Why::Ours),
            How::Goodbye { .. } => return Some(Why::Goodbye),
            How::Cut(_) => {}
        }
        if self.is_tunnel_trouble(end) {
            return Some(Why::Transport);
        }
        let pod = socket.opened.pod()?;
        self.is_gone(pod, end.at, end.at + TOGETHER).then_some(Why::PodTerminated)
    }
}

/// Judges a socket that ended without a close frame by the sockets that ended at the same time.
fn together(end: &End, cuts: &[&End]) -> Why {
    let near: Vec<&&End> = cuts.iter().filter(|other| other.at.abs_diff(end.at) <= TOGETHER).collect();
    if near.len() > 1 && end.silence() >= SILENCE && range(near.iter().map(|end| end.silence())) < range(near.iter().map(|end| end.at)) {
        return Why::IdleTimeout;
    }
    if near.len() >= MANY { Why::ProxyRecycled } else { Why::Transport }
}

fn range(all: impl Iterator<Item = Duration> + Clone) -> Duration {
    all.clone().max().unwrap_or_default().saturating_sub(all.min().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::Session;
    use crate::seen::{Event, PodState};
    use crate::testing::{shot, timed};

    fn socket(pod: &str, at: f64, quiet_since: f64, how: How) -> Socket {
        let seconds = Duration::from_secs_f64;
        Socket { opened: shot(pod), refused_by: None, end: Some(End { at: seconds(at), quiet_since: seconds(quiet_since), how }) }
    }

    fn cut() -> How {
        How::Cut("end of stream".to_owned())
    }

    fn run(sockets: Vec<Socket>) -> Run {
        let session = Session { shots: timed("a b c a b c".split(' ').cycle().take(60).map(shot).collect(), 1.0), ..Session::default() };
        let held = |socket| SocketFirst { socket, after: None, again: None };
        Run { sessions: vec![session], socket_first: sockets.into_iter().map(held).collect(), ..Run::default() }
    }

    #[track_caller]
    fn ended(run: &Run, whys: &[Why]) {
        assert_eq!(run.ends().iter().map(|(_, why)| *why).collect::<Vec<_>>(), whys);
    }

    #[test]
    fn who_says_so_is_believed() {
        let goodbye = How::Goodbye { code: 1012, reason: String::new() };
        ended(&run(vec![socket("a", 9.0, 1.0, How::Ours), socket("a", 9.0, 1.0, goodbye)]), &[Why::Ours, Why::Goodbye]);
    }

    #[test]
    fn at_one_moment_it_is_the_proxy() {
        let at_once = run((0..20).map(|n| socket("abc".get(n % 3..=n % 3).unwrap_or("a"), 9.0, n as f64 / 10.0, cut())).collect());
        ended(&at_once, &[Why::ProxyRecycled; 20]);
        ended(&run(vec![socket("a", 9.0, 1.0, cut()), socket("b", 9.0, 1.2, cut())]), &[Why::Transport; 2]);
    }

    #[test]
    fn after_equal_silences_it_is_a_timer() {
        let silent: Vec<Socket> = (0..4).map(|n| socket("a", 10.0 + f64::from(n) * 0.2, f64::from(n) * 0.2, cut())).collect();
        ended(&run(silent.clone()), &[Why::IdleTimeout; 4]);
        // A single one may be anything.
        ended(&run(silent[..1].to_vec()), &[Why::Transport]);
    }

    #[test]
    fn a_pod_that_died_took_its_sockets_along() {
        let mut told = run(vec![socket("a", 9.0, 8.0, cut()), socket("b", 9.1, 8.0, cut())]);
        for (pod, state) in [("a", PodState::Ready), ("b", PodState::Ready)] {
            told.events.push(Event { at: Duration::ZERO, what: What::Pod { pod: pod.to_owned(), state } });
        }
        told.events.push(Event { at: Duration::from_secs_f64(9.5), what: What::Pod { pod: "a".to_owned(), state: PodState::Gone } });
        ended(&told, &[Why::PodTerminated, Why::Transport]);
        // Without a cluster: the pod answers nothing any more, while the others do. The silence of one that never answered shows nothing.
        let mut silent = run(vec![socket("z", 9.0, 8.0, cut())]);
        ended(&silent, &[Why::Transport]);
        silent.controls = timed(["z", "a", "b"].map(shot).to_vec(), 1.0);
        ended(&silent, &[Why::PodTerminated]);
    }

    #[test]
    fn the_tunnel_is_the_way_and_not_the_site() {
        let mut broken = run((0..9).map(|_| socket("a", 9.0, 1.0, cut())).collect());
        broken.events.push(Event { at: Duration::from_secs_f64(8.8), what: What::Tunnel("lost".to_owned()) });
        ended(&broken, &[Why::Transport; 9]);
    }
}
