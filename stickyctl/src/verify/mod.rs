//! `stickyctl verify`: proves or refutes affinity from outside, for any site.

pub mod bounds;
pub mod cookie;
pub mod identity;
pub mod jar;
pub mod plan;
