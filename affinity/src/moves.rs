//! Which later requests and sockets of a session moved, and why.
//!
//! A move is a request that is answered by another pod than the one that bound the session. If a cluster reports the state of its pods, a move away
//! from a pod that was gone or not ready at the time is *forced*: no front door can avoid it, and from there on the session is bound to its
//! new pod. Any other move is *collateral*. Without a cluster the cause is *unknown*, and the session stays bound to its first pod.

use crate::run::{Run, Session, tally};
use crate::seen::Shot;
use std::collections::BTreeMap;
use std::time::Duration;

/// Why a request was answered by another pod than the one that bound the session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Cause {
    /// The session's pod was gone or not ready.
    Forced,
    /// The session's pod was ready the whole time.
    Collateral,
    /// The state of the session's pod is not known.
    Unknown,
}

/// Where a later request of a session went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// To the pod that the session is bound to at that time.
    Stayed,
    /// To another pod. Only [`Cause::Forced`] binds the session to it.
    Moved(Cause),
}

/// A front door may learn about a pod before the run does.
const LATE: Duration = Duration::from_secs(1);

impl Run {
    /// A session's requests after the one that bound it, if their answers identify a pod: their indices, and where each went.
    #[must_use]
    pub fn steps(&self, session: &Session) -> Vec<(usize, Step)> {
        let Some((first, mut home)) = session.bound() else { return Vec::new() };
        let mut before = session.shots[first].at;
        let mut steps = Vec::new();
        for (place, shot) in session.shots.iter().enumerate().skip(first + 1) {
            let Some(pod) = shot.pod() else { continue };
            let step = if pod == home { Step::Stayed } else { Step::Moved(self.cause(home, before, shot.at + shot.took + LATE)) };
            if step == Step::Moved(Cause::Forced) {
                home = pod;
            }
            before = shot.at;
            steps.push((place, step));
        }
        steps
    }

