//! Server-side apply of a release's objects, with one field manager.
//!
//! Everything is first tried as a dry run, so that a conflict or a refusal shows before anything is written.

pub(crate) mod conflict;
mod diff;
mod retry;
#[cfg(test)]
mod tests;

use super::errors::{ANSWER, ApiError, ask};
use super::inventory::is_managed;
use super::release::MANAGER;
use super::seen::is_no_kind;
use crate::exit::{Exit, Explained};
use crate::generate::front_door::install::gateway::crds;
use crate::generate::object::Object;
use conflict::{Conflict, Conflicts};
use kube::api::{ApiResource, DynamicObject, Patch, PatchParams};
use kube::core::GroupVersionKind;
use kube::{Api, Client};
use serde_json::Value;

/// An object as it is sent.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    kind: GroupVersionKind,
    name: String,
    namespace: Option<String>,
    pub(crate) body: Value,
}

impl Wanted {
    /// Reads kind and name from an object's JSON; `None` if one is missing.
    pub(crate) fn of(object: &Object) -> Option<Self> {
        let body = serde_json::to_value(object).ok()?;
        let text = |at: &str| body.pointer(at).and_then(Value::as_str).map(str::to_owned);
        let (group_version, kind) = (text("/apiVersion")?, text("/kind")?);
        let (group, version) = group_version.split_once('/').unwrap_or(("", &group_version));
        let kind = GroupVersionKind::gvk(group, version, &kind);
        Some(Self { kind, name: text("/metadata/name")?, namespace: text("/metadata/namespace"), body })
    }

    /// As in `deployment sticky-sessions`.
    pub(crate) fn title(&self) -> String {
        format!("{} {}", self.kind.kind.to_ascii_lowercase(), self.name)
    }

    pub(crate) fn is(&self, kind: &str) -> bool {
        self.kind.kind == kind
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Writes `spec.replicas`.
    pub(crate) fn write_replicas(&mut self, pods: i32) {
        self.body["spec"]["replicas"] = pods.into();
    }

    /// Leaves `spec.replicas` to its owner.
    pub(crate) fn leave_replicas_out(&mut self) {
        if let Some(spec) = self.body.pointer_mut("/spec").and_then(Value::as_object_mut) {
            spec.remove("replicas");
        }
    }

    /// Whether it exists and stickyctl did not apply it.
    ///
    /// # Errors
    /// The API server did not answer as it should.
    pub(crate) async fn is_theirs(&self, client: &Client) -> Result<bool, ApiError> {
        let live = ask(&format!("reading {}", self.title()), self.api(client).get_metadata_opt(&self.name)).await?;
        Ok(live.is_some_and(|live| !is_managed(&live.metadata)))
    }

    fn api(&self, client: &Client) -> Api<DynamicObject> {
        let resource = ApiResource::from_gvk(&self.kind);
        match &self.namespace {
            Some(namespace) => Api::namespaced_with(client.clone(), namespace, &resource),
            None => Api::all_with(client.clone(), &resource),
        }
    }
}

/// What an apply did, or would do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    Created,
    /// The fields that differ, as in `.spec.replicas: 3 to 5`.
    Changed(Vec<String>),
    Unchanged,
}

#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Manner {
    /// Takes the ownership of fields that others manage.
    pub(crate) force: bool,
    /// Lets the API server do everything except storing it.
    pub(crate) dry_run: bool,
}

/// Why one apply did not go through. The caller decides whether to retry.
#[derive(Debug)]
pub(crate) enum Refusal {
    Conflicts(Vec<Conflict>),
    /// The namespace does not exist (yet).
    NoNamespace,
    /// An admission webhook does not answer (yet), or the API server is setting up the kind's storage.
    NotYet(ApiError),
    /// The cluster has no such kind.
    UnknownKind,
    Other(ApiError),
}

