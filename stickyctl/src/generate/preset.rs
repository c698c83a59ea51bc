//! The presets. Each has a folder in `manifests/`.

use crate::spec::ingress::FrontDoor;
use sticky_core::mode::Mode;

/// A front door and a mode in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Preset {
    /// Three pods behind ingress-nginx
    Nginx3x1,
    /// One pod with four workers behind ingress-nginx
    Nginx1x4,
    /// Three pods behind Traefik
    Traefik3x1,
    /// One pod with four workers behind Traefik
    Traefik1x4,
    /// Three pods behind a Gateway
    Gateway3x1,
    /// One pod with four workers behind a Gateway
    Gateway1x4,
}

impl Preset {
    /// All presets; a test compares each with its folder in `manifests/`.
    pub const ALL: [Self; 6] = [Self::Nginx3x1, Self::Nginx1x4, Self::Traefik3x1, Self::Traefik1x4, Self::Gateway3x1, Self::Gateway1x4];

    /// The name, as in `nginx-3x1`, which is also that of the folder in `manifests/`.
    #[must_use]
    pub fn name(self) -> String {
        format!("{}-{}", self.front_door().word(), self.mode())
    }

    /// The first half of the name.
    #[must_use]
    pub const fn front_door(self) -> FrontDoor {
        match self {
            Self::Nginx3x1 | Self::Nginx1x4 => FrontDoor::Nginx,
            Self::Traefik3x1 | Self::Traefik1x4 => FrontDoor::Traefik,
            Self::Gateway3x1 | Self::Gateway1x4 => FrontDoor::Gateway,
        }
    }

    /// The second half of the name.
    #[must_use]
    pub const fn mode(self) -> Mode {
        match self {
            Self::Nginx3x1 | Self::Traefik3x1 | Self::Gateway3x1 => Mode { pods: 3, workers: 1 },
            Self::Nginx1x4 | Self::Traefik1x4 | Self::Gateway1x4 => Mode { pods: 1, workers: 4 },
        }
    }
}
