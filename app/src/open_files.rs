//! The limit of open files, which bounds how many connections a process can have.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Raises the soft limit of open files to the hard one, and returns the limit that holds now.
pub fn raise_limit() -> u64 {
    let limit = getrlimit(Resource::Nofile);
    // Unlimited becomes a number too, so that a limit of sockets can be derived from it.
    let most = limit.maximum.unwrap_or(1_048_576);
    let raised = setrlimit(Resource::Nofile, Rlimit { current: Some(most), maximum: limit.maximum });
    if raised.is_ok() { most } else { limit.current.unwrap_or(most) }
}
