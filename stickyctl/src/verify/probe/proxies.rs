//! The same cookies through every proxy of a site.

use super::asking::Asking;
use super::book::Book;
use super::marking::Marking;
use super::session::state::{State, held};
use super::shoot::{Request, shoot};
use super::way::Way;
use futures_util::{StreamExt, stream};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use sticky_affinity::disrupt::proxies::{Round, Row};
use sticky_affinity::seen::Shot;

/// Cookies that each proxy issues: with three pods, odds of 2 in a million that two proxies' cookies are all for one pod.
const EACH: u32 = 6;
/// The most proxies that are compared.
pub(crate) const MOST: usize = 16;
/// Requests at a time.
const AT_ONCE: usize = 8;
const PAUSE: Duration = Duration::from_millis(250);
/// States of the run's own sessions have lower numbers.
const APART: u64 = 900_000;

/// What was seen of proxies.
#[derive(Debug)]
pub(crate) struct Compared {
    pub(crate) rounds: Vec<Round>,
    /// Cookies with which one proxy alone reached several pods.
    pub(crate) unsteady: usize,
}

/// Sends cookies of each proxy, the addresses of the target, through all of them: until they agree, or until `patience` is over. `name` is called
/// after each round, to identify the answers that don't identify their pod themselves.
pub(crate) async fn compare(asking: &Asking, book: &Arc<Book>, (patience, name): (Duration, impl AsyncFn()), progress: impl Fn(&str)) -> Compared {
    book.note(|run| {
        run.logs = asking.marking.as_ref().map(Marking::logs);
    });
    let proxies = asking.target.addresses.len();
    let began = Instant::now();
    let issuers = (0..proxies).flat_map(|proxy| (0..EACH).map(move |n| (proxy, APART + (proxy as u64) * 100 + u64::from(n))));
    let issued: Vec<(usize, State, bool)> =
        stream::iter(issuers).map(|(proxy, number)| issue(asking, book, proxy, number)).buffered(AT_ONCE).collect().await;
    let unsteady = issued.iter().filter(|(_, _, steady)| !steady).count();
    let mut rounds = Vec::new();
    loop {
        let asks = issued.iter().flat_map(|(_, state, _)| (0..proxies).map(move |proxy| replay(asking, book, proxy, state)));
        let shots: Vec<Shot> = stream::iter(asks).buffered(AT_ONCE).collect().await;
        book.note(|run| run.controls = shots);
        name().await;
        let pods: Vec<Option<String>> = book.look(|run| run.controls.iter().map(|shot| shot.pod().map(str::to_owned)).collect());
        let rows = issued.iter().zip(pods.chunks(proxies.max(1))).map(|((issuer, ..), pods)| Row { issuer: *issuer, pods: pods.to_vec() });
        let round = Round { at: began.elapsed(), rows: rows.collect() };
        let apart = round.rows.iter().filter(|row| !row.agrees()).count();
        progress(&format!("{proxies} proxies disagree about {apart} of {} cookies", round.rows.len()));
        rounds.push(round);
        if apart == 0 || began.elapsed() >= patience {
            // Between two rounds nothing but the last disagreement is of interest.
            return Compared { rounds, unsteady };
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// A session that a proxy issued, and whether its requests through that proxy reach one pod. The first answer doesn't count: the pod that sets a
/// cookie need not be the one that its hash leads to.
async fn issue(asking: &Asking, book: &Arc<Book>, proxy: usize, number: u64) -> (usize, State, bool) {
    let state = asking.state(number);
    let mut pods = BTreeSet::new();
    for round in 0..3 {
        let shot = send(asking, book, proxy, &state, round).await;
        pods.extend(shot.filter(|_| round > 0).as_ref().and_then(Shot::pod).map(str::to_owned));
    }
    (proxy, state, pods.len() < 2)
}

/// The pod that a session's cookies reach through a proxy. A cookie that the answer sets belongs to nobody.
async fn replay(asking: &Asking, book: &Arc<Book>, proxy: usize, state: &State) -> Shot {
    let copy = State { jar: Mutex::new(held(&state.jar).clone()), values: Mutex::new(held(&state.values).clone()) };
    send(asking, book, proxy, &copy, 1).await.unwrap_or(Shot::none())
}

async fn send(asking: &Asking, book: &Arc<Book>, proxy: usize, state: &State, round: u32) -> Option<Shot> {
    let is_first = round == 0;
    let target = &asking.target;
    let shape = if is_first { &target.first } else { &target.later[0] };
    let way = Way { to: proxy, from: asking.way(0, 0).from };
    let request = Request { shape, place: 0, jar: Some(&state.jar), values: &state.values, is_first, way, round, client: None };
    Some(shoot(asking, book, request).await?.0)
}
