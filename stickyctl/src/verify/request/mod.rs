//! What a user asks `verify` to do, and how that becomes a run.

mod at_file;
mod error;
mod model;
mod prepare;
mod site;
mod url;

pub(crate) use at_file::AtFile;
pub(crate) use error::RequestError;
pub(crate) use model::{Amount, Http, Request};
pub(crate) use site::{Pods, Site};
pub(crate) use url::{Host, Path};
