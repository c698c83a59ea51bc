//! Objects that may be missing, of an unknown kind, or forbidden.

use crate::cluster::errors::{ApiError, ask};
use kube::Api;
use serde::de::DeserializeOwned;
use std::fmt::Debug;

/// What a request for one object brought.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Seen<T> {
    /// The cluster doesn't have the kind: its CustomResourceDefinition isn't installed.
    NoKind,
    /// The cluster has the kind, and no object of this name.
    #[default]
    Absent,
    /// No permission to read it.
    Unread,
    /// The object.
    Here(Box<T>),
}

impl<T> Seen<T> {
    /// The object, if it could be read.
    pub fn here(&self) -> Option<&T> {
        if let Self::Here(object) = self { Some(object) } else { None }
    }

    /// The same with what `read` makes of the object.
    pub(crate) fn map<U>(self, read: impl FnOnce(T) -> U) -> Seen<U> {
        match self {
            Self::NoKind => Seen::NoKind,
            Self::Absent => Seen::Absent,
            Self::Unread => Seen::Unread,
            Self::Here(object) => Seen::Here(Box::new(read(*object))),
        }
    }
}

/// Reads one object. An unknown kind, a missing object and missing permission are not errors.
///
/// # Errors
/// The API server did not answer as it should.
pub(crate) async fn see<K>(doing: &str, api: &Api<K>, name: &str) -> Result<Seen<K>, ApiError>
where
    K: Clone + DeserializeOwned + Debug,
{
    ask(doing, async {
        match api.get(name).await {
            Ok(object) => Ok(Seen::Here(Box::new(object))),
            Err(kube::Error::Api(status)) if is_no_kind(&status) => Ok(Seen::NoKind),
            Err(kube::Error::Api(status)) if status.code == 404 => Ok(Seen::Absent),
            Err(kube::Error::Api(status)) if status.is_forbidden() => Ok(Seen::Unread),
            Err(error) => Err(error),
        }
    })
    .await
}

/// What a request brings; `None` if the cluster doesn't have the kind, or the user has no permission.
pub(crate) async fn if_readable<T>(call: impl Future<Output = Result<T, kube::Error>>) -> Result<Option<T>, kube::Error> {
    match call.await {
        Err(kube::Error::Api(status)) if is_no_kind(&status) || status.is_forbidden() => Ok(None),
        done => done.map(Some),
    }
}

/// What a request brings; `None` if the cluster doesn't have the object, or not even the kind.
pub(crate) async fn if_there<T>(call: impl Future<Output = Result<T, kube::Error>>) -> Result<Option<T>, kube::Error> {
    match call.await {
        Err(kube::Error::Api(status)) if status.code == 404 => Ok(None),
        done => done.map(Some),
    }
}

/// Whether an answer says that the cluster doesn't have a kind: the plain text `404 page not found`, without details. By its code: kube
/// gives that text a reason of its own, which `is_not_found` does not know.
pub(crate) fn is_no_kind(status: &kube::core::Status) -> bool {
    status.code == 404 && status.details.is_none()
}
