//! What a user adds to a reference.

/// What a user says beside a reference.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Hints {
    /// The only namespace to look for the front door's pods in.
    pub(crate) front_door_namespace: Option<String>,
    /// The path to request, where a rule has a regular expression.
    pub(crate) path: Option<String>,
}
