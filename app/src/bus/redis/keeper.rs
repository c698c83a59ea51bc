//! Keeps both connections: opens them, proves them, and opens them anew after every failure.

use super::channels::{BATCH, Channels};
use super::config::{RedisConfig, describe};
use super::line::Line;
use super::links::{Links, Seat, beat, numsub};
use super::listener::Listener;
use super::shared::{Shared, State};
use crate::bus::link::Inbox;
use ::redis::RedisResult;
use futures_util::future::{BoxFuture, FutureExt};
use std::sync::Arc;
use std::time::Duration;
use sticky_core::ids::ClientId;
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::time::Instant;

/// The pause before an attempt to connect is at most this; it doubles from the first value up to the second.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(1));
/// The time between two beats, before the relay is up and after.
const BEATS: (Duration, Duration) = (Duration::from_millis(50), Duration::from_millis(500));
/// After an outage, a worker waits so long for the subscriptions of the others: those that live need less, by [`BACKOFF`].
const GRACE: Duration = Duration::from_millis(1_500);

/// A session whose sockets changed; the answer says whether messages for it will arrive.
pub(super) type Reconcile = (ClientId, oneshot::Sender<bool>);

/// The loop that runs until the worker ends.
pub(super) struct Keeper {
    pub(super) config: RedisConfig,
    pub(super) inbox: Arc<dyn Inbox>,
    pub(super) link: Arc<Shared>,
    /// What Redis calls the connections, without the part.
    pub(super) name: String,
    pub(super) boot: String,
    pub(super) changes: mpsc::UnboundedReceiver<Reconcile>,
    /// Connections that Redis may still hold.
    pub(super) abandoned: Vec<Seat>,
    /// Workers that were there before the relay was lost, and whose subscriptions have not been found again.
    pub(super) missing: Vec<String>,
}

impl Keeper {
    /// Connects, serves, and starts again, for ever.
    pub(super) async fn run(mut self) {
        let (mut wait, mut said) = (BACKOFF.0, String::new());
        loop {
            let ended = self.hold().await;
            let was_up = self.link.set(State::Down(ended.clone()));
            if was_up {
                wait = BACKOFF.0;
                self.missing = self.link.peers().present(std::time::Instant::now());
                self.missing.retain(|boot| *boot != self.boot);
                self.inbox.bus_changed(false);
            }
            // Each new error once, not once for each attempt.
            if said != ended || was_up {
                tracing::warn!(redis = self.config.address(), reason = ended, "the connection to Redis failed; trying again");
                said = ended;
            }
            // Full jitter: the workers of a site must not reconnect all at once.
            let pause = tokio::time::sleep(wait.mul_f64(random_fraction()));
            wait = (wait * 2).min(BACKOFF.1);
            if self.refusing(pause).await.is_none() {
                return;
            }
        }
    }

    /// Awaits `done`. A socket that opens meanwhile learns that the relay is off; it doesn't wait for Redis. `None` if the worker
    /// ended.
    async fn refusing<T>(&mut self, done: impl Future<Output = T>) -> Option<T> {
        tokio::pin!(done);
        loop {
            tokio::select! {
                done = &mut done => return Some(done),
                change = self.changes.recv() => {
                    let (_, reply) = change?;
                    let _ = reply.send(false);
                }
            }
        }
    }

    /// Connects, subscribes to everything that is due, and serves until a connection is lost. Returns why it ended.
    async fn hold(&mut self) -> String {
        let lost = Arc::new(Notify::new());
        let listener = Listener::new(&self.config, &self.boot, self.inbox.clone(), self.link.clone(), lost.clone());
        let (config, name) = (self.config.clone(), self.name.clone());
        let mut links = match self.refusing(Links::open(&config, &name, listener, lost.clone())).await {
            Some(Ok(links)) => links,
            Some(Err(why)) => {
                self.link.pulse.published(0, false);
                return why;
            }
            None => return ENDED.to_owned(),
        };
        let abandoned = std::mem::replace(&mut self.abandoned, links.seats.clone());
        let opened = async {
            links.end(abandoned).await?;
            Channels::subscribe_all(&self.config, &self.boot, &*self.inbox, &mut links.subscriber).await
        };
        match opened.await {
            Ok(channels) => self.serve(links, channels, &lost).await,
            Err(error) => {
                self.link.pulse.published(0, false);
                describe(&error)
            }
        }
    }

