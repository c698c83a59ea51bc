//! One worker's link to Redis.

use super::config::{BadRedis, RedisConfig, describe};
use super::shared::Shared;
use super::subscription::{Reconcile, Subscription};
use crate::bus::link::{Bus, BusError, Inbox, Relayed};
use ::redis::RedisError;
use ::redis::aio::{ConnectionManager, ConnectionManagerConfig};
use futures_util::future::{BoxFuture, FutureExt, ready};
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::Duration;
use sticky_core::choice::Fanout;
use sticky_core::ids::ClientId;
use sticky_core::topology::Presence;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::{CancellationToken, DropGuard};

/// A publish that takes longer fails, and the client gets a 503.
const PUBLISH_PATIENCE: Duration = Duration::from_secs(1);

/// One worker's link to Redis.
pub(crate) struct RedisBus {
    config: RedisConfig,
    publisher: ConnectionManager,
    link: Arc<Shared>,
    wishes: mpsc::UnboundedSender<Reconcile>,
    _subscription: DropGuard,
}

impl RedisBus {
    /// Starts both links on the current runtime. It doesn't wait for Redis: the subscription keeps trying in the background.
    ///
    /// # Errors
    /// The redis crate refuses the connection's settings.
    pub(crate) fn start(config: RedisConfig, inbox: Arc<dyn Inbox>, boot: &str) -> Result<Self, BadRedis> {
        let bad = |e: RedisError| BadRedis::Settings(describe(&e));
        let client = config.client().map_err(bad)?;
        let manager = ConnectionManagerConfig::new()
            .set_number_of_retries(0)
            .set_connection_timeout(Some(PUBLISH_PATIENCE))
            .set_response_timeout(Some(PUBLISH_PATIENCE));
        let publisher = ConnectionManager::new_lazy_with_config(client.clone(), manager).map_err(bad)?;
        let (wishes, inbound) = mpsc::unbounded_channel();
        let link = Arc::new(Shared::new());
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
        self.config.fanout()
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
            let channel = match self.config.fanout() {
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
