//! The bus that connects the workers.

use crate::bus::link::{Bus, Inbox};
use crate::bus::memory::Hub;
use crate::bus::redis::{RedisBus, RedisConfig};
use std::sync::Arc;
use sticky_core::choice::Fanout;
use sticky_core::identity::Identity;

/// The bus of a pod, or of a whole local run; every worker joins the same one.
#[derive(Clone)]
pub enum Relay {
    /// Workers that are threads of this process.
    Memory {
        /// Workers reach each other only through the same hub.
        hub: Arc<Hub>,
        /// Which of them receive a message.
        fanout: Fanout,
    },
    /// Workers of any process on any machine, joined by a Redis server.
    Redis(Box<RedisConfig>),
}

impl Relay {
    /// `memory` or `redis`, as `--bus` and the map write it.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Memory { .. } => "memory",
            Self::Redis(_) => "redis",
        }
    }

    /// Which workers receive a message.
    #[must_use]
    pub const fn fanout(&self) -> Fanout {
        match self {
            Self::Memory { fanout, .. } => *fanout,
            Self::Redis(config) => config.fanout(),
        }
    }

    /// Whether messages arrive from the start; Redis has to be reached first.
    #[must_use]
    pub const fn is_up_at_once(&self) -> bool {
        matches!(self, Self::Memory { .. })
    }

    /// Joins the worker `identity` on the current runtime; the bus delivers to `inbox`. Redis need not be reachable.
    pub(crate) fn join(&self, identity: &Identity, inbox: Arc<dyn Inbox>) -> Arc<dyn Bus> {
        match self {
            Self::Memory { hub, fanout } => Arc::new(hub.join(identity.pod.as_str(), identity.worker, inbox, *fanout)),
            Self::Redis(config) => Arc::new(RedisBus::start((**config).clone(), inbox, identity)),
        }
    }
}
