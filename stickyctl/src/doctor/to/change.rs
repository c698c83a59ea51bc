//! What a move changes, as data.

use super::target::Target;
use crate::doctor::finding::{About, Finding, Severity};
use crate::spec::version::Version;
use schemars::JsonSchema;
use serde::Serialize;

/// What becomes of a setting, or of a default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Becomes {
    /// The same, without a change of any object.
    Same,
    /// Something else.
    Different,
    /// The same, or nearly, with another setting.
    NeedsSetting,
    /// Nothing: the new controller has nothing like it.
    Unsupported,
}

impl Becomes {
    /// The word in tables.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Different => "different",
            Self::NeedsSetting => "needs a setting",
            Self::Unsupported => "unsupported",
        }
    }

    /// The code of the finding that it is.
    const fn code(self) -> Option<&'static str> {
        match self {
            Self::Same => None,
            Self::Different => Some("move-differs"),
            Self::NeedsSetting => Some("move-needs-setting"),
            Self::Unsupported => Some("move-unsupported"),
        }
    }
}

/// A setting to write for the new controller.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Setting {
    /// The object that has it, as in `Service shop/web`.
    pub object: String,
    /// The annotation, or the path of the field, or the argument.
    pub key: String,
    /// The value, as YAML on one line.
    pub value: String,
}

/// What a move changes about one setting of an Ingress, or about one default that it relies on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Change {
    /// The Ingress.
    pub about: About,
    /// The annotation without its prefix; the topic, as in `the value is`, for a default.
    pub what: String,
    /// The field, as in `metadata.annotations[nginx.ingress.kubernetes.io/affinity]`; empty for a default.
    pub field: String,
    /// What the Ingress has with ingress-nginx.
    pub today: String,
    /// What becomes of it.
    pub becomes: Becomes,
    /// `error` if sessions stop sticking, `warning` if they do in some cases or until the setting is written.
    pub severity: Severity,
    /// What the new controller does.
    pub then: String,
    /// What to write for it; more than one if several objects are needed.
    pub settings: Vec<Setting>,
    /// Where that is known from: a test of this project, a file, a page or an issue.
    pub source: String,
}

/// What a move to one controller changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Moves {
    /// The controller.
    pub to: Target,
    /// Its name.
    pub controller: &'static str,
    /// The version of it that was compared.
    pub version: String,
    /// The changes, in the order of the Ingresses.
    pub changes: Vec<Change>,
}

impl Moves {
    pub(super) fn new(to: Target, version: Version, changes: Vec<Change>) -> Self {
        Self { to, controller: to.controller().name(), version: version.to_string(), changes }
    }

    /// Whether sessions stop sticking, whatever is written.
    #[must_use]
    pub fn breaks(&self) -> bool {
        self.changes.iter().any(|change| change.severity == Severity::Error)
    }

    /// Everything but what stays the same, as findings.
    #[must_use]
    pub fn findings(&self) -> Vec<Finding> {
        let name = format!("{} {}", self.controller, self.version);
        let findings = self.changes.iter().filter_map(|change| {
            let settings: Vec<String> = change.settings.iter().map(|one| format!("{}: `{}: {}`", one.object, one.key, one.value)).collect();
            let today = if change.field.is_empty() { change.what.clone() } else { format!("{}: {}", change.what, change.today) };
            Some(Finding {
                code: change.becomes.code()?,
                severity: change.severity,
                about: change.about.clone(),
                field: change.field.clone(),
                consequence: format!("{today}; with {name}: {}", change.then),
                fix: if settings.is_empty() {
                    "nothing carries it over; check that the application can do without".to_owned()
                } else {
                    settings.join("; ")
                },
                link: "docs/moving.md".to_owned(),
            })
        });
        findings.collect()
    }
}
