//! `stickyctl verify` before real proxies: what each of them is told to do, and the verdict that is right.
//!
//! A table ([`cases`]) of what is configured and what must come out, each proxy's cases beside its frame; [`bench`](mod@bench) has what all cases
//! share, [`run`](mod@run) puts one to the test.

pub mod bench;
mod caddy;
pub mod case;
pub mod cases;
mod envoy;
mod haproxy;
mod nginx;
mod nginx_sticky;
pub mod proxy;
pub mod run;
mod strangers;
