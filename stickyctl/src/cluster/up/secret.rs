//! Redis's password: created once, on the cluster, and never read back.

use crate::cluster::errors::{ANSWER, ApiError, ask};
use crate::cluster::release::MANAGER;
use crate::exit::{Exit, Explained};
use crate::generate::meta::{Component, labels, redis_name};
use crate::spec::StickyApp;
use crate::spec::redis::PASSWORD;
use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::api::PostParams;
use kube::{Api, Client};
use sticky_core::ids::ClientId;

/// The result for the password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Password {
    Created,
    /// It existed, or it isn't ours: the spec names another Secret, or Redis runs elsewhere.
    Kept,
}

/// Why the password could not be created.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    #[error("{doing}: the system has no random numbers: {why}")]
    Random { doing: String, why: getrandom::Error },
    #[error(transparent)]
    Api(#[from] ApiError),
}

impl Explained for Error {
    fn exit(&self) -> Exit {
        match self {
            Self::Random { .. } => Exit::Failed,
            Self::Api(error) => error.exit(),
        }
    }

    fn next_steps(&self) -> Vec<String> {
        match self {
            Self::Random { .. } => Vec::new(),
            Self::Api(error) => error.next_steps(),
        }
    }
}

/// Creates the Secret if it is missing: the pods wait for it. An existing Secret is neither read nor written.
///
/// # Errors
/// The API server refused.
pub(super) async fn ensure(client: &Client, spec: &StickyApp) -> Result<Password, Error> {
    if spec.redis.url.is_some() || spec.redis.password.is_some() {
        return Ok(Password::Kept);
    }
    let name = redis_name(spec);
    let secrets: Api<Secret> = Api::namespaced(client.clone(), &spec.namespace);
    let doing = format!("creating secret {name} in namespace {}", spec.namespace);
    if ask(&doing, secrets.get_metadata_opt(&name)).await?.is_some() {
        return Ok(Password::Kept);
    }
    let mut random = [0; 16];
    getrandom::fill(&mut random).map_err(|why| Error::Random { doing: doing.clone(), why })?;
    let secret = Secret {
        metadata: ObjectMeta { name: Some(name), labels: Some(labels(spec, Component::Redis)), ..ObjectMeta::default() },
        // 128 random bits, in letters that never need quoting.
        string_data: Some([(PASSWORD.to_owned(), ClientId::from_random(random).as_str().to_owned())].into()),
        ..Secret::default()
    };
    let params = PostParams { field_manager: Some(MANAGER.to_owned()), ..PostParams::default() };
    match tokio::time::timeout(ANSWER, secrets.create(&params, &secret)).await {
        Ok(Ok(_)) => Ok(Password::Created),
        // Another process created it first.
        Ok(Err(kube::Error::Api(status))) if status.is_already_exists() => Ok(Password::Kept),
        Ok(Err(error)) => Err(ApiError::new(&doing, &error).into()),
        Err(_) => Err(ApiError::late(&doing).into()),
    }
}
