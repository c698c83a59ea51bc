//! The subscription: connected, subscribed to everything that is due, and proved by what arrives; or on its way there.

use super::config::{PATIENCE, RedisConfig, describe};
use super::shared::Shared;
use crate::bus::link::{BadMessage, Inbox, Relayed};
use ::redis::aio::{ConnectionManager, MultiplexedConnection};
use ::redis::{AsyncConnectionConfig, Client, PushInfo, PushKind, RedisError, Value};
use std::collections::HashSet;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::Duration;
use sticky_core::choice::Fanout;
use sticky_core::ids::ClientId;
use sticky_core::topology::Presence;
use tokio::sync::{Notify, mpsc, oneshot};

/// Own presence is announced at least every second. When several in a row don't arrive, the subscription is dead.
const SILENCE: Duration = Duration::from_secs(4);
/// The pause between two attempts to connect; it doubles from the first value up to the second.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(2));
/// The most channels in one SUBSCRIBE.
const BATCH: usize = 512;

/// A session whose sockets changed; the answer says whether messages for it will arrive.
pub(super) type Reconcile = (ClientId, oneshot::Sender<bool>);

/// The loop that runs until the worker ends.
pub(super) struct Subscription {
    pub(super) config: RedisConfig,
    pub(super) client: Client,
    pub(super) publisher: ConnectionManager,
    pub(super) inbox: Arc<dyn Inbox>,
    pub(super) link: Arc<Shared>,
    pub(super) boot: String,
    pub(super) wishes: mpsc::UnboundedReceiver<Reconcile>,
}

impl Subscription {
    /// Connects, serves, and starts again, for ever.
    pub(super) async fn run(mut self) {
        let mut wait = BACKOFF.0;
        loop {
            let ended = self.connected(&mut wait).await;
            let was_up = self.link.up.swap(false, Ordering::Relaxed);
            if was_up {
                self.inbox.bus_changed(false);
            }
            self.complain(&ended, was_up);
            // Jitter: the workers of a site must not reconnect all at once.
            let pause = wait.mul_f64(0.5 + 0.5 * random_fraction());
            wait = (wait * 2).min(BACKOFF.1);
            let resume = tokio::time::sleep(pause);
            tokio::pin!(resume);
            loop {
                tokio::select! {
                    () = &mut resume => break,
                    wish = self.wishes.recv() => match wish {
                        Some((_, done)) => { let _ = done.send(false); }
                        None => return,
                    },
                }
            }
        }
    }

    /// Logs each new error once, not once for each attempt.
    fn complain(&self, ended: &str, was_up: bool) {
        let mut last = self.link.last_error.lock().unwrap_or_else(PoisonError::into_inner);
        if was_up || *last != ended {
            tracing::warn!(redis = self.config.address(), reason = ended, "lost the subscription to Redis; trying again");
            ended.clone_into(&mut last);
        }
    }

