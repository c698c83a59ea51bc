//! The bus over Redis pub/sub.
//!
//! Two links. The *publisher* is the redis crate's connection manager without retries: while Redis is away a publish fails
//! at once instead of hanging, and the manager heals by itself. The *subscription* is a loop of our own around one RESP3
//! connection: it knows what must be subscribed (the sessions that hold a socket here), sees each confirmation, and starts
//! from that truth after every loss, so there is no state in which it is connected and deaf. Its heartbeat is the
//! worker's own presence, published by the one link and heard on the other: that proves the whole way, which a PING does
//! not (field reports: redis-rs #1059, #404, node-redis #1249).

mod config;
mod link;
mod pulse;
mod shared;
mod subscription;

pub use config::{BadRedis, RedisConfig, RedisRequest, Unreachable};
pub(crate) use link::RedisBus;
