//! Why sockets ended: the other side said goodbye, the pod died, an idle timer ran out, the proxy was recycled, or the way there broke.
//!
//! None of these is lost affinity, which is judged where a socket comes back. A cut without a word has to be read from its company: an idle
//! timer ends each socket when it has been silent for the same time, a proxy that is recycled ends them at the same moment, whatever went
//! over them and whatever pods they led to.

use super::run::Run;
use super::seen::{End, How, Socket, What};
use serde::Serialize;
use std::time::Duration;

/// Why a socket ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Why {
    /// The run closed it.
    Ours,
    /// The other side closed it with a close frame.
    Goodbye,
    /// Its pod died.
    PodTerminated,
    /// It was silent for too long for somebody on the way.
    IdleTimeout,
    /// The proxy ended many at the same moment, and their pods live on.
    ProxyRecycled,
    /// The way there broke.
    Transport,
}

/// Cuts this close together are one event.
const TOGETHER: Duration = Duration::from_secs(1);
/// So many cuts at once are no accident of single connections.
const MANY: usize = 3;
/// A silence shorter than this is no idle timer's.
const SILENCE: Duration = Duration::from_millis(500);

impl End {
    /// Whether a silent socket ended because it was silent: by a timer, or with a goodbye that is no restart's (1001 of RFC 6455 section 7.4.1,
    /// 1012 of IANA's registry).
    #[must_use]
    pub fn is_by_silence(&self, why: Why) -> bool {
        why == Why::IdleTimeout || matches!(self.how, How::Goodbye { code, .. } if !matches!(code, 1001 | 1012))
    }
}

impl Run {
    /// Why each socket ended that did.
    #[must_use]
    pub fn ends(&self) -> Vec<(&Socket, Why)> {
        let all: Vec<(&Socket, &End)> = self.sockets().filter_map(|socket| Some((socket, socket.end.as_ref()?))).collect();
        // What a socket's own end leaves open is read from the others.
        let open: Vec<&End> = all.iter().filter(|(socket, end)| self.alone(socket, end).is_none()).map(|(_, end)| *end).collect();
        all.into_iter().map(|(socket, end)| (socket, self.alone(socket, end).unwrap_or_else(|| together(end, &open)))).collect()
    }

    fn alone(&self, socket: &Socket, end: &End) -> Option<Why> {
        match &end.how {
            How::Ours => return Some(Why::Ours),
            How::Goodbye { .. } => return Some(Why::Goodbye),
            How::Cut(_) => {}
        }
        let tunnel = self.events.iter().filter(|event| matches!(event.what, What::Tunnel(_)));
        if tunnel.into_iter().any(|event| event.at.abs_diff(end.at) <= TOGETHER) {
            return Some(Why::Transport);
        }
        let pod = socket.opened.pod()?;
        self.is_gone(pod, end.at, end.at + TOGETHER).then_some(Why::PodTerminated)
    }
}

/// Reads a cut from those beside it.
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
    use super::super::run::tests::{shot, timed};
    use super::super::run::{Session, SocketFirst};
    use super::super::seen::{Event, PodState};
    use super::*;

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
        // By nobody's word: it answers nothing any more, and the others do. One that never answered a request tells nothing by its silence.
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
