//! The order of a run.

use super::asking::Asking;
use super::book::Book;
use super::listening::Listening;
use super::marking::Marking;
use super::pace::Pace;
use super::progress::Progress;
use super::pulse::Pulse;
use super::room::Room;
use super::running::Running;
use crate::verify::logs::Logs;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use sticky_affinity::plan::rounds;

/// Runs all probes, or as many as it takes to see that nobody answers, or that nothing tells who does. `logs` has the lines about marked requests.
pub(crate) async fn run(asking: &Asking, book: &Arc<Book>, logs: Option<&Logs>, progress: impl Fn(Progress)) {
    // Probes that only some sites need are not in the pace: without them the run would end early.
    let (requests, sockets) = asking.always();
    let mut rounds = (0..).zip(rounds(asking.sample, asking.without(), asking.seed)).peekable();
    let run = Running {
        asking,
        book,
        pace: Pace::new(asking.rate, asking.over, requests + sockets),
        states: (0..asking.sample.sessions).map(|n| asking.state(u64::from(n))).collect(),
        fresh: AtomicU64::new(u64::from(asking.sample.sessions)),
        room: Room::new(),
        pulse: Pulse::new(rounds.peek().map_or(0, |(_, probes)| probes.len()), asking.over),
        done: AtomicU64::new(0),
        listening: Listening::new(logs),
        progress: &progress,
    };
    book.note(|run| {
        (run.identity, run.values) = (asking.pod.to_string(), asking.values());
        run.by_symptom = !asking.lost_when.is_empty();
        run.logs = asking.marking.as_ref().map(Marking::logs);
    });
    if let Some((round, probes)) = rounds.next() {
        run.round(round, probes).await;
    }
    if run.stops() || run.is_unlogged().await {
        return;
    }
    let idle = run.silent().await;
    let first = run.socket_first().await;
    let last = run.last_own_round();
    for (round, probes) in rounds {
        if round == last {
            run.replays().await;
        }
        run.round(round, probes).await;
        if run.stops() || run.is_unlogged().await {
            return;
        }
    }
    run.settle().await;
    run.past_caches().await;
    run.rewound().await;
    run.sockets().await;
    // The probes after this show whether pods still answer whose sockets ended or went elsewhere. These come first: parallel requests may be
    // the first to show that pods have several workers, which `at_once` needs to know.
    run.parallel_first().await;
    // No two of these send requests of the same session.
    tokio::join!(run.at_once(), run.dead_cookie(), run.kept());
    run.shared().await;
    run.come_back(first).await;
    run.wait_for_silent(idle).await;
    // Lines about sockets come when they have ended.
    run.settle().await;
}
