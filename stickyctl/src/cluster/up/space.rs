//! The release's namespace: one that exists is never labelled, owned or deleted, unless it was made here.

use crate::cluster::errors::ask;
use crate::cluster::inventory;
use crate::exit::{Exit, Failure};
use crate::spec::StickyApp;
use k8s_openapi::api::core::v1::Namespace;
use kube::{Api, Client};
use std::time::{Duration, Instant};

const LOOK: Duration = Duration::from_millis(300);

/// What there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Space {
    /// Nothing: it is made.
    None,
    /// One of ours.
    Ours,
    /// Somebody's.
    Theirs,
}

impl Space {
    /// Whether the Namespace itself is applied.
    #[must_use]
    pub const fn is_applied(self) -> bool {
        matches!(self, Self::None | Self::Ours)
    }
}

/// Reads it; one that is on its way out is waited for.
///
/// # Errors
/// It does not go, or the API server could not be asked.
pub async fn state(client: &Client, spec: &StickyApp, deadline: Instant) -> Result<Space, Failure> {
    let all: Api<Namespace> = Api::all(client.clone());
    let name = &spec.namespace;
    let doing = format!("reading namespace {name}");
    loop {
        let found = ask(&doing, async {
            match all.get_opt(name).await {
                // Who may not read namespaces can't make one either, and has been given this one.
                Err(kube::Error::Api(status)) if status.is_forbidden() => Ok(None),
                done => done.map(Some),
            }
        });
        let namespace = match found.await? {
            None => return Ok(Space::Theirs),
            Some(None) => return Ok(Space::None),
            Some(Some(namespace)) => namespace,
        };
        if namespace.metadata.deletion_timestamp.is_none() {
            return Ok(if inventory::is_our_namespace(&namespace, &spec.name) { Space::Ours } else { Space::Theirs });
        }
        if Instant::now() > deadline {
            return Err(Failure::new(Exit::TimedOut, format!("namespace {name} is being deleted and does not go"))
                .try_this(format!("kubectl get namespace {name} -o yaml   its conditions say what holds it")));
        }
        tokio::time::sleep(LOOK).await;
    }
}
