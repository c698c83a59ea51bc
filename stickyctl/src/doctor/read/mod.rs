//! Reads objects, from a cluster or from files.

pub(super) mod cluster;
mod documents;
pub(super) mod files;
mod sort;
