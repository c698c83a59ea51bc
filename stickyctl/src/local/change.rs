//! Changes of the running demo: the control socket and the page ask for the same ones.

use super::api::{Change, Status};
use super::pods::Pods;
use super::refused::Refused;
use std::sync::Arc;
use sticky_core::mode::{MOST, Mode};

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
