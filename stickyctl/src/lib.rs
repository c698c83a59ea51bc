//! `stickyctl`: brings the demo up, scales it, switches its mode, and ends it.
//!
//! [`cli`] is the command line, [`local`] the demo on this machine. [`spec`] and
//! [`generate`] are the pure half of Kubernetes: from a spec to objects; [`render`] prints them.

pub mod cli;
pub mod cluster;
pub mod exit;
pub mod generate;
pub mod grid;
pub mod image;
pub mod input;
pub mod local;
pub mod output;
pub mod render;
pub mod spec;
pub mod verify;
