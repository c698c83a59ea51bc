//! The image as its users get it, and what a release is packed into and pushed as. Everything here runs the image's static
//! program.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, reason = "a test fails by panicking, and prints what it measured")]

mod examples;
mod image;
mod install;
mod pack;
mod registry;
