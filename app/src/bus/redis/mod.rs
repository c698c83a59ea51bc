//! The bus over Redis pub/sub.
//!
//! A worker has two links. The *publisher* is the redis crate's connection manager without retries: while Redis is down, a
//! publish fails at once instead of hanging, and the manager recovers by itself. The *subscription* is a loop of our own around
//! one RESP3 connection. It knows what it must be subscribed to (the sessions that have a socket here), sees each confirmation,
//! and starts from there after every loss, so it can't be connected and deaf. Its heartbeat is the worker's own presence,
//! published on one link and received on the other. That proves the whole path, which a PING does not (field reports: redis-rs
//! #1059, #404, node-redis #1249).

mod config;
mod link;
mod pulse;
mod shared;
mod subscription;

pub use config::{BadRedis, RedisConfig, RedisRequest, Unreachable};
pub(crate) use link::RedisBus;
