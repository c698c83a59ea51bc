//! `stickyctl verify`: proves or refutes affinity from outside, for any site.

pub mod bounds;
pub mod code;
pub mod cookie;
pub mod identity;
pub mod jar;
pub mod plan;
pub mod run;
pub mod verdict;
