//! `stickyctl verify`: proves or refutes affinity from outside, for any site.

pub mod ask;
pub mod bounds;
pub mod code;
pub mod cookie;
pub mod identity;
pub mod jar;
pub mod plan;
pub mod probe;
pub mod run;
pub mod target;
pub mod tls;
pub mod verdict;
