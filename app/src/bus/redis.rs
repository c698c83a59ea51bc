//! The bus over Redis pub/sub.
//!
//! Two links. The *publisher* is the redis crate's connection manager without retries: while Redis is away a publish fails
//! at once instead of hanging, and the manager heals by itself. The *subscription* is a loop of our own around one RESP3
//! connection: it knows what must be subscribed (the sessions that hold a socket here), sees each confirmation, and starts
//! from that truth after every loss, so there is no state in which it is connected and deaf. Its heartbeat is the
//! worker's own presence, published by the one link and heard on the other: that proves the whole way, which a PING does
//! not (field reports: redis-rs #1059, #404, node-redis #1249).

use super::{Bus, BusError, Fanout, Inbox, Relayed};
use crate::core::ids::ClientId;
use crate::core::topology::Presence;
use ::redis::aio::{ConnectionManager, ConnectionManagerConfig, MultiplexedConnection};
use ::redis::io::tcp::TcpSettings;
use ::redis::{AsyncConnectionConfig, Client, ConnectionInfo, IntoConnectionInfo, ProtocolVersion, PushInfo, PushKind, RedisError, Value};
use futures_util::future::{BoxFuture, FutureExt, ready};
use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::{Notify, mpsc, oneshot};
use tokio_util::sync::{CancellationToken, DropGuard};

/// A connection attempt or an answer that takes longer than this failed.
const PATIENCE: Duration = Duration::from_secs(2);
/// A publish that takes longer is answered 503: the client is waiting.
const PUBLISH_PATIENCE: Duration = Duration::from_secs(1);
/// Own presence is announced at least every second; three in a row missing means that the subscription is dead.
const SILENCE: Duration = Duration::from_secs(4);
/// Presence is published but not heard for this long, through several new subscriptions: the worker is deaf.
const DEAF_AFTER: Duration = Duration::from_secs(15);
const BACKOFF: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(2));
/// Channels that one SUBSCRIBE names.
const BATCH: usize = 512;

/// Where Redis is and how to enter.
#[derive(Debug, Clone)]
pub struct RedisConfig {
    info: ConnectionInfo,
    prefix: String,
    fanout: Fanout,
}

/// The URL is not one of Redis.
#[derive(Debug, thiserror::Error)]
#[error("--redis-url is not a Redis URL ({why}); write redis://[user[:password]@]host[:port][/db], or rediss:// for TLS")]
pub struct BadRedisUrl {
    why: String,
}

impl RedisConfig {
    /// Reads a URL; `password` (from a file) goes before one in the URL.
    ///
    /// # Errors
    /// [`BadRedisUrl`], which does not repeat the URL: it may hold a password.
    pub fn new(url: &str, password: Option<&str>, prefix: &str, fanout: Fanout) -> Result<Self, BadRedisUrl> {
        let info = url.into_connection_info().map_err(|e| BadRedisUrl { why: e.category().to_owned() })?;
        let mut settings = info.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
        if let Some(password) = password {
            settings = settings.set_password(password);
        }
        let keepalive = socket2::TcpKeepalive::new().with_time(Duration::from_secs(10)).with_interval(Duration::from_secs(3));
        let tcp = TcpSettings::default().set_nodelay(true).set_keepalive(keepalive);
        // Without it a link whose packets vanish stays open for about a quarter of an hour (tcp_retries2).
        #[cfg(target_os = "linux")]
        let tcp = tcp.set_user_timeout(Duration::from_secs(5));
        Ok(Self { info: info.set_redis_settings(settings).set_tcp_settings(tcp), prefix: prefix.to_owned(), fanout })
    }

    /// Host and port, without user and password: fit for a log.
    #[must_use]
    pub fn address(&self) -> String {
        self.info.addr().to_string()
    }

    /// Connects once, to tell a person at once whether this Redis can be reached.
    ///
    /// # Errors
    /// What the connection said, without secrets.
    pub async fn check(&self) -> Result<(), String> {
        let config = AsyncConnectionConfig::new().set_connection_timeout(Some(PATIENCE)).set_response_timeout(Some(PATIENCE));
        let client = Client::open(self.info.clone()).map_err(|e| describe(&e))?;
        client.get_multiplexed_async_connection_with_config(&config).await.map(|_| ()).map_err(|e| describe(&e))
    }

    fn session_channel(&self, id: &ClientId) -> String {
        format!("{}:session:{}", self.prefix, id.as_str())
    }
    fn all_channel(&self) -> String {
        format!("{}:all", self.prefix)
    }
    fn presence_channel(&self) -> String {
        format!("{}:presence", self.prefix)
    }
}

/// An error of the crate in words fit for a log and an answer: kind and detail, never the connection's settings.
fn describe(error: &RedisError) -> String {
    if error.is_timeout() {
        return "Redis did not answer in time".to_owned();
    }
    match error.detail() {
        Some(detail) => format!("{}: {detail}", error.category()),
        None => error.to_string(),
    }
}

