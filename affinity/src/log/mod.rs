//! Lines of access logs: which upstream answered a request. No I/O.

/// The upstreams of one request, as a proxy's access log names them: addresses such as `10.0.0.7:8080`, or names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upstreams {
    /// The one that answered.
    pub answered: String,
    /// Those that were tried before it, in order; empty without a retry.
    pub tried: Vec<String>,
}
