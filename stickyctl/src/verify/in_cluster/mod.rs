//! `verify --in-cluster`: the same run as a Job in the cluster.
//!
//! | file | what |
//! |---|---|
//! | [`model`] | what is asked |
//! | [`rights`] | what the run may read |
//! | [`secret`], [`manifest`] | the objects, without I/O |
//! | [`image`] | the image, and its way to the nodes |
//! | [`objects`] | creates and deletes the objects |
//! | [`start`], [`follow`] | waits for the pod, and reads its log to the end |
//! | [`run`] | all of it, in order |
//! | [`schedule`] | `--print-cronjob` |
//!
//! The Job is created suspended and owns everything else in its namespace, so that all of it goes with the Job, whose time to live ends
//! even if this process is killed.

#![cfg_attr(not(test), allow(rustdoc::private_intra_doc_links, reason = "the table is for readers of the source"))]

mod error;
mod follow;
mod image;
mod manifest;
mod model;
mod objects;
mod rights;
mod run;
mod schedule;
mod secret;
mod start;
#[cfg(test)]
mod tests;

pub(crate) use model::{Inside, Schedule, Word};
pub(crate) use run::run;
pub(crate) use schedule::manifests;
