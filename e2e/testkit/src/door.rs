//! The two front doors whose behaviour the tests assert.

use anyhow::{Context, Result};

/// The variable that selects the front door for the facts: `traefik` (the default) or `nginx`.
pub const DOOR: &str = "STICKY_E2E_FRONT_DOOR";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// ingress-nginx 1.15.1, its last release.
    Nginx,
    /// Traefik 3.6.12 with its provider for ingress-nginx's annotations.
    Traefik,
}

impl Door {
    /// The front door that [`DOOR`] selects.
    ///
    /// # Errors
    /// The variable has another value.
    pub fn asked() -> Result<Self> {
        let word = std::env::var(DOOR).unwrap_or_else(|_| "traefik".to_owned());
        [Self::Nginx, Self::Traefik].into_iter().find(|door| door.word() == word).with_context(|| format!("{DOOR} is `{word}`: nginx or traefik"))
    }

    /// Its name in `stickyctl`'s flags.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Nginx => "nginx",
            Self::Traefik => "traefik",
        }
    }

    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Nginx => "ingress-nginx",
            Self::Traefik => "Traefik",
        }
    }

    /// The version whose behaviour the facts describe.
    #[must_use]
    pub const fn version(self) -> &'static str {
        match self {
            Self::Nginx => "1.15.1",
            Self::Traefik => "3.6.12",
        }
    }
}
