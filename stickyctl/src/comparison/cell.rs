//! A cell of the comparison: what a controller does, how that compares with ingress-nginx, and where it is known from.

use crate::spec::version::Version;

/// What becomes of something that ingress-nginx does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Support {
    /// The controller does the same, with the same setting.
    Same,
    /// It does something else.
    Different,
    /// It does the same, or nearly, once another setting asks for it.
    NeedsSetting,
    /// It has nothing like it.
    Unsupported,
    /// No source says what it does.
    Unknown,
}

/// Where a statement is known from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// A test of this project asserts the fact of this id in `e2e/front-doors.yaml`.
    Tested(&'static str),
    /// It was measured once by hand, as the fact of this id says.
    Measured(&'static str),
    /// A file in the project's repository, with its version or commit.
    Code(&'static str),
    /// A page of the project's documentation.
    Page(&'static str),
    /// An issue or pull request, as in `owner/repo#number`.
    Issue(&'static str),
}

impl Source {
    /// The place, or the fact's id.
    #[must_use]
    pub const fn place(self) -> &'static str {
        match self {
            Self::Tested(place) | Self::Measured(place) | Self::Code(place) | Self::Page(place) | Self::Issue(place) => place,
        }
    }

    /// The fact that it is, if it is one.
    #[must_use]
    pub const fn fact(self) -> Option<&'static str> {
        match self {
            Self::Tested(fact) | Self::Measured(fact) => Some(fact),
            Self::Code(_) | Self::Page(_) | Self::Issue(_) => None,
        }
    }
}

/// A statement about a controller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cell {
    /// The first version that it is true of; all before the next statement's if there is none.
    pub since: Option<Version>,
    /// The statement, as part of a table: without a capital and a full stop.
    pub text: &'static str,
    /// How that compares with ingress-nginx.
    pub support: Support,
    /// Where it is known from.
    pub source: Source,
}

impl Cell {
    /// The same statement, for versions from `since` on.
    pub(super) const fn since(self, since: Version) -> Self {
        Self { since: Some(since), ..self }
    }
}

/// A statement for all versions.
const fn cell(support: Support, text: &'static str, source: Source) -> Cell {
    Cell { since: None, text, support, source }
}

pub(super) const fn same(text: &'static str, source: Source) -> Cell {
    cell(Support::Same, text, source)
}

pub(super) const fn differs(text: &'static str, source: Source) -> Cell {
    cell(Support::Different, text, source)
}

pub(super) const fn needs(text: &'static str, source: Source) -> Cell {
    cell(Support::NeedsSetting, text, source)
}

pub(super) const fn lacks(text: &'static str, source: Source) -> Cell {
    cell(Support::Unsupported, text, source)
}

/// The source is what was searched.
pub(super) const fn unknown(source: Source) -> Cell {
    cell(Support::Unknown, "unknown", source)
}
