//! Changes of the running demo: the control socket and the page ask for the same ones.

use super::api::{Change, Status};
use super::pods::Pods;
use super::size::TooLarge;
use http::StatusCode;
use std::sync::Arc;
use sticky_core::mode::{BadMode, MOST, Mode};

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

/// Begins a change, and returns the status right after.
///
/// # Errors
/// [`Refused`]: nothing has changed.
pub(super) fn change(pods: &Arc<Pods>, change: Change) -> Result<Status, Refused> {
    match change {
        Change::Scale(count) if (1..=MOST).contains(&count) => pods.want(|now| Mode { pods: count, ..now })?,
        Change::Scale(_) => return Err(Refused::Pods),
        Change::Mode(text) => {
            let mode = text.parse()?;
            pods.want(|_| mode)?
        }
        Change::Kill(target) => pods.kill(&target)?,
        Change::Affinity(rule) => pods.keep_together(rule.into()),
    }
    Ok(pods.status())
}
