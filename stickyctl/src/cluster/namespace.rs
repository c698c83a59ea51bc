//! A release's namespace. One that existed before is never labelled, owned or deleted.

use super::errors::{ApiError, ask, ask_if_allowed};
use super::inventory::is_managed;
use crate::exit::{Exit, Explained};
use crate::poll::{Deadline, until};
use k8s_openapi::api::core::v1::Namespace;
use kube::api::{DeleteParams, Preconditions};
use kube::{Api, Client};
use std::time::Duration;

const PAUSE: Duration = Duration::from_millis(300);

/// The owner of a namespace.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Space {
    /// There is none, so `up` creates it.
    Absent,
    /// `up` created it for this release.
    Ours(Box<Namespace>),
    /// It existed before, or it can't be read. A user who may not read namespaces can't create one either, so it
    /// was created for them.
    Theirs,
}

/// A namespace that does not go away.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// It was still there at the deadline.
    #[error("namespace {0} is being deleted and does not go away")]
    Stuck(String),
    #[error(transparent)]
    Api(#[from] ApiError),
}

impl Explained for Error {
    fn exit(&self) -> Exit {
        match self {
            Self::Stuck(_) => Exit::TimedOut,
            Self::Api(error) => error.exit(),
        }
    }

    fn next_steps(&self) -> Vec<String> {
        match self {
            Self::Stuck(name) => vec![format!("kubectl get namespace {name} -o yaml   its conditions name what blocks it")],
            Self::Api(error) => error.next_steps(),
        }
    }
}

/// The owner of the namespace of `release`, even if it is being deleted.
///
/// # Errors
/// The API server did not answer as it should.
pub(crate) async fn read(client: &Client, release: &str, name: &str) -> Result<Space, ApiError> {
    let all: Api<Namespace> = Api::all(client.clone());
    Ok(match ask_if_allowed(&reading(name), all.get_opt(name)).await? {
        Some(None) => Space::Absent,
        Some(Some(found)) if is_ours(&found, release) => Space::Ours(Box::new(found)),
        Some(Some(_)) | None => Space::Theirs,
    })
}

/// Like [`read`], but first waits for a namespace that is being deleted.
///
/// # Errors
/// It does not go away, or the API server did not answer as it should.
pub(crate) async fn settled(client: &Client, release: &str, name: &str, deadline: Deadline) -> Result<Space, Error> {
    let all: Api<Namespace> = Api::all(client.clone());
    let found = until(deadline, PAUSE, async || {
        let found = ask_if_allowed(&reading(name), all.get_opt(name)).await?;
        let is_going = found.iter().flatten().any(|found| found.metadata.deletion_timestamp.is_some());
        Ok::<_, ApiError>((!is_going).then_some(()))
    });
    found.await?.ok_or_else(|| Error::Stuck(name.to_owned()))?;
    Ok(read(client, release, name).await?)
}

/// Deletes exactly this namespace and waits until it is gone.
///
/// # Errors
/// It does not go away, or the API server refused.
pub(crate) async fn delete(client: &Client, space: &Namespace, deadline: Deadline) -> Result<(), Error> {
    let name = space.metadata.name.as_deref().unwrap_or_default();
    let all: Api<Namespace> = Api::all(client.clone());
    let params = DeleteParams::default().preconditions(Preconditions { uid: space.metadata.uid.clone(), ..Preconditions::default() });
    ask(&format!("deleting namespace {name}"), all.delete(name, &params)).await?;
    let gone = until(deadline, PAUSE, async || {
        let found = ask(&reading(name), all.get_metadata_opt(name)).await?;
        Ok::<_, ApiError>(found.is_none().then_some(()))
    });
    gone.await?.ok_or_else(|| Error::Stuck(name.to_owned()))
}

fn reading(name: &str) -> String {
    format!("reading namespace {name}")
}

/// Whether `up` created a namespace for a release: by its labels and by who wrote it.
fn is_ours(namespace: &Namespace, release: &str) -> bool {
    let has = |key: &str, value: &str| namespace.metadata.labels.as_ref().and_then(|labels| labels.get(key)).is_some_and(|is| is == value);
    has("app.kubernetes.io/managed-by", "stickyctl") && has("app.kubernetes.io/instance", release) && is_managed(&namespace.metadata)
}
