//! What a run requests and in which order: sessions and controls, reshuffled in every round.
//!
//! A round-robin proxy gives a session the same pod in every round if the sessions come in the same order and their number is a multiple of
//! the number of pods: it looks sticky and is not. So the order is shuffled, and controls without cookies are mixed in to shift the turn.
//! The same seed gives the same order.

use fastrand::Rng;

/// How much a run requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sample {
    /// Sessions, each with its own cookie jar.
    pub sessions: u32,
    /// Later requests of each session, after its first.
    pub later: u32,
    /// Controls: requests without a cookie.
    pub controls: u32,
}

impl Default for Sample {
    fn default() -> Self {
        Self { sessions: 30, later: 12, controls: 60 }
    }
}

impl Sample {
    /// A sample with at least `needed` later requests, and a tenth more to make up for errors and forced moves, which do not count.
    #[must_use]
    pub fn for_requests(self, needed: u64) -> Self {
        let needed = needed + needed.div_ceil(10);
        let all = |sample: Self| u64::from(sample.sessions) * u64::from(sample.later);
        if all(self) >= needed {
            return self;
        }
        // More sessions find faults that more requests per session miss, and the other way round: both grow alike.
        let grow = (needed as f64 / all(self) as f64).sqrt();
        let sessions = (f64::from(self.sessions) * grow).ceil() as u32;
        let later = needed.div_ceil(u64::from(sessions.max(1)));
        Self { sessions, later: u32::try_from(later).unwrap_or(u32::MAX), controls: self.controls.max(sessions * 2) }
    }

    /// The number of requests in all rounds: sessions and controls, without [`Probe::Bare`] ones.
    #[must_use]
    pub fn probes(self) -> u64 {
        u64::from(self.sessions) * (1 + u64::from(self.later)) + u64::from(self.controls)
    }
}

/// One request of a round, before it is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Probe {
    /// The next request of a session, by the session's number from 0.
    Session(u32),
    /// A request without a cookie.
    Control,
    /// A request of the first session without its cookies: if it stays on its pod all the same, the cookie isn't the cause.
    Bare,
}

/// The rounds of a run: the first binds every session, and each later one has one more request for each. Controls are spread over all rounds,
/// and `bare` requests of the first session over the later ones: sent one after another, a proxy that reuses its last connection to a pod
/// would take them all there.
#[must_use]
pub fn rounds(sample: Sample, bare: u32, seed: u64) -> Vec<Vec<Probe>> {
    let mut rng = Rng::with_seed(seed);
    let mut controls = Strewn { all: sample.controls, rounds: sample.later + 1, done: 0 };
    let mut bare = Strewn { all: bare, rounds: sample.later, done: 0 };
    (0..=sample.later)
        .map(|round| {
            let mut all: Vec<Probe> = (0..sample.sessions).map(Probe::Session).collect();
            all.extend((0..controls.due(round + 1)).map(|_| Probe::Control));
            all.extend((0..bare.due(round)).map(|_| Probe::Bare));
            rng.shuffle(&mut all);
            all
        })
        .collect()
}

/// Probes that are spread over rounds.
struct Strewn {
    all: u32,
    rounds: u32,
    done: u64,
}

impl Strewn {
    /// How many are due in a round, counted from 1: its share of all, so that the remainder spreads out.
    fn due(&mut self, round: u32) -> u64 {
        let by_then = u64::from(self.all) * u64::from(round) / u64::from(self.rounds.max(1));
        let due = by_then - self.done;
        self.done = by_then;
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    #[test]
    fn each_session_once_a_round_and_controls_in_all_rounds() {
        let sample = Sample::default();
        let all = rounds(sample, 12, 7);
        assert_eq!(all.len(), 13);
        assert_eq!(all.iter().map(Vec::len).sum::<usize>() as u64, sample.probes() + 12);
        for (place, round) in all.iter().enumerate() {
            let mut sessions: Vec<u32> = round.iter().filter_map(|probe| if let Probe::Session(n) = probe { Some(*n) } else { None }).collect();
            sessions.sort_unstable();
            assert_eq!(sessions, (0..30).collect::<Vec<_>>());
            let count = |probe| round.iter().filter(|other| **other == probe).count();
            assert!((4..=5).contains(&count(Probe::Control)), "{}", round.len());
            assert_eq!(count(Probe::Bare), usize::from(place > 0), "the first round has bound nobody yet");
        }
        assert_eq!(rounds(sample, 12, 7), all);
        assert_ne!(rounds(sample, 12, 8), all);
        assert_ne!(all[0], all[1]);
    }

    /// Strict turns over three pods, thirty sessions: in a fixed order, every session would stay on its pod forever.
    #[test]
    fn strict_turns_do_not_look_sticky() {
        let mut first = HashMap::new();
        let mut moves = 0;
        for (turn, probe) in rounds(Sample::default(), 0, 1).into_iter().flatten().enumerate() {
            let pod = turn % 3;
            if let Probe::Session(n) = probe
                && *first.entry(n).or_insert(pod) != pod
            {
                moves += 1;
            }
        }
        assert!((200..280).contains(&moves), "{moves} of 360, 240 are expected");
    }

    #[test]
    fn a_wanted_bound_grows_the_sample() {
        let grown = Sample::default().for_requests(2_995);
        assert!(u64::from(grown.sessions) * u64::from(grown.later) >= 3_295 && grown.sessions > 80 && grown.later > 30, "{grown:?}");
        assert!(u64::from(grown.sessions) * u64::from(grown.later) < 3_500, "{grown:?}");
        assert_eq!(Sample::default().for_requests(100), Sample::default());
    }
}
