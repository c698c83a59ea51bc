//! Names, labels and selectors that objects share.

use crate::spec::StickyApp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta};
use std::collections::BTreeMap;

/// The annotation that keeps a release's spec on its Deployment.
pub const SPEC: &str = "stickyctl.dev/spec";

/// What a part of a release is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Component {
    /// The app.
    App,
    /// Redis.
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

/// A map of texts.
pub(super) fn map<const N: usize>(pairs: [(&str, &str); N]) -> BTreeMap<String, String> {
    pairs.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}

/// The labels that select a component's pods; they never change, because selectors can't.
pub(super) fn selector_labels(spec: &StickyApp, component: Component) -> BTreeMap<String, String> {
    map([
        ("app.kubernetes.io/name", "sticky-sessions"),
        ("app.kubernetes.io/instance", &spec.name),
        ("app.kubernetes.io/component", component.word()),
    ])
}

/// All labels of a component's objects.
#[must_use]
pub fn labels(spec: &StickyApp, component: Component) -> BTreeMap<String, String> {
    let mut labels = selector_labels(spec, component);
    labels.insert("app.kubernetes.io/managed-by".to_owned(), "stickyctl".to_owned());
    labels
}

/// The same as a selector's text, as in `a=b,c=d`.
#[must_use]
pub fn selector_text(spec: &StickyApp, component: Component) -> String {
    pairs(&selector_labels(spec, component))
}

/// Labels as a selector's text.
#[must_use]
pub fn pairs(labels: &BTreeMap<String, String>) -> String {
    let pairs: Vec<String> = labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
    pairs.join(",")
}

/// Selects a component's pods.
pub(super) fn selector(spec: &StickyApp, component: Component) -> LabelSelector {
    LabelSelector { match_labels: Some(selector_labels(spec, component)), ..LabelSelector::default() }
}

/// Metadata of an object in the release's namespace.
pub(super) fn meta(spec: &StickyApp, component: Component, name: String) -> ObjectMeta {
    ObjectMeta { name: Some(name), namespace: Some(spec.namespace.clone()), labels: Some(labels(spec, component)), ..ObjectMeta::default() }
}

/// Name of Redis' objects.
#[must_use]
pub fn redis_name(spec: &StickyApp) -> String {
    format!("{}-redis", spec.name)
}
