//! What `up --local` is asked for.

use std::net::SocketAddr;
use sticky_app::bus::redis::RedisRequest;
use sticky_core::choice::Fanout;
use sticky_core::drain::Plan;
use sticky_core::limits::Limits;
use sticky_core::mode::Mode;
use sticky_core::topology::Door;

/// The demo to run on this machine.
pub(crate) struct UpRequest {
    /// Pods and workers at the start.
    pub mode: Mode,
    /// Where the front door listens; port 0 picks a free one.
    pub listen: SocketAddr,
    /// The front door, as the map shows it: whether it keeps sessions together, and who sets the cookie.
    pub door: Door,
    /// Hosts that are answered to besides loopback's own names.
    pub allowed_hosts: Vec<String>,
    /// Hosts whose Origin is accepted besides the page's own.
    pub allowed_origins: Vec<String>,
    /// Redis as the bus; the memory of this process without.
    pub redis: Option<RedisRequest>,
    /// Which workers receive a relayed message.
    pub fanout: Fanout,
    /// How pods leave when there are too many.
    pub drain: Plan,
    /// The limits of each worker.
    pub limits: Limits,
    /// Whether to run in the background.
    pub detach: bool,
}
