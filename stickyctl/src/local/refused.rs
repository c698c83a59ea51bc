//! Why the running demo refuses a change.

use super::size::TooLarge;
use http::StatusCode;
use sticky_core::mode::{BadMode, MOST};

/// Why a change is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refused {
    #[error("invalid number of pods: use 1 to {MOST}")]
    Pods,
    #[error(transparent)]
    Mode(#[from] BadMode),
    /// No such pod or worker.
    #[error("no pod or worker `{0}`; `stickyctl status --local` lists them")]
    Unknown(String),
    /// The run is ending.
    #[error("the demo is shutting down")]
    GoingDown,
    #[error(transparent)]
    TooLarge(#[from] TooLarge),
}

impl Refused {
    /// The code of an error over HTTP.
    pub(super) const fn code(&self) -> &'static str {
        match self {
            Self::Pods => "bad-scale",
            Self::Mode(_) => "bad-mode",
            Self::Unknown(_) => "unknown-pod",
            Self::GoingDown => "going-down",
            Self::TooLarge(_) => "too-many-workers",
        }
    }

    pub(super) const fn status(&self) -> StatusCode {
        match self {
            Self::Pods | Self::Mode(_) | Self::TooLarge(_) => StatusCode::BAD_REQUEST,
            Self::Unknown(_) | Self::GoingDown => StatusCode::CONFLICT,
        }
    }
}
