//! The presets: the four that `manifests/` holds.

use crate::spec::ingress::FrontDoor;
use sticky_core::mode::Mode;

/// A front door and a mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Preset {
    /// Three pods behind ingress-nginx
    #[value(name = "nginx-3x1", alias = "3x1")]
    Nginx3x1,
    /// One pod with four workers behind ingress-nginx
    #[value(name = "nginx-1x4", alias = "1x4")]
    Nginx1x4,
    /// Three pods behind Traefik
    #[value(name = "traefik-3x1")]
    Traefik3x1,
    /// One pod with four workers behind Traefik
    #[value(name = "traefik-1x4")]
    Traefik1x4,
}

impl Preset {
    /// Its front door.
    #[must_use]
    pub const fn front_door(self) -> FrontDoor {
        match self {
            Self::Nginx3x1 | Self::Nginx1x4 => FrontDoor::Nginx,
            Self::Traefik3x1 | Self::Traefik1x4 => FrontDoor::Traefik,
        }
    }

    /// Its mode.
    #[must_use]
    pub const fn mode(self) -> Mode {
        match self {
            Self::Nginx3x1 | Self::Traefik3x1 => Mode { pods: 3, workers: 1 },
            Self::Nginx1x4 | Self::Traefik1x4 => Mode { pods: 1, workers: 4 },
        }
    }
}
