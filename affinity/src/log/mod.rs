//! Lines of access logs: which upstream answered a request. No I/O.

mod pattern;
mod upstream;

pub use pattern::{Pattern, PatternError};
pub use upstream::{Upstream, Upstreams};

/// How a line of an access log is written.
#[derive(Debug, Clone)]
pub enum Format {
    /// As the user's pattern says.
    Pattern(Pattern),
}

impl Format {
    /// The format of a line; `None` if it is no line of an access log that is known here.
    #[must_use]
    pub fn of(_line: &str) -> Option<Self> {
        None
    }

    /// The upstreams that a line names; `None` if it names none, as when the proxy answered by itself.
    #[must_use]
    pub fn read(&self, line: &str) -> Option<Upstreams> {
        match self {
            Self::Pattern(pattern) => pattern.read(line),
        }
    }
}
