//! Session persistence of a route's rule, in its two shapes.

use crate::spec::version::Version;
use serde::{Deserialize, Serialize};

/// How a version of the Gateway API writes session persistence (GEP-1619). The API server drops fields of the other shape silently.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Shape {
    /// v1.1 to v1.6: `sessionName`, `cookieConfig.lifetimeType`.
    #[default]
    SessionName,
    /// v1.7 and later: `cookie.name`, `cookie.path`, `cookie.lifetimeType`.
    Cookie,
}

impl Shape {
    /// The shape of a version's CRDs in the experimental channel.
    #[must_use]
    pub fn of(version: Version) -> Self {
        if version >= Version(1, 7, 0) { Self::Cookie } else { Self::SessionName }
    }
}

/// Session persistence by a cookie.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionPersistence {
    /// The cookie's name, in [`Shape::SessionName`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_name: Option<String>,
    /// `Cookie` or `Header`.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// How long a session lasts, as in `48h` (GEP-2257).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub absolute_timeout: Option<String>,
    /// The rest of the cookie, in [`Shape::SessionName`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cookie_config: Option<CookieConfig>,
    /// The cookie, in [`Shape::Cookie`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cookie: Option<NamedCookie>,
}

/// How long a browser keeps the cookie.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum CookieLifetime {
    /// Until the browser ends.
    #[default]
    Session,
    /// As long as `absoluteTimeout` says.
    Permanent,
}

/// A cookie in [`Shape::SessionName`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CookieConfig {
    /// How long a browser keeps it.
    #[serde(default)]
    pub lifetime_type: CookieLifetime,
}

/// A cookie in [`Shape::Cookie`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NamedCookie {
    /// Its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its path; `/` by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// How long a browser keeps it.
    #[serde(default)]
    pub lifetime_type: CookieLifetime,
}
