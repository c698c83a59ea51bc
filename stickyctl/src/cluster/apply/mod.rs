//! Server-side apply of a release's objects, with one field manager.
//!
//! Everything is tried first as a dry run, so that a conflict or a refusal is known before anything is written.

pub mod conflict;
pub mod diff;
mod retry;

use super::errors::{ANSWER, ask, failure, late};
use super::inventory::is_managed;
use super::release::MANAGER;
use crate::exit::{Exit, Failure};
use crate::generate::object::Object;
use conflict::Conflict;
use kube::api::{ApiResource, DynamicObject, Patch, PatchParams};
use kube::core::GroupVersionKind;
use kube::{Api, Client};
use serde_json::Value;

/// An object as it is sent.
#[derive(Debug, Clone)]
pub struct Wanted {
    kind: GroupVersionKind,
    name: String,
    namespace: Option<String>,
    /// Its whole content.
    pub body: Value,
}

impl Wanted {
    /// Reads kind and name out of an object's JSON form; `None` where it has neither.
    #[must_use]
    pub fn of(object: &Object) -> Option<Self> {
        let body = serde_json::to_value(object).ok()?;
        let text = |at: &str| body.pointer(at).and_then(Value::as_str).map(str::to_owned);
        let (group_version, kind) = (text("/apiVersion")?, text("/kind")?);
        let (group, version) = group_version.split_once('/').unwrap_or(("", &group_version));
        let kind = GroupVersionKind::gvk(group, version, &kind);
        Some(Self { kind, name: text("/metadata/name")?, namespace: text("/metadata/namespace"), body })
    }

    /// As in `deployment sticky-sessions`.
    #[must_use]
    pub fn title(&self) -> String {
        format!("{} {}", self.kind.kind.to_ascii_lowercase(), self.name)
    }

    /// Whether it is of a kind.
    #[must_use]
    pub fn is(&self, kind: &str) -> bool {
        self.kind.kind == kind
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Writes `spec.replicas`.
    pub fn write_replicas(&mut self, pods: i32) {
        self.body["spec"]["replicas"] = pods.into();
    }

    /// Leaves `spec.replicas` to whoever owns it.
    pub fn leave_replicas_out(&mut self) {
        if let Some(spec) = self.body.pointer_mut("/spec").and_then(Value::as_object_mut) {
            spec.remove("replicas");
        }
    }

    /// Whether it is there and was not applied here.
    ///
    /// # Errors
    /// The API server could not be asked.
    pub async fn is_theirs(&self, client: &Client) -> Result<bool, Failure> {
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
pub enum Outcome {
    /// The object was not there.
    Created,
    /// It is another now: the fields that differ, as in `.spec.replicas: 3 to 5`.
    Changed(Vec<String>),
    /// It was as wanted.
    Unchanged,
}

/// How to apply.
#[derive(Debug, Clone, Copy, Default)]
pub struct Manner {
    /// Takes fields over that others own.
    pub force: bool,
    /// Lets the API server do everything but store it.
    pub dry_run: bool,
}

/// Why an apply did not go through.
pub enum Refusal {
    /// Others own fields.
    Conflicts(Vec<Conflict>),
    /// The namespace is not there (yet).
    NoNamespace,
    /// An admission webhook does not answer (yet).
    Webhook(Failure),
    /// Anything else.
    Other(Failure),
}

/// Applies one object.
///
/// # Errors
/// [`Refusal`].
pub async fn apply(client: &Client, wanted: &Wanted, manner: Manner) -> Result<Outcome, Refusal> {
    let api = wanted.api(client);
    let doing = format!("applying {}", wanted.title());
    let limited = |error| refusal(&doing, error);
    let live = match tokio::time::timeout(ANSWER, api.get_opt(&wanted.name)).await {
        Ok(live) => live.map_err(limited)?,
        Err(_) => return Err(Refusal::Other(late(&doing))),
    };
    let mut params = PatchParams::apply(MANAGER);
    params.force = manner.force;
    params.dry_run = manner.dry_run;
    let patch = Patch::Apply(&wanted.body);
    let done = match tokio::time::timeout(ANSWER, api.patch(&wanted.name, &params, &patch)).await {
        Ok(done) => done.map_err(limited)?,
        Err(_) => return Err(Refusal::Other(late(&doing))),
    };
    let Some(live) = live else { return Ok(Outcome::Created) };
    if !manner.dry_run && live.metadata.resource_version == done.metadata.resource_version {
        return Ok(Outcome::Unchanged);
    }
    let fields = diff::fields(&diff::plain(&live), &diff::plain(&done));
    // A change of ownership alone is none that anybody would see.
    Ok(if fields.is_empty() { Outcome::Unchanged } else { Outcome::Changed(fields) })
}

fn refusal(doing: &str, error: kube::Error) -> Refusal {
    if let kube::Error::Api(status) = &error {
        let conflicts = conflict::read(status);
        if !conflicts.is_empty() {
            return Refusal::Conflicts(conflicts);
        }
        let kind = status.details.as_ref().map(|details| details.kind.as_str());
        if status.is_not_found() && kind == Some("namespaces") {
            return Refusal::NoNamespace;
        }
        if status.is_not_found() && status.details.is_none() {
            return Refusal::Other(Failure::new(Exit::Failed, format!("{doing}: this cluster does not know the kind")));
        }
        if retry::is_webhook(&status.message) {
            return Refusal::Webhook(failure(doing, &error));
        }
    }
    Refusal::Other(failure(doing, &error))
}

/// Applies one object for good, and waits for what is only late: a webhook that is starting, a store that is being set up.
///
/// # Errors
/// As a sentence, with what to try.
pub async fn apply_patiently(client: &Client, wanted: &Wanted, manner: Manner) -> Result<Outcome, Failure> {
    let mut tries = retry::Tries::default();
    loop {
        match apply(client, wanted, manner).await {
            Ok(outcome) => return Ok(outcome),
            Err(Refusal::Webhook(failure)) => tries.wait_or(failure).await?,
            Err(Refusal::Other(failure)) => return Err(failure),
            Err(Refusal::Conflicts(conflicts)) => return Err(conflict::failure(&[(wanted.title(), conflicts)])),
            Err(Refusal::NoNamespace) => {
                let namespace = wanted.namespace.as_deref().unwrap_or_default();
                return Err(Failure::new(Exit::Failed, format!("applying {}: namespace {namespace} went away meanwhile", wanted.title()))
                    .try_this("stickyctl up    again"));
            }
        }
    }
}

/// Tries everything as a dry run.
///
/// # Errors
/// All conflicts at once, or the first refusal; nothing was written.
pub async fn rehearse(client: &Client, all: &[Wanted], manner: Manner) -> Result<(), Failure> {
    let mut found = Vec::new();
    for wanted in all {
        match apply(client, wanted, Manner { dry_run: true, ..manner }).await {
            // A webhook that is not up yet is waited for when it counts; without a namespace nothing can be in the way.
            Ok(_) | Err(Refusal::NoNamespace | Refusal::Webhook(_)) => {}
            Err(Refusal::Conflicts(conflicts)) => found.push((wanted.title(), conflicts)),
            Err(Refusal::Other(failure)) => return Err(failure),
        }
    }
    if found.is_empty() { Ok(()) } else { Err(conflict::failure(&found)) }
}
