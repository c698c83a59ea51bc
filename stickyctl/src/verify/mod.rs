//! `stickyctl verify`: proves or disproves affinity from outside, for any site.
//!
//! The crate `sticky_affinity` decides. Here is the rest: `request` is the user's request, `probe` sends requests and records what it
//! sees, and [`report`] writes down the verdict for people and for programs.

mod beside;
pub(crate) mod disrupt;
pub(crate) mod in_cluster;
pub(crate) mod logs;
pub(crate) mod metrics;
pub mod migrate;
pub(crate) mod probe;
pub(crate) mod redacted;
pub mod report;
pub(crate) mod request;
mod run;

pub(crate) use run::run;