    async fn serve(&mut self, mut links: Links, mut channels: Channels, lost: &Notify) -> String {
        self.link.set(State::Opening);
        let mut line = Line::new(&self.link);
        let grace = Instant::now() + GRACE;
        let mut next = Instant::now();
        let mut beating: Option<BoxFuture<'static, RedisResult<u64>>> = None;
        let mut batch = Vec::new();
        loop {
            tokio::select! {
                () = lost.notified() => return "Redis closed the connection".to_owned(),
                () = tokio::time::sleep_until(next) => {
                    let period = if self.link.is_up() { BEATS.1 } else { BEATS.0 };
                    if let Err(why) = line.tick(&self.link, period) {
                        return why;
                    }
                    if self.link.is_up() {
                        self.bury(&mut links, next).await;
                    } else if line.is_proved() && self.all_back(&mut links, grace).await {
                        self.rise(&links);
                    }
                    if beating.is_none() {
                        let beat = beat(links.publisher.clone(), self.config.beat_channel(&self.boot), self.link.pulse.next());
                        beating = Some(beat.boxed());
                    }
                    // From now on, not from when this tick was due: a worker that was starved must not take it for silence.
                    next = Instant::now() + period;
                }
                done = answer(&mut beating) => {
                    beating = None;
                    if let Err(why) = line.answered(&self.link, done) {
                        return why;
                    }
                }
                count = self.changes.recv_many(&mut batch, BATCH) => {
                    if count == 0 {
                        return ENDED.to_owned();
                    }
                    let changed = batch.iter().map(|(id, _)| *id);
                    let done = channels.settle(&self.config, &*self.inbox, &mut links.subscriber, changed).await;
                    for (id, reply) in batch.drain(..) {
                        let _ = reply.send(done.is_ok() && self.link.is_up() && self.inbox.holds(&id));
                    }
                    if let Err(error) = done {
                        return describe(&error);
                    }
                }
            }
        }
    }

    /// Whether every worker that was there before the outage is subscribed again, or has had the time to: a message that is
    /// published before would be lost, and its sender would learn that nobody holds the session.
    async fn all_back(&mut self, links: &mut Links, grace: Instant) -> bool {
        if self.missing.is_empty() || Instant::now() >= grace {
            return true;
        }
        let channels: Vec<_> = self.missing.iter().map(|boot| self.config.beat_channel(boot)).collect();
        // Where Redis refuses to say it, time decides.
        if let Ok(back) = numsub(&mut links.publisher, &channels).await {
            self.missing.retain(|boot| !back.contains(&self.config.beat_channel(boot)));
        }
        self.missing.is_empty()
    }

    /// Ends the subscriptions of workers that no longer announce themselves. `due` is when this should have run: a worker that runs
    /// it late may have been too starved to hear the others.
    async fn bury(&self, links: &mut Links, due: Instant) {
        let (late, now) = (due.elapsed() > BEATS.1, std::time::Instant::now());
        if late {
            self.link.peers().renew(now);
        }
        let silent = self.link.peers().take_silent(now);
        for boot in silent.iter().filter(|boot| **boot != self.boot) {
            if let Err(error) = links.bury(boot, self.config.beat_channel(boot)).await {
                tracing::debug!(boot, error = describe(&error), "could not end the subscription of a worker that fell silent");
            }
        }
    }

    fn rise(&mut self, links: &Links) {
        self.link.peers().renew(std::time::Instant::now());
        if !self.missing.is_empty() {
            tracing::info!(missing = self.missing.len(), "workers that were there before have not subscribed again");
            self.missing.clear();
        }
        self.link.set(State::Up(links.publisher.clone()));
        tracing::info!(redis = self.config.address(), fanout = self.config.fanout().word(), "subscribed to Redis");
        self.inbox.bus_changed(true);
    }
}

const ENDED: &str = "the worker ended";

/// The answer to a beat, if one is on its way.
async fn answer(beating: &mut Option<BoxFuture<'static, RedisResult<u64>>>) -> RedisResult<u64> {
    match beating {
        Some(beat) => beat.await,
        None => std::future::pending().await,
    }
}

fn random_fraction() -> f64 {
    getrandom::u32().map_or(0.5, |n| f64::from(n) / f64::from(u32::MAX))
}
