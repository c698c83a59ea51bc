//! `stickyctl`: runs, scales and checks the sticky sessions demo, on this machine or on Kubernetes.
//!
//! [`cli`] is the command line; it calls `render`, `image`, [`cluster`], `local` and [`verify`]. [`spec`] and [`generate`] are the
//! pure half of Kubernetes: from a spec to objects. [`exit`] and `output` are what every command ends with.

mod called;
pub mod cli;
pub mod cluster;
pub mod comparison;
pub mod doctor;
pub mod exit;
mod files;
mod fit;
pub mod gateway_api;
pub mod generate;
mod grid;
mod http1;
pub mod image;
mod input;
pub mod local;
mod natural;
mod output;
mod patience;
pub mod poll;
mod relay;
mod render;
mod report_schema;
pub mod spec;
pub mod verify;
mod yaml;
