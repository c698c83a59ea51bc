//! Whether the site still answers: a run ends early if it does not.

use super::room::MOST_AT_ONCE;
use std::cell::Cell;
use std::time::{Duration, Instant};
use sticky_affinity::run::Stopped;
use sticky_affinity::seen::Shot;

/// A site that restarts is back by then, and the run goes on.
const RESTART: Duration = Duration::from_secs(30);
/// So many rounds without any answer end a run.
const ROUNDS: u64 = 2;

/// Requests without an answer, and the time of the last answer.
#[derive(Debug)]
pub(super) struct Pulse {
    /// A round without an answer: so many lost requests in a row.
    round: u64,
    /// The longest silence that a run waits out.
    patience: Duration,
    answered: Cell<Option<Instant>>,
    lost: Cell<u64>,
}

impl Pulse {
    /// For rounds of a size, in a run that takes at least `over`: on a long run, a longer outage is one of the faults that it is to find.
    pub(super) fn new(round: usize, over: Duration) -> Self {
        let patience = RESTART.max(over / 4);
        // More requests than are under way at once don't make it any surer.
        Self { round: round.clamp(1, MOST_AT_ONCE) as u64, patience, answered: Cell::new(None), lost: Cell::new(0) }
    }

    /// Records a request's result. An error page is an answer.
    pub(super) fn note(&self, shot: &Shot) {
        if shot.is_lost() {
            self.lost.set(self.lost.get() + 1);
        } else {
            self.lost.set(0);
            self.answered.set(Some(Instant::now()));
        }
    }

    /// Whether anything was answered after `since`.
    pub(super) fn answered_since(&self, since: Instant) -> bool {
        self.answered.get().is_some_and(|at| at >= since)
    }

    /// Why the run should stop here, if it should.
    pub(super) fn stopped(&self) -> Option<Stopped> {
        let lost = self.lost.get();
        match self.answered.get() {
            None => (lost >= self.round).then_some(Stopped::NeverAnswered),
            Some(at) => {
                let silence = at.elapsed();
                (lost >= self.round * ROUNDS && silence >= self.patience).then_some(Stopped::WentSilent { lost, silence })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sticky_affinity::seen::Outcome;

    fn answer() -> Shot {
        Shot { outcome: Outcome::Nameless { status: 503 }, ..Shot::none() }
    }

    #[test]
    fn one_answer_in_the_first_round_is_enough() {
        let (never, once) = (Pulse::new(34, Duration::ZERO), Pulse::new(34, Duration::ZERO));
        (0..33).for_each(|_| never.note(&Shot::none()));
        assert_eq!(never.stopped(), None);
        never.note(&Shot::none());
        assert_eq!(never.stopped(), Some(Stopped::NeverAnswered));
        once.note(&answer());
        (0..500).for_each(|_| once.note(&Shot::none()));
        assert_eq!(once.stopped(), None, "the last answer is not long ago");
    }

    #[test]
    fn a_site_that_restarts_is_waited_for() {
        let ago = |seconds| Instant::now().checked_sub(Duration::from_secs(seconds));
        for (seconds, lost, over, stops) in
            [(20, 500, 0, false), (31, 67, 0, false), (31, 68, 0, true), (100, 500, 600, false), (160, 500, 600, true)]
        {
            let pulse = Pulse::new(34, Duration::from_secs(over));
            pulse.answered.set(ago(seconds));
            (0..lost).for_each(|_| pulse.note(&Shot::none()));
            // A machine that has just started has no such time.
            assert!(pulse.answered.get().is_none() || pulse.stopped().is_some() == stops, "{seconds} {lost} {over}");
        }
    }
}