    /// Connects, subscribes to everything that is due, and serves until the link is lost. Returns why it ended.
    async fn connected(&mut self, wait: &mut Duration) -> String {
        let lost = Arc::new(Notify::new());
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(PATIENCE))
            .set_response_timeout(Some(PATIENCE))
            .set_push_sender(self.listener(lost.clone()));
        let client = self.client.clone();
        let connecting = client.get_multiplexed_async_connection_with_config(&config);
        tokio::pin!(connecting);
        let mut connection = loop {
            tokio::select! {
                connection = &mut connecting => match connection {
                    Ok(connection) => break connection,
                    Err(error) => return describe(&error),
                },
                // A socket that opens meanwhile learns that the relay is off; it doesn't wait for Redis.
                Some((_, done)) = self.wishes.recv() => { let _ = done.send(false); }
            }
        };
        let mut subscribed = HashSet::new();
        if let Err(error) = self.subscribe_all(&mut connection, &mut subscribed).await {
            return describe(&error);
        }
        if let Err(error) = self.publisher_answers().await {
            return describe(&error);
        }
        self.link.up.store(true, Ordering::Relaxed);
        *wait = BACKOFF.0;
        self.link.last_error.lock().unwrap_or_else(PoisonError::into_inner).clear();
        let again = self.link.was_up.swap(true, Ordering::Relaxed);
        tracing::info!(redis = self.config.address(), fanout = self.config.fanout().word(), again, "subscribed to Redis");
        self.inbox.bus_changed(true);
        self.serve(&mut connection, &mut subscribed, &lost).await
    }

    /// Waits until the publisher has recovered too: it keeps its last error until it is used, and the relay must not be reported
    /// as on while the next publish would still fail.
    async fn publisher_answers(&mut self) -> Result<(), RedisError> {
        let mut ping = ::redis::cmd("PING").query_async::<()>(&mut self.publisher).await;
        for _ in 0..3 {
            if ping.is_ok() {
                break;
            }
            ping = ::redis::cmd("PING").query_async(&mut self.publisher).await;
        }
        ping
    }

    async fn serve(&mut self, connection: &mut MultiplexedConnection, subscribed: &mut HashSet<ClientId>, lost: &Notify) -> String {
        let mut pulse = tokio::time::interval(Duration::from_millis(500));
        let since = self.link.pulse.now();
        let mut batch = Vec::new();
        loop {
            tokio::select! {
                () = lost.notified() => return "Redis closed the connection".to_owned(),
                _ = pulse.tick() => {
                    let silent = self.link.pulse.silence(since, self.link.pulse.now());
                    if silent > SILENCE.as_millis() as u64 {
                        return format!("received nothing for {silent} ms although presence is announced every second");
                    }
                }
                count = self.wishes.recv_many(&mut batch, BATCH) => {
                    if count == 0 {
                        return "the worker ended".to_owned();
                    }
                    let done = self.settle(connection, subscribed, &batch).await;
                    for (id, reply) in batch.drain(..) {
                        let _ = reply.send(done.is_ok() && self.inbox.holds(&id));
                    }
                    if let Err(error) = done {
                        return describe(&error);
                    }
                }
            }
        }
    }

    async fn subscribe_all(&self, connection: &mut MultiplexedConnection, subscribed: &mut HashSet<ClientId>) -> Result<(), RedisError> {
        let mut channels = vec![self.config.presence_channel()];
        if self.config.fanout() == Fanout::Broadcast {
            channels.push(self.config.all_channel());
        } else {
            for id in self.inbox.sessions() {
                subscribed.insert(id);
                channels.push(self.config.session_channel(&id));
            }
        }
        for batch in channels.chunks(BATCH) {
            connection.subscribe(batch).await?;
        }
        Ok(())
    }

    /// Brings the subscriptions of the sessions that changed in line with the registry. Reading the registry here, instead of
    /// relying on the order of the wishes, makes an unsubscribe harmless that a new socket has overtaken.
    async fn settle(
        &self,
        connection: &mut MultiplexedConnection,
        subscribed: &mut HashSet<ClientId>,
        wishes: &[Reconcile],
    ) -> Result<(), RedisError> {
        if self.config.fanout() == Fanout::Broadcast {
            return Ok(());
        }
        let (mut join, mut leave) = (Vec::new(), Vec::new());
        for (id, _) in wishes {
            match (self.inbox.holds(id), subscribed.contains(id)) {
                (true, false) => {
                    subscribed.insert(*id);
                    join.push(self.config.session_channel(id));
                }
                (false, true) => {
                    subscribed.remove(id);
                    leave.push(self.config.session_channel(id));
                }
                _ => {}
            }
        }
        if !join.is_empty() {
            connection.subscribe(&join[..]).await?;
        }
        if !leave.is_empty() {
            connection.unsubscribe(&leave[..]).await?;
        }
        Ok(())
    }

    /// The function that the connection's reader calls for each push, without a second hop or a queue.
    fn listener(&self, lost: Arc<Notify>) -> impl Fn(PushInfo) -> Result<(), std::convert::Infallible> + Send + Sync + 'static {
        let (inbox, link, boot) = (self.inbox.clone(), self.link.clone(), self.boot.clone());
        let (presence, session, all) =
            (self.config.presence_channel().into_bytes(), self.config.session_prefix().into_bytes(), self.config.all_channel().into_bytes());
        move |push| {
            match (push.kind, push.data.as_slice()) {
                (PushKind::Disconnection, _) => lost.notify_one(),
                (PushKind::Message, [Value::BulkString(channel), Value::BulkString(payload)]) => {
                    if *channel == presence {
                        match serde_json::from_slice::<Presence>(payload) {
                            Ok(heard) => {
                                if heard.boot == boot {
                                    link.pulse.heard(link.pulse.now());
                                }
                                inbox.hear(heard);
                            }
                            Err(_) => inbox.bad_message(BadMessage::NotAPresence),
                        }
                    } else if channel.starts_with(&session) || *channel == all {
                        match Relayed::parse(payload) {
                            Ok((message, to)) => drop(inbox.deliver(&to, &message)),
                            Err(why) => inbox.bad_message(why),
                        }
                    }
                }
                _ => {}
            }
            Ok(())
        }
    }
}

fn random_fraction() -> f64 {
    getrandom::u32().map_or(0.5, |n| f64::from(n) / f64::from(u32::MAX))
}
