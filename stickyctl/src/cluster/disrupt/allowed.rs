//! Whether the user may do all that a disruption takes, asked before anything is done.

use super::error::Error;
use super::reference::Kind;
use super::subject::Subject;
use super::which::Which;
use crate::cluster::errors::ask;
use crate::cluster::seen::if_readable;
use k8s_openapi::api::authorization::v1::{ResourceAttributes, SelfSubjectAccessReview, SelfSubjectAccessReviewSpec};
use kube::Api;
use kube::api::PostParams;
use std::collections::BTreeSet;

/// Verb, API group, resource, subresource.
type Right = (&'static str, &'static str, &'static str, &'static str);

/// What some disruptions take.
fn needed(kind: Kind, all: &[Which]) -> BTreeSet<Right> {
    let has = |which| all.contains(&which);
    let mut rights = BTreeSet::from([
        ("get", "apps", kind.plural(), ""),
        ("list", "", "pods", ""),
        ("watch", "", "pods", ""),
        ("list", "autoscaling", "horizontalpodautoscalers", ""),
    ]);
    if has(Which::Scale) || has(Which::Rollout) {
        rights.insert(("patch", "apps", kind.plural(), ""));
    }
    if has(Which::Scale) {
        rights.insert(("patch", "apps", kind.plural(), "scale"));
    }
    if has(Which::Kill) {
        rights.insert(("delete", "", "pods", ""));
    }
    if has(Which::Kill) || has(Which::Evict) {
        rights.insert(("create", "", "pods", "eviction"));
    }
    rights
}

/// Asks the API server, which lets everybody ask. If it doesn't, what is missing shows later.
///
/// # Errors
/// [`Error::Denied`] for the first right that is missing.
pub(crate) async fn check(subject: &Subject, all: &[Which]) -> Result<(), Error> {
    let reviews: Api<SelfSubjectAccessReview> = Api::all(subject.client.clone());
    for (verb, group, resource, subresource) in needed(subject.reference.kind, all) {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let attributes = ResourceAttributes {
            verb: some(verb),
            group: some(group),
            resource: some(resource),
            subresource: some(subresource),
            namespace: Some(subject.namespace.clone()),
            ..ResourceAttributes::default()
        };
        let review = SelfSubjectAccessReview {
            spec: SelfSubjectAccessReviewSpec { resource_attributes: Some(attributes), ..SelfSubjectAccessReviewSpec::default() },
            ..SelfSubjectAccessReview::default()
        };
        let full = if subresource.is_empty() { resource.to_owned() } else { format!("{resource}/{subresource}") };
        let asked = ask(&format!("asking whether you may {verb} {full}"), if_readable(reviews.create(&PostParams::default(), &review))).await?;
        if asked.and_then(|answer| answer.status).is_some_and(|status| !status.allowed) {
            let rule = format!("{{apiGroups: [\"{group}\"], resources: [\"{full}\"], verbs: [\"{verb}\"]}}");
            return Err(Error::Denied { verb, resource: full, namespace: subject.namespace.clone(), rule });
        }
    }
    Ok(())
}