#[derive(Default)]
struct Link {
    up: AtomicBool,
    was_up: AtomicBool,
    /// Milliseconds since `RedisBus::born` at which own presence was last heard.
    heard_ms: AtomicU64,
    /// The same clock at the first presence that was published since and not heard; 0 where none is outstanding.
    unheard_since_ms: AtomicU64,
    last_error: Mutex<String>,
}

type Reconcile = (ClientId, oneshot::Sender<bool>);

/// One worker's link to Redis.
pub struct RedisBus {
    config: RedisConfig,
    publisher: ConnectionManager,
    link: Arc<Link>,
    born: Instant,
    wishes: mpsc::UnboundedSender<Reconcile>,
    _subscription: DropGuard,
}

impl RedisBus {
    /// Starts both links on the current runtime. It never waits: where Redis is away, it keeps trying.
    ///
    /// # Errors
    /// The crate refuses the connection's settings.
    pub fn start(config: RedisConfig, inbox: Arc<dyn Inbox>, boot: &str) -> Result<Self, BadRedisUrl> {
        let bad = |e: RedisError| BadRedisUrl { why: describe(&e) };
        let client = Client::open(config.info.clone()).map_err(bad)?;
        let manager = ConnectionManagerConfig::new()
            .set_number_of_retries(0)
            .set_connection_timeout(Some(PUBLISH_PATIENCE))
            .set_response_timeout(Some(PUBLISH_PATIENCE));
        let publisher = ConnectionManager::new_lazy_with_config(client.clone(), manager).map_err(bad)?;
        let (wishes, inbound) = mpsc::unbounded_channel();
        let (link, stop, born) = (Arc::new(Link::default()), CancellationToken::new(), Instant::now());
        let subscription = Subscription {
            config: config.clone(),
            client,
            publisher: publisher.clone(),
            inbox,
            link: link.clone(),
            born,
            boot: boot.to_owned(),
            wishes: inbound,
        };
        let stopped = stop.clone();
        tokio::spawn(async move {
            tokio::select! {
                () = subscription.run() => {}
                () = stopped.cancelled() => {}
            }
        });
        Ok(Self { config, publisher, link, born, wishes, _subscription: stop.drop_guard() })
    }
}

impl Bus for RedisBus {
    fn kind(&self) -> &'static str {
        "redis"
    }
    fn fanout(&self) -> Fanout {
        self.config.fanout
    }
    fn is_up(&self) -> bool {
        self.link.up.load(Ordering::Relaxed)
    }

    fn is_deaf(&self) -> bool {
        let since = self.link.unheard_since_ms.load(Ordering::Relaxed);
        since > 0 && (self.born.elapsed().as_millis() as u64).saturating_sub(since) > DEAF_AFTER.as_millis() as u64
    }

    fn trouble(&self) -> Option<String> {
        let last = self.link.last_error.lock().unwrap_or_else(PoisonError::into_inner);
        (!last.is_empty()).then(|| last.clone())
    }

    fn reconcile<'a>(&'a self, id: ClientId) -> BoxFuture<'a, bool> {
        let (done, confirmed) = oneshot::channel();
        if self.wishes.send((id, done)).is_err() {
            return ready(false).boxed();
        }
        async move { confirmed.await.unwrap_or(false) }.boxed()
    }

    fn publish<'a>(&'a self, message: &'a Relayed) -> BoxFuture<'a, Result<u64, BusError>> {
        async move {
            let channel = match self.config.fanout {
                Fanout::Directed => format!("{}:session:{}", self.config.prefix, message.to),
                Fanout::Broadcast => self.config.all_channel(),
            };
            let payload = crate::core::wire::json(message);
            let mut publisher = self.publisher.clone();
            ::redis::cmd("PUBLISH").arg(channel).arg(payload).query_async(&mut publisher).await.map_err(|e| BusError::Away(describe(&e)))
        }
        .boxed()
    }

    fn announce(&self, presence: Presence) {
        let (mut publisher, link, born) = (self.publisher.clone(), self.link.clone(), self.born);
        let channel = self.config.presence_channel();
        tokio::spawn(async move {
            let payload = crate::core::wire::json(&presence);
            let sent: Result<u64, _> = ::redis::cmd("PUBLISH").arg(channel).arg(payload).query_async(&mut publisher).await;
            let since = match sent {
                // Only the first one that is outstanding counts: later ones must not push the moment on.
                Ok(_) if link.unheard_since_ms.load(Ordering::Relaxed) > 0 => return,
                Ok(_) => (born.elapsed().as_millis() as u64).max(1),
                // While Redis is away nobody hears anything, and that is no deafness.
                Err(_) => 0,
            };
            link.unheard_since_ms.store(since, Ordering::Relaxed);
        });
    }
}