/// An apply that failed for good. The titles are as in `deployment sticky-sessions`.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error(transparent)]
    Conflicts(#[from] Conflicts),
    #[error("applying {title}: namespace {namespace} was deleted meanwhile")]
    NoNamespace { title: String, namespace: String },
    #[error("applying {title}: this cluster does not have the kind")]
    UnknownKind { title: String },
    /// It was retried for a minute.
    #[error(transparent)]
    NotYet(ApiError),
    #[error(transparent)]
    Api(#[from] ApiError),
}

impl Explained for Error {
    fn exit(&self) -> Exit {
        match self {
            Self::Conflicts(error) => error.exit(),
            Self::NoNamespace { .. } | Self::UnknownKind { .. } => Exit::Failed,
            Self::NotYet(error) | Self::Api(error) => error.exit(),
        }
    }

    fn next_steps(&self) -> Vec<String> {
        match self {
            Self::Conflicts(error) => error.next_steps(),
            Self::NoNamespace { .. } => vec!["stickyctl up    creates it again".to_owned()],
            Self::UnknownKind { title } => {
                let is_envoys = title.starts_with("backendtrafficpolicy ");
                is_envoys.then(|| crds::ENVOY_GATEWAY.to_owned()).into_iter().collect()
            }
            Self::NotYet(_) => {
                vec!["kubectl get validatingwebhookconfigurations   delete one that belongs to a front door that no longer exists".to_owned()]
            }
            // Without permission to read CRDs, the spec decides the shape.
            Self::Api(ApiError::Refused { said, .. }) if said.contains("sessionPersistence") && said.contains("not declared in schema") => {
                vec!["stickyctl up -f FILE   with the gateway.api of the cluster's CRDs, which must be of the experimental channel".to_owned()]
            }
            Self::Api(error) => error.next_steps(),
        }
    }
}

/// Applies one object, once: the caller retries.
///
/// # Errors
/// [`Refusal`].
pub(crate) async fn apply(client: &Client, wanted: &Wanted, manner: Manner) -> Result<Outcome, Refusal> {
    let api = wanted.api(client);
    let doing = format!("applying {}", wanted.title());
    let live = limited(&doing, api.get_opt(&wanted.name)).await?;
    let mut params = PatchParams::apply(MANAGER);
    params.force = manner.force;
    params.dry_run = manner.dry_run;
    let done = limited(&doing, api.patch(&wanted.name, &params, &Patch::Apply(&wanted.body))).await?;
    let Some(live) = live else { return Ok(Outcome::Created) };
    if !manner.dry_run && live.metadata.resource_version == done.metadata.resource_version {
        return Ok(Outcome::Unchanged);
    }
    let fields = diff::fields(&diff::plain(&live), &diff::plain(&done));
    // A change of ownership alone is not shown as a change.
    Ok(if fields.is_empty() { Outcome::Unchanged } else { Outcome::Changed(fields) })
}

async fn limited<T>(doing: &str, call: impl Future<Output = Result<T, kube::Error>>) -> Result<T, Refusal> {
    match tokio::time::timeout(ANSWER, call).await {
        Ok(done) => done.map_err(|error| refusal(doing, &error)),
        Err(_) => Err(Refusal::Other(ApiError::late(doing))),
    }
}

fn refusal(doing: &str, error: &kube::Error) -> Refusal {
    if let kube::Error::Api(status) = error {
        let conflicts = conflict::read(status);
        if !conflicts.is_empty() {
            return Refusal::Conflicts(conflicts);
        }
        let kind = status.details.as_ref().map(|details| details.kind.as_str());
        if status.is_not_found() && kind == Some("namespaces") {
            return Refusal::NoNamespace;
        }
        if is_no_kind(status) {
            return Refusal::UnknownKind;
        }
        if retry::is_not_yet(&status.message) {
            return Refusal::NotYet(ApiError::new(doing, error));
        }
    }
    Refusal::Other(ApiError::new(doing, error))
}

/// Applies one object, and retries while a webhook starts or a kind's storage is being set up.
///
/// # Errors
/// The first refusal that a retry can't fix.
pub(crate) async fn apply_patiently(client: &Client, wanted: &Wanted, manner: Manner) -> Result<Outcome, Error> {
    let mut tries = retry::Tries::default();
    loop {
        let title = wanted.title();
        match apply(client, wanted, manner).await {
            Ok(outcome) => return Ok(outcome),
            Err(Refusal::NotYet(error)) => tries.wait_or(error).await.map_err(Error::NotYet)?,
            Err(Refusal::Other(error)) => return Err(Error::Api(error)),
            Err(Refusal::UnknownKind) => return Err(Error::UnknownKind { title }),
            Err(Refusal::Conflicts(conflicts)) => return Err(Error::Conflicts(Conflicts(vec![(title, conflicts)]))),
            Err(Refusal::NoNamespace) => {
                return Err(Error::NoNamespace { title, namespace: wanted.namespace.clone().unwrap_or_default() });
            }
        }
    }
}

/// Tries everything as a dry run.
///
/// # Errors
/// All conflicts at once, or the first other refusal. Nothing was written.
pub(crate) async fn rehearse(client: &Client, all: &[Wanted], manner: Manner) -> Result<(), Error> {
    let mut found = Vec::new();
    for wanted in all {
        match apply(client, wanted, Manner { dry_run: true, ..manner }).await {
            // The real apply waits for a webhook that is not up yet; without a namespace there can be no conflicts.
            Ok(_) | Err(Refusal::NoNamespace | Refusal::NotYet(_)) => {}
            Err(Refusal::Conflicts(conflicts)) => found.push((wanted.title(), conflicts)),
            Err(Refusal::UnknownKind) => return Err(Error::UnknownKind { title: wanted.title() }),
            Err(Refusal::Other(error)) => return Err(Error::Api(error)),
        }
    }
    if found.is_empty() { Ok(()) } else { Err(Error::Conflicts(Conflicts(found))) }
}
