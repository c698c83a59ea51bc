//! The bus over Redis pub/sub.
//!
//! A worker has two connections, one to publish on and one that is subscribed. The *keeper* opens both together. It knows what has
//! to be subscribed (the sessions that have a socket here), sees each confirmation, and starts from there after every failure:
//! an I/O error, an error that Redis answers, or silence. It uses plain connections, because the redis crate's connection manager
//! reconnects after I/O errors only, and so never after a refused password.
//!
//! Its heartbeat is a message on a channel of the worker's own, published on one connection and heard on the other. That proves the
//! whole path, which a PING does not (field reports: redis-rs #1059, #404, node-redis #1249).

mod channels;
mod config;
mod keeper;
mod line;
mod link;
mod links;
mod listener;
mod peers;
mod pulse;
mod shared;

pub use config::{BadRedis, RedisConfig, RedisRequest, Unreachable};
pub(crate) use link::RedisBus;