struct Subscription {
    config: RedisConfig,
    client: Client,
    publisher: ConnectionManager,
    inbox: Arc<dyn Inbox>,
    link: Arc<Link>,
    born: Instant,
    boot: String,
    wishes: mpsc::UnboundedReceiver<Reconcile>,
}

impl Subscription {
    async fn run(mut self) {
        let mut wait = BACKOFF.0;
        loop {
            let ended = self.connected(&mut wait).await;
            let was_up = self.link.up.swap(false, Ordering::Relaxed);
            if was_up {
                self.inbox.bus_changed(false);
            }
            self.complain(&ended, was_up);
            // Full jitter: the workers of a site must not come back in one instant.
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

    /// One line for each new trouble, not one for each attempt.
    fn complain(&self, ended: &str, was_up: bool) {
        let mut last = self.link.last_error.lock().unwrap_or_else(PoisonError::into_inner);
        if was_up || *last != ended {
            tracing::warn!(redis = self.config.address(), reason = ended, "the subscription to Redis is away; trying again");
            ended.clone_into(&mut last);
        }
    }

    /// Connects, subscribes to all that is due, and serves until the link is lost. Returns why it ended.
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
                // A socket that opens meanwhile is told that relay is off; it does not wait for Redis.
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
        tracing::info!(redis = self.config.address(), fanout = self.config.fanout.name(), again, "subscribed to Redis");
        self.inbox.bus_changed(true);
        self.serve(&mut connection, &mut subscribed, &lost).await
    }

    /// Waits until the publisher has healed too: it keeps its last error until it is used, and a relay must not be called
    /// on while the next publish would still be refused.
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
        let subscribed_ms = self.now_ms();
        let mut batch = Vec::new();
        loop {
            tokio::select! {
                () = lost.notified() => return "Redis closed the connection".to_owned(),
                _ = pulse.tick() => {
                    let heard = self.link.heard_ms.load(Ordering::Relaxed).max(subscribed_ms);
                    let silent = self.now_ms().saturating_sub(heard);
                    if silent > SILENCE.as_millis() as u64 {
                        return format!("nothing was heard for {silent} ms although presence is announced every second");
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
        if self.config.fanout == Fanout::Broadcast {
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

    /// Brings the subscriptions to what the registry holds now, for the sessions that changed. Reading the registry here,
    /// and not the order of the wishes, makes an unsubscribe that was overtaken by a new socket harmless.
    async fn settle(
        &self,
        connection: &mut MultiplexedConnection,
        subscribed: &mut HashSet<ClientId>,
        wishes: &[Reconcile],
    ) -> Result<(), RedisError> {
        if self.config.fanout == Fanout::Broadcast {
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

    /// What runs in the connection's reader for each push: no second hop, no queue.
    fn listener(&self, lost: Arc<Notify>) -> impl Fn(PushInfo) -> Result<(), std::convert::Infallible> + Send + Sync + 'static {
        let (inbox, link, born, boot) = (self.inbox.clone(), self.link.clone(), self.born, self.boot.clone());
        let (presence, session, all) = (
            self.config.presence_channel().into_bytes(),
            format!("{}:session:", self.config.prefix).into_bytes(),
            self.config.all_channel().into_bytes(),
        );
        move |push| {
            match (push.kind, push.data.as_slice()) {
                (PushKind::Disconnection, _) => lost.notify_one(),
                (PushKind::Message, [Value::BulkString(channel), Value::BulkString(payload)]) => {
                    if *channel == presence {
                        match serde_json::from_slice::<Presence>(payload) {
                            Ok(heard) => {
                                if heard.boot == boot {
                                    link.heard_ms.store(born.elapsed().as_millis() as u64, Ordering::Relaxed);
                                    link.unheard_since_ms.store(0, Ordering::Relaxed);
                                }
                                inbox.hear(heard);
                            }
                            Err(_) => inbox.bad_message("not a presence of this app"),
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

    fn now_ms(&self) -> u64 {
        self.born.elapsed().as_millis() as u64
    }
}

fn random_fraction() -> f64 {
    getrandom::u32().map_or(0.5, |n| f64::from(n) / f64::from(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bad_url_is_refused_without_repeating_it() {
        let error = RedisConfig::new("http://user:hunter2@host", None, "sticky", Fanout::Directed).unwrap_err().to_string();
        assert!(error.contains("rediss://") && !error.contains("hunter2"), "{error}");
    }

    #[test]
    fn an_address_holds_no_secret() {
        let config = RedisConfig::new("redis://user:hunter2@db.example:7000/3", Some("other"), "sticky", Fanout::Directed).unwrap();
        assert_eq!(config.address(), "db.example:7000");
        assert_eq!(config.info.redis_settings().password(), Some("other"));
    }
}
