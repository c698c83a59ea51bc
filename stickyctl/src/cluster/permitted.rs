//! Whether the user may do what a run is about to do: a port-forward that is refused only shows as connections that end.

use super::errors::ask;
use super::permission::Missing;
use crate::generate::rbac::Right;
use futures_util::future::join_all;
use k8s_openapi::api::authorization::v1::{ResourceAttributes, SelfSubjectAccessReview, SelfSubjectAccessReviewSpec};
use kube::api::PostParams;
use kube::{Api, Client};

/// Those of the rights that the user lacks, one for each verb and resource. Where the API server doesn't answer such questions, none.
pub(crate) async fn denied(client: &Client, rights: &[Right]) -> Vec<Missing> {
    let all = rights.iter().flat_map(|right| {
        let rule = &right.rule;
        let group = rule.api_groups.iter().flatten().next().cloned().unwrap_or_default();
        rule.resources.iter().flatten().flat_map(move |resource| {
            let group = group.clone();
            rule.verbs.iter().map(move |verb| Missing {
                verb: verb.clone(),
                resource: resource.clone(),
                group: group.clone(),
                namespace: right.namespace.clone(),
            })
        })
    });
    join_all(all.map(async |one| (!may(client, &one).await).then_some(one))).await.into_iter().flatten().collect()
}

async fn may(client: &Client, one: &Missing) -> bool {
    let (resource, subresource) = one.resource.split_once('/').map_or((one.resource.as_str(), None), |(resource, sub)| (resource, Some(sub)));
    let attributes = ResourceAttributes {
        group: Some(one.group.clone()),
        namespace: one.namespace.clone(),
        resource: Some(resource.to_owned()),
        subresource: subresource.map(str::to_owned),
        verb: Some(one.verb.clone()),
        ..ResourceAttributes::default()
    };
    let spec = SelfSubjectAccessReviewSpec { resource_attributes: Some(attributes), ..SelfSubjectAccessReviewSpec::default() };
    let review = SelfSubjectAccessReview { spec, ..SelfSubjectAccessReview::default() };
    let reviews: Api<SelfSubjectAccessReview> = Api::all(client.clone());
    let answer = ask("asking for permissions", reviews.create(&PostParams::default(), &review)).await;
    answer.ok().and_then(|review| review.status).is_none_or(|status| status.allowed)
}
