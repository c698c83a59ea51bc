//! What the API server, or the way to it, said, as a failure with an exit code and something to try.

use crate::exit::{Exit, Failure};
use std::time::Duration;

/// The most that one answer of the API server is waited for. kube's client has no limit of its own for reading.
pub const ANSWER: Duration = Duration::from_secs(20);

/// The sentence in an error: the API server's own, or the cause at the end of the chain (kube's own text says only that the
/// service failed; its text of an API error ends in a debug print).
#[must_use]
pub fn sentence(error: &kube::Error) -> String {
    match error {
        kube::Error::Api(status) if !status.message.is_empty() => status.message.clone(),
        kube::Error::Api(status) => format!("status {} {}", status.code, status.reason),
        other => {
            let mut cause: &dyn std::error::Error = other;
            while let Some(next) = cause.source() {
                cause = next;
            }
            cause.to_string()
        }
    }
}

/// A failure of `doing` ("reading deployment sticky-sessions in sticky-sessions").
#[must_use]
pub fn failure(doing: &str, error: &kube::Error) -> Failure {
    let said = sentence(error);
    match error {
        kube::Error::Api(status) if status.code == 401 => {
            Failure::new(Exit::Prerequisite, format!("{doing}: the cluster does not accept these credentials ({said})"))
                .try_this("kubectl auth whoami    who the kubeconfig says you are")
        }
        // The message names user, verb, resource, group and namespace.
        kube::Error::Api(status) if status.is_forbidden() => Failure::new(Exit::Prerequisite, format!("{doing}: no rights: {said}"))
            .try_this("kubectl auth can-i --list    what you may do; a cluster's administrator can give more"),
        kube::Error::Api(_) => Failure::new(Exit::Failed, format!("{doing}: {said}")),
        _ if said.contains("invalid peer certificate") => {
            Failure::new(Exit::Prerequisite, format!("{doing}: the cluster's certificate is not signed by the authority in the kubeconfig ({said})"))
                .try_this("kubectl config view --minify    certificate-authority-data must be this cluster's; it changes when a cluster is made anew")
                .try_this("kind export kubeconfig          writes it again for a kind cluster")
        }
        _ => Failure::new(Exit::Prerequisite, format!("{doing}: the cluster can't be reached: {said}"))
            .try_this("kubectl cluster-info    whether it runs, and where the kubeconfig says it is")
            .try_this("kind create cluster     makes one on this machine"),
    }
}

/// Runs one call with a limit of [`ANSWER`], and turns its error into a failure.
///
/// # Errors
/// [`failure`]; [`Exit::TimedOut`] beyond the limit.
pub async fn ask<T>(doing: &str, call: impl Future<Output = Result<T, kube::Error>>) -> Result<T, Failure> {
    match tokio::time::timeout(ANSWER, call).await {
        Ok(done) => done.map_err(|error| failure(doing, &error)),
        Err(_) => Err(late(doing)),
    }
}

/// No answer within [`ANSWER`].
#[must_use]
pub fn late(doing: &str) -> Failure {
    Failure::new(Exit::TimedOut, format!("{doing}: the API server gave no answer within {} s", ANSWER.as_secs())).try_this("kubectl cluster-info")
}
