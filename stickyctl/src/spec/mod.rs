//! What a release is, in one typed value: read from a file, the environment and flags, and checked as a whole.
//!
//! [`StickyApp`] is the value, [`load`](load::load) reads it, [`check`] says what is wrong with it. Nothing here knows a
//! Kubernetes object; those are [`generate`](crate::generate)'s.

pub mod check;
pub mod environment;
pub mod ingress;
pub mod keys;
pub mod load;
pub mod placement;
pub mod pods;
pub mod quantity;
pub mod redis;
mod schema;
mod text;

pub use schema::schema;

use ingress::Ingress;
use placement::{Metrics, NetworkPolicy, Placement};
use pods::{Autoscaling, Drain, Image, Limits, Relay, Resources};
use redis::Redis;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt;
use sticky_core::choice::Expose;
use sticky_core::mode::Mode;

/// A release: the app, its Redis and its way in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct StickyApp {
    /// Name of the release and of its Deployment and Service; at most 40 characters, for what is appended.
    #[schemars(with = "schema::Release")]
    pub name: String,
    /// Namespace of everything.
    #[schemars(with = "schema::Label")]
    pub namespace: String,
    /// Pods and workers, `PODSxWORKERS`.
    pub mode: Mode,
    /// The app's image.
    pub image: Image,
    /// What a pod of the app asks for, and the most it gets.
    pub resources: Resources,
    /// How messages reach other workers.
    pub relay: Relay,
    /// The app's limits; what is left out keeps the app's default.
    #[serde(skip_serializing_if = "is_default")]
    pub limits: Limits,
    /// How much of the identity strangers see.
    pub expose_identity: Expose,
    /// How a pod leaves.
    pub drain: Drain,
    /// Redis, deployed here or running elsewhere.
    pub redis: Redis,
    /// The way in.
    pub ingress: Ingress,
    /// Pods by load; then the number is the autoscaler's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub autoscaling: Option<Autoscaling>,
    /// Which nodes.
    #[serde(skip_serializing_if = "is_default")]
    pub placement: Placement,
    /// Who may connect.
    pub network_policy: NetworkPolicy,
    /// Who reads metrics.
    #[serde(skip_serializing_if = "is_default")]
    pub metrics: Metrics,
}

impl Default for StickyApp {
    fn default() -> Self {
        Self {
            name: "sticky-sessions".to_owned(),
            namespace: "sticky-sessions".to_owned(),
            mode: Mode { pods: 3, workers: 1 },
            image: Image::default(),
            resources: Resources::app(),
            relay: Relay::default(),
            limits: Limits::default(),
            expose_identity: Expose::default(),
            drain: Drain::default(),
            redis: Redis::default(),
            ingress: Ingress::default(),
            autoscaling: None,
            placement: Placement::default(),
            network_policy: NetworkPolicy::default(),
            metrics: Metrics::default(),
        }
    }
}

impl StickyApp {
    /// The affinity cookie's name: the one that was chosen, or `sticky_` and six hex digits of where this release is.
    ///
    /// Two Services behind one host that share a cookie's name throw each other's sessions about
    /// (traefik/traefik#6023, kubernetes/ingress-nginx#4208), so no two releases get the same by default.
    #[must_use]
    pub fn cookie_name(&self) -> String {
        self.ingress.cookie.name.clone().unwrap_or_else(|| format!("sticky_{}", self.fingerprint()))
    }

    /// Six hex digits of namespace, name and host: the same on every machine and in every version.
    ///
    /// They begin the SHA-256 of `NAMESPACE/NAME/HOST`, because that is what a Helm template can compute too.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let host = self.ingress.host.as_deref().unwrap_or_default();
        let hash = Sha256::digest(format!("{}/{}/{host}", self.namespace, self.name));
        hash.iter().take(3).map(|byte| format!("{byte:02x}")).collect()
    }
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// One thing that is wrong with a spec.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The key, from the root: `ingress.cookie.name`.
    pub path: String,
    /// What is wrong, why, and what to write instead.
    pub what: String,
}

impl Problem {
    /// A problem at a key.
    pub fn new(path: impl Into<String>, what: impl Into<String>) -> Self {
        Self { path: path.into(), what: what.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_empty() { f.write_str(&self.what) } else { write!(f, "{}: {}", self.path, self.what) }
    }
}

/// What a look at a spec found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Findings {
    /// It can't be used while these stand.
    pub problems: Vec<Problem>,
    /// It can be used, and does something else than it says.
    pub warnings: Vec<String>,
}

impl Findings {
    /// Notes a problem.
    pub fn refuse(&mut self, path: &str, what: impl Into<String>) {
        self.problems.push(Problem::new(path, what));
    }

    /// Notes a warning.
    pub fn warn(&mut self, path: &str, what: impl fmt::Display) {
        self.warnings.push(format!("{path}: {what}"));
    }

    /// Adds what another look found.
    pub fn add(&mut self, other: Self) {
        self.problems.extend(other.problems);
        self.warnings.extend(other.warnings);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cookie_belongs_to_one_release() {
        let spec = StickyApp::default();
        let other = StickyApp { namespace: "other".to_owned(), ..spec.clone() };
        let mut hosted = spec.clone();
        hosted.ingress.host = Some("demo.example".to_owned());
        let names = [spec.cookie_name(), other.cookie_name(), hosted.cookie_name()];
        assert_eq!(names[0], "sticky_9ebf82", "it must never change: running releases would get a second cookie");
        assert!(names[0] != names[1] && names[0] != names[2] && names[1] != names[2], "{names:?}");
        hosted.ingress.cookie.name = Some("mine".to_owned());
        assert_eq!(hosted.cookie_name(), "mine");
    }
}
