//! The test cluster's programs, images and files.
//!
//! The programs are built from the Go modules in `e2e/cluster`; only their `go.mod` files contain versions.
//! `cargo xtask cluster` starts and stops clusters. This module has what the tests need as well.

pub mod crds;
pub mod images;
pub mod modules;
pub mod place;
pub mod stamp;

pub use images::{REDIS, metrics_server};
pub use modules::{helm, kubectl, tool};
pub use place::Place;
