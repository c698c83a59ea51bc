//! Creates workers, the same way for the supervisor's processes and the threads of `stickyctl … --local`.

use crate::bus::Relay;
use crate::server::desk::Desk;
use crate::server::memory::Memory;
use crate::server::worker::{Config, Worker};
use std::sync::Arc;
use sticky_core::choice::Expose;
use sticky_core::identity::{Identity, PodName};
use sticky_core::topology::DoorView;
use sticky_core::version::Version;
use tokio::sync::watch;

/// What all workers of a pod, or of a local run, have in common.
#[derive(Clone)]
pub struct Blueprint {
    /// Each worker gets a copy.
    pub config: Config,
    /// The front door, as the map shows it; maps follow its changes.
    pub door: watch::Receiver<DoorView>,
    /// How much of their identity clients see.
    pub expose: Expose,
    /// The version that they report.
    pub version: Version,
    /// The bus that they join.
    pub relay: Relay,
    /// The memory that clients may use, shared by all workers that are made of this.
    pub memory: Arc<Memory>,
}

/// Why a worker can't be made.
#[derive(Debug, thiserror::Error)]
pub enum CannotMake {
    /// There is no randomness for the boot id.
    #[error("the system gave no random numbers: {0}")]
    NoRandomness(getrandom::Error),
}

impl Blueprint {
    /// Makes worker `number` of a pod that has `workers`, on the current runtime, and joins it to the bus.
    ///
    /// # Errors
    /// [`CannotMake`]. An unreachable Redis is not an error: the worker keeps trying to connect.
    pub fn worker(&self, pod: PodName, number: u16, workers: u16) -> Result<Arc<Worker>, CannotMake> {
        let boot = format!("{:08x}", getrandom::u32().map_err(CannotMake::NoRandomness)?);
        let identity = Identity::new(pod, number, workers, boot, self.expose, self.version.clone());
        let desk = Desk::new(identity, self.door.clone(), &self.config.limits, self.relay.is_up_at_once());
        let bus = self.relay.join(&desk.identity, desk.clone());
        Ok(Worker::new(self.config.clone(), desk, bus, self.memory.clone()))
    }
}
