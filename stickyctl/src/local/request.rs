//! The request behind `up --local`.

use std::net::SocketAddr;
use sticky_app::bus::redis::RedisRequest;
use sticky_core::choice::Fanout;
use sticky_core::drain::Plan;
use sticky_core::host::Host;
use sticky_core::limits::Limits;
use sticky_core::mode::Mode;
use sticky_core::topology::Door;

/// The demo to run on this machine.
pub(crate) struct UpRequest {
    /// The number of pods and workers to start with.
    pub mode: Mode,
    /// The number of canary pods, besides those of the mode.
    pub canary: u16,
    /// Where the front door listens; port 0 picks a free one.
    pub listen: SocketAddr,
    /// The front door, as the map shows it: whether it keeps sessions together, and who sets the cookie.
    pub door: Door,
    /// Host names to accept in addition to loopback's own.
    pub allowed_hosts: Vec<Host>,
    /// Origins to accept in addition to the page's own, as host names.
    pub allowed_origins: Vec<Host>,
    /// Redis as the bus; `None` uses this process's memory.
    pub redis: Option<RedisRequest>,
    /// Which workers receive a relayed message.
    pub fanout: Fanout,
    /// How surplus pods drain.
    pub drain: Plan,
    /// The limits of each worker.
    pub limits: Limits,
    /// The memory that all workers may use together, in bytes.
    pub memory_limit: u64,
    /// Whether to run in the background.
    pub detach: bool,
    /// Whether to open the page in a browser.
    pub open: bool,
}
