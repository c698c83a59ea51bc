//! Redis' password: made once, on the cluster, and never seen here again.

use crate::cluster::errors::{ANSWER, ask, failure, late};
use crate::cluster::release::MANAGER;
use crate::exit::{Exit, Failure};
use crate::generate::meta::{Component, labels, redis_name};
use crate::spec::StickyApp;
use crate::spec::redis::PASSWORD;
use k8s_openapi::api::apps::v1::StatefulSet;
use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::api::PostParams;
use kube::{Api, Client};
use sticky_app::core::ids::ClientId;

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Password {
    /// Made now.
    Created,
    /// It was there, or is none of ours: the spec names another, or Redis runs elsewhere.
    Kept,
    /// Redis runs without one, because it was not applied by `up` the first time. A password now would lock out the pods
    /// that know of none as soon as Redis starts anew.
    None,
}

/// Makes the Secret where Redis is about to be made; an existing one is never read or written.
///
/// # Errors
/// The API server refused.
pub async fn ensure(client: &Client, spec: &StickyApp) -> Result<Password, Failure> {
    if spec.redis.url.is_some() || spec.redis.password.is_some() {
        return Ok(Password::Kept);
    }
    let name = redis_name(spec);
    let secrets: Api<Secret> = Api::namespaced(client.clone(), &spec.namespace);
    let sets: Api<StatefulSet> = Api::namespaced(client.clone(), &spec.namespace);
    let doing = format!("making secret {name} in namespace {}", spec.namespace);
    if ask(&doing, secrets.get_metadata_opt(&name)).await?.is_some() {
        return Ok(Password::Kept);
    }
    if ask(&doing, sets.get_metadata_opt(&name)).await?.is_some() {
        return Ok(Password::None);
    }
    let mut random = [0; 16];
    getrandom::fill(&mut random).map_err(|why| Failure::new(Exit::Failed, format!("{doing}: no random numbers: {why}")))?;
    let secret = Secret {
        metadata: ObjectMeta { name: Some(name), labels: Some(labels(spec, Component::Redis)), ..ObjectMeta::default() },
        // 128 random bits, in letters that need quoting nowhere.
        string_data: Some([(PASSWORD.to_owned(), ClientId::from_random(random).as_str().to_owned())].into()),
        ..Secret::default()
    };
    let params = PostParams { field_manager: Some(MANAGER.to_owned()), ..PostParams::default() };
    match tokio::time::timeout(ANSWER, secrets.create(&params, &secret)).await {
        Ok(Ok(_)) => Ok(Password::Created),
        // Somebody else was faster.
        Ok(Err(kube::Error::Api(status))) if status.is_already_exists() => Ok(Password::Kept),
        Ok(Err(error)) => Err(failure(&doing, &error)),
        Err(_) => Err(late(&doing)),
    }
}
