//! What sessions are for: two services that keep something in their process for each session, and so gain from affinity.
//!
//! `download` keeps a cursor that only this worker has, and `model` something that takes long to load. Both are in the worker's
//! `store`, which bounds them in number, in time and in memory.

pub(super) mod download;
pub(super) mod model;
