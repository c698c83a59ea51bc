//! What the API server said, or why it could not be asked, as one error with an exit code and next steps.

use super::permission::Missing;
use crate::exit::{Exit, Explained};
use std::time::Duration;

/// The timeout for one answer of the API server. kube's client has no read timeout of its own.
pub(crate) const ANSWER: Duration = Duration::from_secs(20);

/// The one sentence in an error: the API server's message, or else the cause at the end of the chain. (kube's own text says only
/// that the service failed, and its text of an API error ends in a debug print.)
#[must_use]
pub(crate) fn sentence(error: &kube::Error) -> String {
    match error {
        kube::Error::Api(status) if !status.message.is_empty() => status.message.clone(),
        kube::Error::Api(status) => format!("status {} {}", status.code, status.reason).trim_end().to_owned(),
        other => {
            let mut cause: &dyn std::error::Error = other;
            while let Some(next) = cause.source() {
                cause = next;
            }
            cause.to_string()
        }
    }
}

/// A request to the API server that failed. `doing` is what it was for, as in "reading deployment sticky-sessions in namespace
/// sticky-sessions"; `said` is [`sentence`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApiError {
    /// 401.
    #[error("{doing}: the cluster rejected the credentials ({said})")]
    Unauthorized {
        /// What the request was for.
        doing: String,
        /// The API server's message.
        said: String,
    },
    /// 403. The message names user, verb, resource, group and namespace.
    #[error("{doing}: permission denied: {said}")]
    Forbidden {
        /// What the request was for.
        doing: String,
        /// The API server's message.
        said: String,
    },
    /// Any status but 401 and 403, such as 404 or 409.
    #[error("{doing}: {said}")]
    Refused {
        /// What the request was for.
        doing: String,
        /// The API server's message.
        said: String,
    },
    /// The server's certificate does not fit the kubeconfig.
    #[error("{doing}: the cluster's certificate is not signed by the certificate authority in the kubeconfig ({said})")]
    Untrusted {
        /// What the request was for.
        doing: String,
        /// The TLS library's message.
        said: String,
    },
    /// There is no connection.
    #[error("{doing}: can't reach the cluster: {said}")]
    Unreachable {
        /// What the request was for.
        doing: String,
        /// The last cause in the chain, usually the system's.
        said: String,
    },
    /// No answer within 20 s.
    #[error("{doing}: the API server did not answer within {} s", ANSWER.as_secs())]
    Late {
        /// What the request was for.
        doing: String,
    },
}

impl ApiError {
    /// From an error of kube's client.
    pub(crate) fn new(doing: &str, error: &kube::Error) -> Self {
        let (doing, said) = (doing.to_owned(), sentence(error));
        match error {
            kube::Error::Api(status) if status.code == 401 => Self::Unauthorized { doing, said },
            kube::Error::Api(status) if status.is_forbidden() => Self::Forbidden { doing, said },
            kube::Error::Api(_) => Self::Refused { doing, said },
            _ if said.contains("invalid peer certificate") => Self::Untrusted { doing, said },
            _ => Self::Unreachable { doing, said },
        }
    }

    /// No answer within [`ANSWER`].
    pub(crate) fn late(doing: &str) -> Self {
        Self::Late { doing: doing.to_owned() }
    }
}

impl Explained for ApiError {
    fn exit(&self) -> Exit {
        match self {
            Self::Refused { .. } => Exit::Failed,
            Self::Late { .. } => Exit::TimedOut,
            Self::Unauthorized { .. } | Self::Forbidden { .. } | Self::Untrusted { .. } | Self::Unreachable { .. } => Exit::Prerequisite,
        }
    }

    fn next_steps(&self) -> Vec<String> {
        let steps: &[&str] = match self {
            Self::Unauthorized { .. } => &["kubectl auth whoami    shows who you are to the cluster"],
            Self::Forbidden { .. } => &["kubectl auth can-i --list    shows what you may do; an administrator of the cluster can grant more"],
            Self::Refused { .. } => &[],
            Self::Untrusted { .. } => &[
                "kubectl config view --minify    certificate-authority-data must be this cluster's; it changes when a cluster is recreated",
                "kind export kubeconfig          writes it again for a kind cluster",
            ],
            Self::Unreachable { .. } => &[
                "kubectl cluster-info    shows whether the cluster runs, and where the kubeconfig expects it",
                "kind create cluster     creates one on this machine",
            ],
            Self::Late { .. } => &["kubectl cluster-info"],
        };
        let missing = if let Self::Forbidden { said, .. } = self { Missing::read(said) } else { None };
        missing.map(|missing| missing.remedy()).into_iter().chain(steps.iter().map(|step| (*step).to_owned())).collect()
    }
}

/// Makes one request, with a time limit of [`ANSWER`].
///
/// # Errors
/// [`ApiError`] about `doing`.
pub(crate) async fn ask<T>(doing: &str, call: impl Future<Output = Result<T, kube::Error>>) -> Result<T, ApiError> {
    match tokio::time::timeout(ANSWER, call).await {
        Ok(done) => done.map_err(|error| ApiError::new(doing, &error)),
        Err(_) => Err(ApiError::late(doing)),
    }
}

/// Like [`ask`], but missing permission is not an error: `None` is a 403.
///
/// # Errors
/// As [`ask`].
pub(crate) async fn ask_if_allowed<T>(doing: &str, call: impl Future<Output = Result<T, kube::Error>>) -> Result<Option<T>, ApiError> {
    let tolerant = async {
        match call.await {
            Err(kube::Error::Api(status)) if status.is_forbidden() => Ok(None),
            done => done.map(Some),
        }
    };
    ask(doing, tolerant).await
}
