//! The order of a run at two doors: every session's next request in each round, shuffled, and controls of both doors among them.

use super::amount::{AFTER, Amount, PARTS};
use crate::verify::probe::client::{Client, Open, Visitor};
use fastrand::Rng;
use futures_util::future::join_all;
use futures_util::{StreamExt, stream};
use std::sync::{Mutex, PoisonError};
use sticky_affinity::migrate::{Door, Migration, Reconnect, Session, Split, Visit};
use sticky_affinity::seen::Outcome;

/// Requests of different sessions under way at once.
const AT_ONCE: usize = 8;

/// A run that is under way.
pub(super) struct Walk<'a> {
    /// In the order of [`Door::ALL`].
    pub(super) clients: [Client<'a>; 2],
    pub(super) record: &'a Record,
    pub(super) amount: Amount,
    pub(super) seed: u64,
    /// Whether the site's socket is known to be its own, and not only guessed.
    pub(super) is_socket_known: bool,
}

/// What was seen so far; it survives an interruption.
#[derive(Debug)]
pub(super) struct Record(Mutex<Migration>);

impl Record {
    pub(super) fn new(amount: Amount) -> Self {
        Self(Mutex::new(Migration {
            sessions: vec![Session::default(); (amount.movers + amount.newcomers) as usize],
            splits: vec![Split::default(); amount.pages as usize],
            reconnects: vec![Reconnect::default(); amount.reconnects as usize],
            ..Migration::default()
        }))
    }

    pub(super) fn note<T>(&self, write: impl FnOnce(&mut Migration) -> T) -> T {
        write(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// One request of a round.
#[derive(Debug, Clone, Copy)]
enum Probe {
    /// The next request of a session, by its index, and the door that it goes to.
    Session(usize, Door),
    /// A request without a cookie, by its number.
    Control(u32, Door),
}

impl Walk<'_> {
    pub(super) async fn run(&self) {
        let schedules = self.amount.schedules();
        let visitors: Vec<Visitor> = (0..schedules.len() as u32).map(|n| self.at(Door::Old).visitor(n)).collect();
        for (round, probes) in (0..).zip(rounds(&schedules, self.amount.controls, self.seed)) {
            let visitors = &visitors;
            let sent = stream::iter(probes).map(|probe| async move {
                match probe {
                    Probe::Session(n, door) => (probe, self.at(door).visit(&visitors[n], round).await),
                    Probe::Control(n, door) => (probe, self.at(door).control(n, round).await),
                }
            });
            let mut sent = sent.buffered(AT_ONCE);
            while let Some((probe, shot)) = sent.next().await {
                let Some(shot) = shot else { continue };
                self.record.note(|run| match probe {
                    Probe::Session(n, door) => run.sessions[n].visits.push(Visit { door, shot }),
                    Probe::Control(_, door) => run.doors[door as usize].controls.push(shot),
                });
            }
            if self.clients.iter().any(Client::stops) {
                return;
            }
        }
        let first = visitors.len() as u32;
        stream::iter(0..self.amount.pages).map(|n| self.page(n as usize, first + n)).buffer_unordered(AT_ONCE / 4).collect::<()>().await;
        self.sockets(first + self.amount.pages).await;
    }

    fn at(&self, door: Door) -> &Client<'_> {
        &self.clients[door as usize]
    }

    /// A page whose parts come through both doors at once.
    async fn page(&self, index: usize, number: u32) {
        let visitor = self.at(Door::Old).visitor(number);
        let first = self.at(Door::Old).visit(&visitor, 0).await;
        self.record.note(|run| run.splits[index].first = first);
        let (old, new) = tokio::join!(self.at(Door::Old).together(&visitor, 1, PARTS), self.at(Door::New).together(&visitor, 1, PARTS));
        let parts =
            [(Door::Old, old), (Door::New, new)].into_iter().flat_map(|(door, shots)| shots.into_iter().map(move |shot| Visit { door, shot }));
        self.record.note(|run| run.splits[index].together.extend(parts));
        for step in 0..AFTER {
            let shot = self.at(Door::New).visit(&visitor, 2 + step).await;
            self.record.note(|run| run.splits[index].after.extend(shot));
        }
    }

    /// Sockets at the old door, all open at once, as when it is drained; then each reconnects at the new one. The sockets themselves are
    /// recorded in the books.
    async fn sockets(&self, first: u32) {
        let named =
            |run: &mut Migration| run.sessions.iter().flat_map(|session| &session.visits).any(|visit| matches!(visit.shot.outcome, Outcome::By(_)));
        if !self.is_socket_known && !self.record.note(named) {
            return;
        }
        let count = self.amount.reconnects;
        let visitors: Vec<Visitor> = (0..count).map(|n| self.at(Door::Old).visitor(first + n)).collect();
        let begin = visitors.iter().enumerate().map(|(n, visitor)| async move {
            let shot = self.at(Door::Old).visit(visitor, 0).await;
            self.record.note(|run| run.reconnects[n].first = shot);
            self.at(Door::Old).open(visitor, n).await
        });
        let held: Vec<Option<Open>> = stream::iter(begin).buffered(AT_ONCE).collect().await;
        join_all(held.into_iter().flatten().map(Open::close)).await;
        // In the same order, a proxy that takes turns would choose the same pods again.
        let mut order: Vec<usize> = (0..visitors.len()).collect();
        Rng::with_seed(self.seed).shuffle(&mut order);
        let visitors = &visitors;
        let again = order.into_iter().map(|n| async move {
            let held = self.at(Door::New).open(&visitors[n], n).await;
            let shot = self.at(Door::New).visit(&visitors[n], 1).await;
            self.record.note(|run| run.reconnects[n].after = shot);
            held
        });
        let held: Vec<Option<Open>> = stream::iter(again).buffer_unordered(AT_ONCE).collect().await;
        join_all(held.into_iter().flatten().map(Open::close)).await;
    }
}

/// The requests of each round: one of each session, and the controls of both doors spread over all rounds. The same seed gives the same
/// order.
fn rounds(schedules: &[Vec<Door>], controls: u32, seed: u64) -> Vec<Vec<Probe>> {
    let (mut rng, count) = (Rng::with_seed(seed), schedules.iter().map(Vec::len).max().unwrap_or_default());
    (0..count)
        .map(|round| {
            let due = |round: usize| (u64::from(controls) * round as u64 / count as u64) as u32;
            let sessions = schedules.iter().enumerate().filter_map(|(n, doors)| Some(Probe::Session(n, *doors.get(round)?)));
            let controls = (due(round)..due(round + 1)).flat_map(|n| Door::ALL.map(|door| Probe::Control(n, door)));
            let mut all: Vec<Probe> = sessions.chain(controls).collect();
            rng.shuffle(&mut all);
            all
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use sticky_affinity::plan::Sample;

    #[test]
    fn all_of_it_once_and_in_order() {
        let amount = Amount::new(Sample::default(), false, 100.0);
        let schedules = amount.schedules();
        let rounds = rounds(&schedules, amount.controls, 7);
        for (n, doors) in schedules.iter().enumerate() {
            let met: Vec<Door> = rounds
                .iter()
                .flatten()
                .filter_map(|probe| if let Probe::Session(of, door) = probe { (*of == n).then_some(*door) } else { None })
                .collect();
            assert_eq!(&met, doors);
        }
        let controls = rounds.iter().map(|round| round.iter().filter(|probe| matches!(probe, Probe::Control(..))).count());
        let controls: Vec<usize> = controls.collect();
        assert!(controls.iter().sum::<usize>() == 120 && controls.iter().all(|count| (7..=9).contains(count)), "{controls:?}");
    }
}
