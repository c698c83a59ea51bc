//! What a release is: one typed value, read from a file, the environment and flags, and checked as a whole.
//!
//! [`StickyApp`] is the value, [`load`](load::load) reads it, [`check`](check::check) finds what is wrong with it. Nothing here
//! knows Kubernetes objects; [`generate`](crate::generate) makes those.

pub mod canary;
pub mod check;
pub(crate) mod environment;
mod findings;
pub mod gateway;
pub(crate) mod image;
pub mod ingress;
pub mod keys;
pub mod load;
mod names;
pub mod placement;
pub mod pods;
pub mod quantity;
pub mod redis;
mod schema;
mod sticky_app;
pub(crate) mod taken;
mod text;
pub(crate) mod tree;
pub mod version;
pub(crate) mod words;
pub(crate) mod yaml;

pub use findings::{Findings, Problem};
pub use schema::schema;
pub use sticky_app::StickyApp;
