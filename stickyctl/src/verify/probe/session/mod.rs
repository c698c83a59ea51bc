//! What a session carries besides its cookies: values that its first answer handed out, and the parts of requests that they stand in.

pub(crate) mod capture;
pub(crate) mod shape;
pub(super) mod state;
pub(crate) mod template;
pub(super) mod values;
