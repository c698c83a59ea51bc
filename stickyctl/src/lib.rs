//! `stickyctl`: brings the demo up, scales it, switches its mode, and ends it.
//!
//! [`cli`] is the command line, [`local`] the demo on this machine. [`spec`] and
//! [`generate`] are the pure half of Kubernetes: from a spec to objects; [`render`] prints them.

pub mod cli;
pub mod cluster;
pub mod exit;
mod files;
pub mod generate;
mod grid;
mod http1;
mod image;
mod input;
pub mod local;
pub mod output;
mod poll;
mod render;
pub mod spec;
pub mod verify;
