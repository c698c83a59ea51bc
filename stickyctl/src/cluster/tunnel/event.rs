//! Events of a tunnel.

/// Something that happened to a tunnel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// New connections go to another pod from now on.
    Moved {
        /// The pod until now.
        from: String,
        /// The pod from now on.
        to: String,
    },
    /// A connection was closed without reaching a pod; why.
    Unreached(String),
}
