//! The whole demo in one process: pods and workers as threads, a front door that keeps sessions together, and a control
//! socket through which the other commands reach it.

pub mod api;
pub mod client;
pub mod cluster;
pub mod commands;
pub mod control;
pub mod door;
pub mod pod;
pub mod route;
pub mod runtime_dir;
pub mod up;
