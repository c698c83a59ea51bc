//! The bus over Redis pub/sub.
//!
//! Two links. The *publisher* is the redis crate's connection manager without retries: while Redis is away a publish fails
//! at once instead of hanging, and the manager heals by itself. The *subscription* is a loop of our own around one RESP3
//! connection: it knows what must be subscribed (the sessions that hold a socket here), sees each confirmation, and starts
//! from that truth after every loss, so there is no state in which it is connected and deaf. Its heartbeat is the
//! worker's own presence, published by the one link and heard on the other: that proves the whole way, which a PING does
//! not (field reports: redis-rs #1059, #404, node-redis #1249).

mod config;
mod pulse;
mod subscription;

pub use config::{Access, BadRedisUrl, RedisConfig};

use super::{Bus, BusError, Inbox, Relayed};
use ::redis::RedisError;
use ::redis::aio::{ConnectionManager, ConnectionManagerConfig};
use config::describe;
use futures_util::future::{BoxFuture, FutureExt, ready};
use pulse::Pulse;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use sticky_core::choice::Fanout;
use sticky_core::ids::ClientId;
use sticky_core::topology::Presence;
use subscription::{Reconcile, Subscription};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::{CancellationToken, DropGuard};

/// A publish that takes longer is answered 503: the client is waiting.
const PUBLISH_PATIENCE: Duration = Duration::from_secs(1);

/// What both links know.
struct Link {
    up: AtomicBool,
    was_up: AtomicBool,
    pulse: Pulse,
    last_error: Mutex<String>,
}

/// One worker's link to Redis.
pub struct RedisBus {
    config: RedisConfig,
    publisher: ConnectionManager,
    link: Arc<Link>,
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
        let client = config.client().map_err(bad)?;
        let manager = ConnectionManagerConfig::new()
            .set_number_of_retries(0)
            .set_connection_timeout(Some(PUBLISH_PATIENCE))
            .set_response_timeout(Some(PUBLISH_PATIENCE));
        let publisher = ConnectionManager::new_lazy_with_config(client.clone(), manager).map_err(bad)?;
        let (wishes, inbound) = mpsc::unbounded_channel();
        let link = Arc::new(Link { up: AtomicBool::new(false), was_up: AtomicBool::new(false), pulse: Pulse::new(), last_error: Mutex::default() });
        let stop = CancellationToken::new();
        let subscription = Subscription {
            config: config.clone(),
            client,
            publisher: publisher.clone(),
            inbox,
            link: link.clone(),
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
        Ok(Self { config, publisher, link, wishes, _subscription: stop.drop_guard() })
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
        self.link.pulse.is_deaf(self.link.pulse.now())
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
                Fanout::Directed => self.config.channel_of(&message.to),
                Fanout::Broadcast => self.config.all_channel(),
            };
            let payload = sticky_core::wire::json(message);
            let mut publisher = self.publisher.clone();
            ::redis::cmd("PUBLISH").arg(channel).arg(payload).query_async(&mut publisher).await.map_err(|e| BusError::Away(describe(&e)))
        }
        .boxed()
    }

    fn announce<'a>(&'a self, presence: Presence) -> BoxFuture<'a, ()> {
        async move {
            let mut publisher = self.publisher.clone();
            let payload = sticky_core::wire::json(&presence);
            let sent: Result<u64, _> = ::redis::cmd("PUBLISH").arg(self.config.presence_channel()).arg(payload).query_async(&mut publisher).await;
            self.link.pulse.published(self.link.pulse.now(), sent.is_ok());
        }
        .boxed()
    }
}
