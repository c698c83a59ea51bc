//! Disruptions during a run: the workload's pods come and go while sessions keep sending requests.
//!
//! [`prepare`] finds the workload, refuses what is not safe, and asks. [`Prepared::run`] makes one change after the other, each with sessions of
//! its own, and restores the replica count however it ends. `sticky_affinity::disrupt` judges.

mod error;
mod naming;
mod plan;
mod prepare;
mod proxies;
mod result;
mod run;
mod step;
#[cfg(test)]
mod tests;

pub(crate) use error::Error;
pub(crate) use prepare::prepare;
pub(crate) use proxies::{Proxies, compare};
pub(crate) use result::{Disrupted, exit};
