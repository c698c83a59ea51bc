//! The programs and images of the test cluster, and where a cluster keeps its files.
//!
//! The programs are built from the Go modules in `e2e/cluster`, whose `go.mod` files are the only place where versions stand.
//! `cargo xtask cluster` starts and stops clusters; the tests only need what is here.

pub mod images;
pub mod modules;
pub mod place;
pub mod stamp;

pub use images::{REDIS, metrics_server};
pub use modules::{helm, kubectl, tool};
pub use place::Place;
