//! `stickyctl verify` against real proxies, with the correct verdict for each configuration.
//!
//! [`cases`] is the table of configurations and expected results. Each proxy has a file with its base configuration and its cases.
//! [`bench`](mod@bench) has what all cases share, and [`run`](mod@run) runs a case.

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
pub mod traefik;
