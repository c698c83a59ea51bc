//! The canary: pods of another version behind the same Service.

use super::words::{ImageName, VersionText};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt::Display;
use sticky_core::version::Version;

/// What canary pods report by default: the version of this program, whose image they run, and a mark.
pub(crate) const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), "-canary");

/// Pods of another version behind the same Service. A session stays on the version where it began.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Canary {
    /// The number of canary pods, besides those of `mode`; 0 for none.
    #[schemars(range(max = 64))]
    pub pods: u16,
    /// The version that canary pods report. If left out: what their own `image` reports, or, without one, the version of stickyctl or of the chart with `-canary` appended.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<VersionText>")]
    pub version: Option<Version>,
    /// The image of canary pods, with a tag or a digest; if left out, `image.name`. `image.pullPolicy` and `image.pullSecret` apply to it too.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<ImageName>")]
    pub image: Option<String>,
}

impl Canary {
    /// What canary pods are told to report; `None` if their image knows best.
    #[must_use]
    pub fn reports(&self) -> Option<&str> {
        self.version.as_ref().map(Version::as_str).or_else(|| self.image.is_none().then_some(VERSION))
    }
}

/// A mode with its canary pods, as in `3x1 and 1 canary pod`.
pub(crate) fn beside(mode: impl Display, pods: usize) -> String {
    match pods {
        0 => mode.to_string(),
        1 => format!("{mode} and 1 canary pod"),
        n => format!("{mode} and {n} canary pods"),
    }
}
