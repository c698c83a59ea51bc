//! The image as users get it, and how a release is packed and pushed. All tests here run the image's static binary.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, reason = "a test fails by panicking, and prints what it measured")]

mod examples;
mod image;
mod install;
mod krew;
mod pack;
mod registry;
