//! The annotations of one controller, and what it makes of one of them.

use crate::comparison::controller::Controller;
use crate::spec::keys::nearest;

/// An object that has annotations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum On {
    /// An Ingress.
    Ingress,
    /// A Service.
    Service,
}

impl On {
    /// Its `kind`.
    #[must_use]
    pub const fn kind(self) -> &'static str {
        match self {
            Self::Ingress => "Ingress",
            Self::Service => "Service",
        }
    }
}

/// Annotations without their prefix, and the objects on which the controller reads them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Keys {
    pub(super) on: &'static [On],
    pub(super) names: &'static [&'static str],
}

/// The annotations of one controller.
#[derive(Debug, Clone, Copy)]
pub struct Dialect {
    /// The controller.
    pub controller: Controller,
    /// What its annotations begin with, each with its slash; the usual one first. An administrator can change ingress-nginx's.
    pub prefixes: &'static [&'static str],
    /// What its annotations for affinity begin with. [`nearest`](Self::nearest) compares other unknown annotations with nothing if
    /// the list is not [`complete`](Self::complete).
    pub affinity: &'static [&'static str],
    /// Whether the list has every annotation of the controller, rather than those around affinity.
    pub complete: bool,
    /// Where the list comes from.
    pub source: &'static str,
    pub(super) keys: &'static [Keys],
}

/// What an annotation on an object means to its controller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// The controller reads it.
    Read,
    /// The controller reads it on these other objects only.
    Elsewhere(&'static [On]),
    /// The controller doesn't know it; with the one that was probably meant.
    Unknown(Option<&'static str>),
    /// The list can't tell.
    Unsure,
}

impl Dialect {
    /// Every name, in no particular order.
    pub fn names(&self) -> impl Iterator<Item = &'static str> + use<> {
        self.keys.iter().flat_map(|keys| keys.names.iter().copied())
    }

    /// What becomes of the annotation `name`, without its prefix, on an object.
    #[must_use]
    pub fn reads(&self, name: &str, on: On) -> Reading {
        let places = self.keys.iter().filter(|keys| keys.names.contains(&name));
        match places.clone().next() {
            Some(_) if places.clone().any(|keys| keys.on.contains(&on)) => Reading::Read,
            Some(keys) => Reading::Elsewhere(keys.on),
            None => match self.nearest(name) {
                None if !self.complete => Reading::Unsure,
                meant => Reading::Unknown(meant),
            },
        }
    }

    /// The annotation that `name` probably stands for.
    #[must_use]
    pub fn nearest(&self, name: &str) -> Option<&'static str> {
        let near = |name: &&'static str| self.complete || self.affinity.iter().any(|start| name.starts_with(start));
        nearest(name, self.names().filter(near))
    }

    /// Whether an annotation is about affinity.
    #[must_use]
    pub fn is_affinity(&self, name: &str) -> bool {
        self.affinity.iter().any(|start| name.starts_with(start))
    }
}