    /// The pod that a session is bound to after its requests: the first one, or the target of its last forced move.
    #[must_use]
    pub fn home<'a>(&self, session: &'a Session) -> Option<&'a str> {
        let forced = self.steps(session).into_iter().rev().find(|(_, step)| *step == Step::Moved(Cause::Forced));
        forced.map_or_else(|| session.bound().map(|(_, pod)| pod), |(place, _)| session.shots[place].pod())
    }

    /// Whether a probe missed a session's pod because the pod was gone or not ready at the time, according to its cluster.
    #[must_use]
    pub fn was_forced(&self, pod: &str, since: Duration, shot: &Shot) -> bool {
        self.cause(pod, since, shot.at + shot.took + LATE) == Cause::Forced
    }

    fn cause(&self, pod: &str, since: Duration, until: Duration) -> Cause {
        match self.was_ready(pod, since, until) {
            None => Cause::Unknown,
            Some(true) => Cause::Collateral,
            Some(false) => Cause::Forced,
        }
    }

    /// Of the sessions' sockets at an index (0 is the first one, 1 the one after it): how many reached the session's pod, and how many there
    /// were, without those whose pod was gone.
    #[must_use]
    pub fn sockets_in_place(&self, place: usize) -> (u64, u64) {
        let pairs = self.sessions.iter().filter_map(|session| {
            let (home, socket) = (self.home(session)?, session.sockets.get(place)?);
            let since = session.shots.iter().rev().find(|shot| shot.pod() == Some(home))?.at;
            self.stayed_or_moved(home, since, &socket.opened, socket.met()?)
        });
        tally(pairs)
    }

    /// Of the sessions that began with a socket: how many reached its pod with their next request, and how many there were, without those whose
    /// pod was gone.
    #[must_use]
    pub fn stayed_after_socket(&self) -> (u64, u64) {
        let pairs = self.socket_first.iter().filter_map(|first| {
            let opened = &first.socket.opened;
            let after = first.after.as_ref()?;
            self.stayed_or_moved(opened.pod()?, opened.at, after, after.pod()?)
        });
        tally(pairs)
    }

    /// Whether a probe met a pod; `None` if the pod was gone or not ready.
    fn stayed_or_moved(&self, pod: &str, since: Duration, shot: &Shot, met: &str) -> Option<bool> {
        let stayed = met == pod;
        (stayed || !self.was_forced(pod, since, shot)).then_some(stayed)
    }

    /// The pod of the first session, how many of that session's requests without cookies it answered, and how many any pod answered.
    #[must_use]
    pub fn replayed_at_home(&self) -> Option<(&str, u64, u64)> {
        let pod = self.home(self.sessions.first()?)?;
        let (stayed, all) = tally(self.replayed.iter().filter_map(Shot::pod).map(|other| other == pod));
        Some((pod, stayed, all))
    }

    /// How many later requests moved, and how many later requests there were. Forced moves are in neither number.
    #[must_use]
    pub fn moves(&self) -> (u64, u64) {
        self.sessions.iter().flat_map(|session| self.steps(session)).fold((0, 0), |(moves, all), (_, step)| match step {
            Step::Stayed => (moves, all + 1),
            Step::Moved(Cause::Forced) => (moves, all),
            Step::Moved(_) => (moves + 1, all + 1),
        })
    }

    /// For each pod: how many requests without a cookie it answered, and how many later requests its sessions made, wherever those went. Forced
    /// moves are left out.
    #[must_use]
    pub fn later_by_home(&self) -> BTreeMap<&str, (u64, u64)> {
        let mut pods: BTreeMap<&str, (u64, u64)> = self.without_cookie().into_iter().map(|(pod, controls)| (pod, (controls, 0))).collect();
        for session in &self.sessions {
            let Some((_, mut home)) = session.bound() else { continue };
            for (place, step) in self.steps(session) {
                match (step, session.shots[place].pod()) {
                    (Step::Moved(Cause::Forced), Some(pod)) => home = pod,
                    _ => pods.entry(home).or_default().1 += 1,
                }
            }
        }
        pods
    }

    /// How many requests moved for a given cause.
    #[must_use]
    pub fn moved_by(&self, cause: Cause) -> u64 {
        self.sessions.iter().flat_map(|session| self.steps(session)).filter(|(_, step)| *step == Step::Moved(cause)).count() as u64
    }

    /// Sessions with a move that was not forced, by index, each with its first such request.
    #[must_use]
    pub fn moved(&self) -> Vec<(usize, &Shot)> {
        let first = |session| {
            let mut steps = self.steps(session).into_iter();
            steps.find_map(|(place, step)| matches!(step, Step::Moved(cause) if cause != Cause::Forced).then_some(place))
        };
        self.sessions.iter().enumerate().filter_map(|(n, session)| Some((n, &session.shots[first(session)?]))).collect()
    }

    /// How many sessions have a move that was not forced, and how many sessions have later requests at all.
    #[must_use]
    pub fn moved_sessions(&self) -> (u64, u64) {
        let judged = self.sessions.iter().filter(|session| !self.steps(session).is_empty()).count();
        (self.moved().len() as u64, judged as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seen::{Event, PodState, What};
    use crate::testing::session;

    fn event(at: u64, pod: &str, state: PodState) -> Event {
        Event { at: Duration::from_secs(at), what: What::Pod { pod: pod.to_owned(), state } }
    }

    fn watched(sessions: &[&str], events: &[Event]) -> Run {
        let ready = ["a", "b", "c"].map(|pod| event(0, pod, PodState::Ready));
        Run {
            sessions: sessions.iter().map(|pods| session(pods)).collect(),
            events: ready.into_iter().chain(events.iter().cloned()).collect(),
            ..Run::default()
        }
    }

    #[test]
    fn a_pod_that_goes_forces_its_sessions_once() {
        let run = watched(&["a a a b b b", "c c c c c c"], &[event(3, "a", PodState::Gone)]);
        assert_eq!((run.moves(), run.moved_by(Cause::Forced), run.moved_sessions()), ((0, 9), 1, (0, 2)));
        assert_eq!((run.home(&run.sessions[0]), run.home(&run.sessions[1])), (Some("b"), Some("c")));
        // It is bound to b now: what follows is judged by that.
        let run = watched(&["a a a b c b"], &[event(3, "a", PodState::NotReady)]);
        assert_eq!((run.moves(), run.moved_by(Cause::Forced), run.moved_by(Cause::Collateral)), ((1, 4), 1, 1));
    }

    #[test]
    fn a_ready_pod_forces_nobody() {
        let run = watched(&["a a a b b b"], &[event(4, "c", PodState::Gone)]);
        assert_eq!((run.moves(), run.moved_by(Cause::Collateral)), ((3, 5), 3));
        // It was away before, and is back.
        let run = watched(&["a a a a a b"], &[event(1, "a", PodState::NotReady), event(2, "a", PodState::Ready)]);
        assert_eq!(run.moved_by(Cause::Collateral), 1);
    }

    #[test]
    fn nobody_says() {
        let run = Run { sessions: vec![session("a b b")], ..Run::default() };
        assert_eq!((run.moved_by(Cause::Unknown), run.moves()), (2, (2, 2)));
        let run = watched(&["z b b"], &[]);
        assert_eq!(run.moved_by(Cause::Unknown), 2, "no pod of that cluster");
    }

    #[test]
    fn a_move_is_not_a_change() {
        let run = Run { sessions: vec![session("a a b a b b a"), session("a b b b")], ..Run::default() };
        assert_eq!((run.moves(), run.sessions[0].changes(), run.sessions[1].changes()), ((6, 9), 4, 1));
    }

    #[test]
    fn what_has_no_name_is_no_move() {
        let run = Run { sessions: vec![session("- a - a a"), session("- - -"), session("b")], ..Run::default() };
        assert_eq!((run.moves(), run.moved_sessions()), ((0, 2), (0, 1)));
        assert_eq!(run.sessions[0].bound(), Some((1, "a")));
    }
}
