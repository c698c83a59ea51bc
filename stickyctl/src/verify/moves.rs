//! Which later requests of a session are moves, and what forced them.
//!
//! A move is a request whose pod is not the one that bound the session. Where a cluster says how its pods are, a move away from a pod that
//! was gone or not ready at the time is *forced*: no front door can do otherwise, and the session is bound to its new pod from there on.
//! Any other is *collateral*. Without a cluster the cause of each is *unknown*, and the session stays bound to its first pod.

use super::run::{Run, Session};
use super::seen::{PodState, Shot, What};
use std::time::Duration;

/// Why a request was answered by another pod than the one that bound its session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Cause {
    /// That pod was gone or not ready.
    Forced,
    /// That pod was ready all the time.
    Collateral,
    /// Nobody says how that pod was.
    Unknown,
}

/// What a later request of a session was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// On its pod.
    Stayed,
    /// On another one.
    Moved(Cause),
}

/// A front door may hear of a pod before the run does.
const LATE: Duration = Duration::from_secs(1);

impl Run {
    /// Requests of a session after the one that bound it which say who answered: their places, and what each was.
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

    /// The pod that a session was on at the end of its requests, as far as nothing but force took it elsewhere.
    #[must_use]
    pub fn home<'a>(&self, session: &'a Session) -> Option<&'a str> {
        let forced = self.steps(session).into_iter().rev().find(|(_, step)| *step == Step::Moved(Cause::Forced));
        forced.map_or_else(|| session.bound().map(|(_, pod)| pod), |(place, _)| session.shots[place].pod())
    }

    /// Whether a probe that missed a session's pod could do no else, by the word of its cluster: the pod was gone or not ready at the time.
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

    /// Whether a pod was ready all the time between two moments, by its cluster's word; none where nobody says.
    #[must_use]
    pub fn was_ready(&self, pod: &str, since: Duration, until: Duration) -> Option<bool> {
        let told = || {
            self.events.iter().filter_map(|event| match &event.what {
                What::Pod { pod: name, state } if name == pod => Some((event.at, *state)),
                _ => None,
            })
        };
        let before = told().take_while(|(at, _)| *at <= since).last();
        let (_, then) = before.or_else(|| told().next())?;
        let during = told().filter(|(at, _)| *at > since && *at <= until);
        Some(then == PodState::Ready && during.into_iter().all(|(_, state)| state == PodState::Ready))
    }
}

#[cfg(test)]
mod tests {
    use super::super::run::tests::session;
    use super::super::seen::Event;
    use super::*;

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
}
