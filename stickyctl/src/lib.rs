//! `stickyctl`: brings the demo up, scales it, switches its mode, and ends it.
//!
//! [`cli`] is the command line, [`commands`] what each command does, [`local`] the demo on this machine.

pub mod cli;
pub mod commands;
pub mod exit;
pub mod local;
pub mod mode;
pub mod output;
