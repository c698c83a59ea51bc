//! `stickyctl`: brings the demo up, scales it, switches its mode, and ends it.
//!
//! [`cli`] is the command line, [`commands`] what each command does, [`local`] the demo on this machine. [`spec`] and
//! [`generate`] are the pure half of Kubernetes: from a spec to objects; [`render`] prints them.

pub mod cli;
pub mod cluster;
pub mod commands;
pub mod exit;
pub mod generate;
pub(crate) mod grid;
pub(crate) mod http1;
pub mod image;
pub mod input;
pub mod local;
pub mod man;
pub mod mode;
pub mod output;
pub mod poll;
pub mod render;
pub mod spec;
pub mod verify;
