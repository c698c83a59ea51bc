//! The bus of workers that are threads of one process.
//!
//! No message can get lost and no call waits: publishing calls the inboxes one after the other.

use crate::bus::link::{Bus, BusError, Inbox, Relayed};
use futures_util::future::{BoxFuture, FutureExt, ready};
use std::sync::{Arc, Mutex, PoisonError};
use sticky_core::choice::Fanout;
use sticky_core::ids::ClientId;
use sticky_core::presence::Presence;

/// What the workers of one process share.
#[derive(Default)]
pub struct Hub {
    // A plain mutex: it is held only while a few pointers are cloned, never across an await or a call into an inbox.
    members: Mutex<Vec<Member>>,
}

struct Member {
    pod: String,
    worker: u16,
    inbox: Arc<dyn Inbox>,
    last: Option<Presence>,
}

impl Hub {
    fn with<T>(&self, act: impl FnOnce(&mut Vec<Member>) -> T) -> T {
        act(&mut self.members.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn inboxes(&self) -> Vec<Arc<dyn Inbox>> {
        self.with(|members| members.iter().map(|m| m.inbox.clone()).collect())
    }

    /// Adds a worker; one of the same pod and number is replaced. It learns at once which workers there are.
    pub(crate) fn join(self: &Arc<Self>, pod: &str, worker: u16, inbox: Arc<dyn Inbox>, fanout: Fanout) -> MemoryBus {
        let known = self.with(|members| {
            members.retain(|m| (m.pod.as_str(), m.worker) != (pod, worker));
            let known: Vec<_> = members.iter().filter_map(|m| m.last.clone()).collect();
            members.push(Member { pod: pod.to_owned(), worker, inbox: inbox.clone(), last: None });
            known
        });
        // A worker that joins later learns at once which others there are.
        known.into_iter().for_each(|presence| inbox.hear(presence));
        MemoryBus { hub: self.clone(), inbox, fanout }
    }

    /// Removes a worker that can't say goodbye itself, and tells the others that it is gone.
    pub fn leave(&self, pod: &str, worker: u16) {
        let gone = self.with(|members| {
            let place = members.iter().position(|m| (m.pod.as_str(), m.worker) == (pod, worker))?;
            members.remove(place).last
        });
        if let Some(presence) = gone {
            let gone = Presence { gone: true, ..presence };
            self.inboxes().iter().for_each(|inbox| inbox.hear(gone.clone()));
        }
    }
}

/// One worker's link to the [`Hub`].
pub struct MemoryBus {
    hub: Arc<Hub>,
    inbox: Arc<dyn Inbox>,
    fanout: Fanout,
}

impl Bus for MemoryBus {
    fn kind(&self) -> &'static str {
        "memory"
    }
    fn fanout(&self) -> Fanout {
        self.fanout
    }
    fn is_up(&self) -> bool {
        true
    }
    fn reconcile<'a>(&'a self, _: ClientId) -> BoxFuture<'a, bool> {
        ready(true).boxed()
    }

    fn publish<'a>(&'a self, message: &'a Relayed) -> BoxFuture<'a, Result<u64, BusError>> {
        let heard = ClientId::parse(&message.to).map_or(0, |to| {
            let inboxes = self.hub.inboxes();
            let hears = |inbox: &Arc<dyn Inbox>| match self.fanout {
                Fanout::Directed => inbox.holds(&to) && inbox.deliver(&to, message),
                Fanout::Broadcast => {
                    inbox.deliver(&to, message);
                    true
                }
            };
            inboxes.iter().filter(|inbox| hears(inbox)).count() as u64
        });
        ready(Ok(heard)).boxed()
    }

    fn announce<'a>(&'a self, presence: Presence) -> BoxFuture<'a, ()> {
        let inboxes = self.hub.with(|members| {
            if let Some(own) = members.iter_mut().find(|m| Arc::ptr_eq(&m.inbox, &self.inbox)) {
                own.last = (!presence.gone).then(|| presence.clone());
            }
            members.iter().map(|m| m.inbox.clone()).collect::<Vec<_>>()
        });
        inboxes.iter().for_each(|inbox| inbox.hear(presence.clone()));
        ready(()).boxed()
    }
}
