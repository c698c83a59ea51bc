//! Disrupting a workload: what it is and whether that is safe now, making its pods come and go, and putting the replica count back.
//!
//! [`Subject`] is a Deployment or StatefulSet as it was read. [`refuse`](refuse::check) decides whether it may be disrupted; [`act`] makes the
//! change; [`settle`] waits until its pods have come to rest. Before a change of the replica count, [`left`] records the count in an annotation,
//! so that a later run can restore it if this one can't.

pub(crate) mod act;
mod allowed;
mod error;
pub(crate) mod left;
mod owners;
pub(crate) mod reference;
pub(crate) mod refuse;
pub(crate) mod settle;
mod subject;
mod which;

pub(crate) use allowed::check as check_rights;
pub(crate) use error::Error;
pub(crate) use reference::Reference;
pub(crate) use subject::Subject;
pub(crate) use which::Which;
