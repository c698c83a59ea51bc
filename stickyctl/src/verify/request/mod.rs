//! The request to `verify`, and how it becomes a run.

mod at_file;
mod beside;
mod cookie_file;
mod disruptions;
mod error;
mod identity;
mod marking;
mod model;
mod prepare;
mod rbac;
mod shapes;
mod site;
mod url;
mod way;
mod workload;

pub(crate) use at_file::AtFile;
pub(crate) use beside::{Beside, BesideError};
pub(crate) use disruptions::Disruptions;
pub(crate) use error::RequestError;
pub(crate) use identity::PodIdentity;
pub(crate) use model::{Amount, Http, LogReading, Request};
pub(crate) use site::{Pods, Site};
pub(crate) use url::{Host, Parts, Path, UrlError};
pub(crate) use way::Way;
pub(crate) use workload::locate;
