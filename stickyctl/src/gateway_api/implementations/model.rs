//! An implementation, what is said of it, and what follows for a version.

use crate::gateway_api::session::Shape;
use crate::spec::version::Version;

/// One statement, and where it comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cell {
    /// The statement, as part of a table: without a capital and a full stop.
    pub text: &'static str,
    /// A file and its version, a page of documentation, or an issue as `owner/repo#number`.
    pub source: &'static str,
    /// Whether this project's tests assert it on a cluster.
    pub run: bool,
}

/// From a source, not run.
pub(super) const fn read(text: &'static str, source: &'static str) -> Cell {
    Cell { text, source, run: false }
}

/// Asserted by this project's tests.
pub(super) const fn run(text: &'static str, source: &'static str) -> Cell {
    Cell { text, source, run: true }
}

/// What becomes of `sessionPersistence` in versions from `since` on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kept {
    Honoured,
    Commercial,
    Ignored,
    Unknown,
}

/// Details of an implementation that honors `sessionPersistence` with a cookie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Details {
    /// The shape that it was built for. Of the other one it sees only `type` and `absoluteTimeout`.
    pub reads: Shape,
    /// What `lifetimeType: Permanent` and `absoluteTimeout` do.
    pub lifetime: Cell,
    /// What `type: Header` does.
    pub header: Cell,
    /// The attributes of its cookie.
    pub attributes: Cell,
}

/// An implementation of the Gateway API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Implementation {
    /// Its name in messages and documents.
    pub name: &'static str,
    /// The domains of its GatewayClasses' `spec.controllerName`, or whole names where one domain has two implementations.
    pub controllers: &'static [&'static str],
    /// Whether it honors `sessionPersistence` with a cookie.
    pub persistence: Cell,
    pub(super) kept: Kept,
    /// The first version that `kept` is true of; earlier ones ignore the field. All versions if there is none.
    pub(super) since: Option<Version>,
    /// The cookie, if it honors the field.
    pub details: Option<Details>,
    /// What else keeps sessions on their pods there.
    pub instead: Cell,
}

/// What an implementation makes of `sessionPersistence` with a cookie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Support {
    /// It sets the cookie and obeys it.
    Honoured,
    /// It keeps sessions, but under a name of its own and until the browser exits: it was built for the other [`Shape`].
    Renamed,
    /// Its commercial edition honors the field, the other one does not.
    Commercial,
    /// It honors the field from this version on, and nobody knows which version runs.
    Since(Version),
    /// It honors the field from this version on, and an older one runs.
    TooOld(Version),
    /// It accepts the route, and sessions do not stick.
    Ignored,
    /// No source says what it does.
    Unknown,
}

impl Support {
    /// Whether sessions stick; none if the table can't tell.
    #[must_use]
    pub const fn sticks(self) -> Option<bool> {
        match self {
            Self::Honoured | Self::Renamed => Some(true),
            Self::TooOld(_) | Self::Ignored => Some(false),
            Self::Commercial | Self::Since(_) | Self::Unknown => None,
        }
    }
}

impl Implementation {
    /// What becomes of `sessionPersistence` with a cookie, for the version that runs, if it is known, and the shape that the cluster's CRDs
    /// have.
    #[must_use]
    pub fn session_persistence(&self, version: Option<Version>, shape: Shape) -> Support {
        match (self.kept, self.since, version) {
            (Kept::Ignored, ..) => Support::Ignored,
            (Kept::Unknown, ..) => Support::Unknown,
            (_, Some(since), Some(version)) if version < since => Support::TooOld(since),
            (Kept::Commercial, ..) => Support::Commercial,
            (Kept::Honoured, Some(since), None) => Support::Since(since),
            (Kept::Honoured, ..) if self.details.is_some_and(|details| details.reads != shape) => Support::Renamed,
            (Kept::Honoured, ..) => Support::Honoured,
        }
    }

    /// `support` as a sentence about this implementation, without a full stop.
    #[must_use]
    pub fn says(&self, support: Support) -> String {
        let name = self.name;
        match support {
            Support::Honoured => format!("{name} honors session persistence"),
            Support::Renamed => format!(
                "{name} keeps sessions on their pods, but does not read the cookie's name and lifetime from these CRDs: \
                 it names the cookie itself, and the cookie lasts until the browser exits"
            ),
            Support::Commercial => format!("{name} honors session persistence in its commercial edition only"),
            Support::Since(version) => format!("{name} honors session persistence from {version} on, and the version that runs is unknown"),
            Support::TooOld(version) => format!("{name} ignores session persistence before {version}, so sessions would not stick"),
            Support::Ignored => format!("{name} ignores session persistence, so sessions would not stick"),
            Support::Unknown => format!("it is unknown whether {name} honors session persistence"),
        }
    }
}
