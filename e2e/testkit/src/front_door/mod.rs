//! What each front door does with a session's cookie: one list of facts, asserted by a test and rendered as a page.
//!
//! The facts are data: `e2e/front-doors.yaml`, which [`facts`] reads. `e2e/tests/cluster/front_door.rs` asserts them, against
//! Traefik and Envoy Gateway on the test cluster and against ingress-nginx on kind, and [`markdown`] writes the same texts into
//! `docs/front-doors.md`.

pub mod bench;
pub mod facts;
mod gateway;
mod ingress;
pub mod markdown;
pub mod probes;
pub mod proxies;
pub mod route;
pub mod tls;
