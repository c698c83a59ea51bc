//! The two front doors whose behaviour the tests assert.

use anyhow::{Context, Result};

/// The variable that says which front door the facts are run against: `traefik` (left out, too) or `nginx`.
pub const DOOR: &str = "STICKY_E2E_FRONT_DOOR";

/// A front door.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// ingress-nginx 1.15.1, its last release.
    Nginx,
    /// Traefik 3.6.12 by its provider that reads ingress-nginx' annotations.
    Traefik,
}

impl Door {
    /// The one that was asked for.
    ///
    /// # Errors
    /// The variable names neither.
    pub fn asked() -> Result<Self> {
        let word = std::env::var(DOOR).unwrap_or_else(|_| "traefik".to_owned());
        [Self::Nginx, Self::Traefik].into_iter().find(|door| door.word() == word).with_context(|| format!("{DOOR} is `{word}`: nginx or traefik"))
    }

    /// stickyctl's word for it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Nginx => "nginx",
            Self::Traefik => "traefik",
        }
    }

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Nginx => "ingress-nginx",
            Self::Traefik => "Traefik",
        }
    }

    /// The version whose behaviour is stated.
    #[must_use]
    pub const fn version(self) -> &'static str {
        match self {
            Self::Nginx => "1.15.1",
            Self::Traefik => "3.6.12",
        }
    }
}
