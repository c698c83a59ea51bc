//! Names, labels and selectors that objects share.

use crate::spec::StickyApp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta};
use std::collections::BTreeMap;

/// The annotation on a Deployment that holds the spec of the release.
pub(crate) const SPEC: &str = "stickyctl.dev/spec";

/// A part of a release; the value of the label `app.kubernetes.io/component`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Component {
    App,
    Redis,
}

impl Component {
    const fn word(self) -> &'static str {
        match self {
            Self::App => "app",
            Self::Redis => "redis",
        }
    }
}

/// The label that tells the app's two Deployments apart.
pub(crate) const TRACK: &str = "stickyctl.dev/track";

/// One of the app's two Deployments; the value of the label [`TRACK`]. The Service selects the pods of both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Track {
    Stable,
    Canary,
}

impl Track {
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Stable => "stable",
            Self::Canary => "canary",
        }
    }

    /// The name of the Deployment.
    pub(crate) fn deployment(self, spec: &StickyApp) -> String {
        match self {
            Self::Stable => spec.name.clone(),
            Self::Canary => canary_name(&spec.name),
        }
    }
}

/// The name of a release's canary Deployment.
pub(crate) fn canary_name(release: &str) -> String {
    format!("{release}-canary")
}

pub(super) fn map<const N: usize>(pairs: [(&str, &str); N]) -> BTreeMap<String, String> {
    pairs.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}

/// The labels that select a component's pods. They never change, because selectors are immutable.
pub(super) fn selector_labels(spec: &StickyApp, component: Component) -> BTreeMap<String, String> {
    map([
        ("app.kubernetes.io/name", "sticky-sessions"),
        ("app.kubernetes.io/instance", &spec.name),
        ("app.kubernetes.io/component", component.word()),
    ])
}

/// The labels of a component's objects: those that select it, and who manages it.
pub(crate) fn labels(spec: &StickyApp, component: Component) -> BTreeMap<String, String> {
    let mut labels = selector_labels(spec, component);
    labels.insert("app.kubernetes.io/managed-by".to_owned(), "stickyctl".to_owned());
    labels
}

/// The labels that select the pods of one of the app's Deployments. The selectors of the two must not overlap, or each would count the
/// other's pods.
pub(super) fn track_labels(spec: &StickyApp, track: Track) -> BTreeMap<String, String> {
    let mut labels = selector_labels(spec, Component::App);
    labels.insert(TRACK.to_owned(), track.word().to_owned());
    labels
}

/// A selector for the pods of one of the app's Deployments, as in `a=b,c=d`.
pub(crate) fn track_text(spec: &StickyApp, track: Track) -> String {
    pairs(&track_labels(spec, track))
}

/// A selector for a component's pods, as in `a=b,c=d`. Those of the app are the pods of both Deployments.
pub(crate) fn selector_text(spec: &StickyApp, component: Component) -> String {
    pairs(&selector_labels(spec, component))
}

/// A selector for labels, as in `a=b,c=d`.
pub(crate) fn pairs(labels: &BTreeMap<String, String>) -> String {
    let pairs: Vec<String> = labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
    pairs.join(",")
}

pub(super) fn selector(spec: &StickyApp, component: Component) -> LabelSelector {
    LabelSelector { match_labels: Some(selector_labels(spec, component)), ..LabelSelector::default() }
}

pub(super) fn meta(spec: &StickyApp, component: Component, name: String) -> ObjectMeta {
    ObjectMeta { name: Some(name), namespace: Some(spec.namespace.clone()), labels: Some(labels(spec, component)), ..ObjectMeta::default() }
}

/// The name of the Redis objects.
pub(crate) fn redis_name(spec: &StickyApp) -> String {
    format!("{}-redis", spec.name)
}
