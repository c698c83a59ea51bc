//! An Ingress that moves, and a verdict on one topic of it.

use crate::comparison::{Cell, Support};
use crate::doctor::to::asked::Asked;
use crate::doctor::to::change::{Becomes, Setting};
use crate::doctor::to::neighbours::Neighbours;
use crate::doctor::to::target::Target;
use crate::gateway_api::Shape;
use crate::spec::version::Version;

/// An Ingress that moves.
pub(crate) struct Move<'a> {
    pub(crate) asked: &'a Asked<'a>,
    pub(crate) neighbours: &'a Neighbours<'a>,
    pub(crate) target: Target,
    pub(crate) version: Version,
    /// How the cluster's CRDs have `sessionPersistence`; `None` if they don't.
    pub(crate) shape: Option<Shape>,
}

/// A verdict on one topic.
pub(super) struct Judged {
    pub(super) becomes: Becomes,
    pub(super) then: String,
    pub(super) settings: Vec<Setting>,
}

impl Judged {
    pub(super) fn of(cell: &Cell) -> Self {
        let becomes = match cell.support {
            Support::Same => Becomes::Same,
            Support::Different | Support::Unknown => Becomes::Different,
            Support::NeedsSetting => Becomes::NeedsSetting,
            Support::Unsupported => Becomes::Unsupported,
        };
        let then = if cell.support == Support::Unknown { "unknown; prove it with stickyctl verify".to_owned() } else { cell.text.replace('`', "") };
        Self { becomes, then, settings: Vec::new() }
    }

    pub(super) fn same(self) -> Self {
        Self { becomes: Becomes::Same, ..self }
    }

    pub(super) fn differs(self, then: impl Into<String>) -> Self {
        Self { becomes: Becomes::Different, then: then.into(), ..self }
    }

    pub(super) fn lacks(self, then: impl Into<String>) -> Self {
        Self { becomes: Becomes::Unsupported, then: then.into(), ..self }
    }

    pub(super) fn needs(self, setting: Setting) -> Self {
        Self { becomes: Becomes::NeedsSetting, ..self }.with(setting)
    }

    /// Adds a setting that helps.
    pub(super) fn with(mut self, setting: Setting) -> Self {
        self.settings.push(setting);
        self
    }
}

/// A setting of the Ingress that moves.
pub(super) fn on_ingress(asked: &Asked<'_>, key: impl Into<String>, value: impl Into<String>) -> Setting {
    Setting { object: asked.about.title(), key: key.into(), value: value.into() }
}

/// The same setting on each of its Services.
pub(super) fn on_services(asked: &Asked<'_>, key: &str, value: &str) -> Vec<Setting> {
    let namespace = &asked.about.namespace;
    let title = |service: &str| if namespace.is_empty() { format!("Service {service}") } else { format!("Service {namespace}/{service}") };
    asked.services().into_iter().map(|service| Setting { object: title(service), key: key.to_owned(), value: value.to_owned() }).collect()
}
