//! Judges a disruption: pods of a workload came or went while sessions kept sending requests.

mod kind;

pub use kind::Kind;
