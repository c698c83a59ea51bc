//! The three front doors whose behaviour the tests assert.

use anyhow::{Context, Result};

/// The variable that selects the front door for the facts: `nginx`, `traefik` or `gateway`. Without it, the facts are asserted behind the
/// two that run on the test cluster.
pub const DOOR: &str = "STICKY_E2E_FRONT_DOOR";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// ingress-nginx 1.15.1, its last release.
    Nginx,
    /// Traefik 3.6.12 with its provider for ingress-nginx's annotations.
    Traefik,
    /// Envoy Gateway 1.9.1, with the Gateway API's resources and its own policies.
    Gateway,
}

impl Door {
    pub const ALL: [Self; 3] = [Self::Nginx, Self::Traefik, Self::Gateway];

    /// The front door that [`DOOR`] selects, if it is set.
    ///
    /// # Errors
    /// The variable has another value.
    pub fn asked() -> Result<Option<Self>> {
        let Ok(word) = std::env::var(DOOR) else { return Ok(None) };
        let door = Self::ALL.into_iter().find(|door| door.word() == word);
        door.map(Some).with_context(|| format!("{DOOR} is `{word}`: nginx, traefik or gateway"))
    }

    /// Its name in `stickyctl`'s flags.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Nginx => "nginx",
            Self::Traefik => "traefik",
            Self::Gateway => "gateway",
        }
    }

    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Nginx => "ingress-nginx",
            Self::Traefik => "Traefik",
            Self::Gateway => "Envoy Gateway",
        }
    }

    /// The version whose behaviour the facts describe.
    #[must_use]
    pub const fn version(self) -> &'static str {
        match self {
            Self::Nginx => "1.15.1",
            Self::Traefik => "3.6.12",
            Self::Gateway => "1.9.1",
        }
    }
}
