//! Tests that need neither root nor a cluster: the wire, generated files, documents, linters, the module graph.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, reason = "a test fails by panicking, and prints what it measured")]

mod crds;
mod docker;
mod docs;
mod fuzz;
mod generated;
mod licences;
mod lint;
mod modules;
mod version;
mod wire;
