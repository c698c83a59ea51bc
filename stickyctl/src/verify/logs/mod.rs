//! Which pod answered, read from logs: of the front door, and of the application's own pods.
//!
//! Every request carries a marker ([`Token`](sticky_affinity::marker::Token)). [`Logs`] follows the logs from the start of a run on, and keeps what lines with a marker say.
//!
//! | module | |
//! |---|---|
//! | `look` | lists pods, EndpointSlices and the Service every 2 s, and starts a stream for each container that is new |
//! | `stream` | one container's log: it is opened again after an error, a restart, or silence |
//! | `cutter` | lines from bytes |
//! | `heard` | what the lines about one request say together |
//! | `addresses` | which pod had an address, and since when |
//! | `containers` | which containers of a pod have a log to follow |
//! | `advice` | why a log may say nothing, and what to try |
//!
//! # What is lost
//!
//! - A line is read even if it comes twice or late: a stream is opened again from a second before the last line, and a line that is known is
//!   dropped. Two things lose lines: a kubelet that rotates a file while the stream is being opened again reads only the new file
//!   (`k8s.io/cri-client/pkg/logs`), and of a container that restarts twice within seconds only the last two logs exist.
//! - A log that several pods wrote a marker into is a request that was tried again: the pod with the latest line answered. An application that
//!   calls itself and passes the marker on is misread; the access log is not, and counts first.

mod addresses;
mod advice;
mod containers;
mod cutter;
mod door;
mod follow;
mod heard;
mod look;
mod shared;
mod sources;
mod stream;
#[cfg(test)]
mod tests;

pub(crate) use follow::Logs;
pub(crate) use sources::{Sources, Which};
