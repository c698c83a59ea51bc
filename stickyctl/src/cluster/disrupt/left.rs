//! The record of a changed replica count, and putting the count back.
//!
//! The record is an annotation of the workload, written before the count changes and removed after it is back. A process that dies in between
//! leaves it there, where the next run finds it.

use super::act;
use super::error::Error;
use super::owners::{Owner, handed_back, owners};
use super::subject::Subject;
use crate::cluster::errors::{ask, ask_if_allowed};
use k8s_openapi::api::authentication::v1::SelfSubjectReview;
use k8s_openapi::jiff::Timestamp;
use kube::Api;
use kube::api::{Patch, PostParams};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// The annotation with the record.
pub(crate) const ANNOTATION: &str = "stickyctl.dev/disrupt";
/// The most that is read of it, in bytes: anybody may have written it.
const LONGEST: usize = 8 << 10;
/// How often a change by somebody else is tolerated meanwhile.
const TRIES: usize = 5;

/// What was before a change of the replica count, and who made it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Record {
    /// The count before.
    pub(crate) replicas: i64,
    /// The count during the disruption.
    pub(crate) to: i64,
    /// The user, as the cluster knows them; empty if it doesn't say.
    #[serde(default)]
    pub(crate) by: String,
    /// When it began (RFC 3339, UTC).
    #[serde(default)]
    pub(crate) at: String,
    #[serde(default)]
    owners: Vec<Owner>,
}

/// What an earlier run left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Left {
    /// A count that can be restored.
    Count(Record),
    /// The count is what it was before, or somebody has set another one since: only the record is left.
    Only(Record),
    /// The annotation is not one that this version wrote.
    Unreadable,
}

impl Subject {
    /// What an earlier run left.
    pub(crate) fn left(&self) -> Option<Left> {
        let text = self.object.metadata.annotations.as_ref()?.get(ANNOTATION)?;
        let record = Some(text).filter(|text| text.len() <= LONGEST).and_then(|text| serde_json::from_str::<Record>(text).ok());
        Some(match record {
            Some(record) if record.replicas >= 0 && record.to == self.replicas() && record.replicas != record.to => Left::Count(record),
            Some(record) => Left::Only(record),
            None => Left::Unreadable,
        })
    }
}

/// Records the count of a workload before it is changed to `to`.
///
/// # Errors
/// Somebody else's record is there, or the workload keeps changing.
pub(crate) async fn record(subject: &Subject, to: i64) -> Result<Record, Error> {
    let by = who(subject).await;
    for _ in 0..TRIES {
        let now = subject.again().await?;
        if now.left().is_some() {
            return Err(Error::Left(now.reference.clone(), by_hand(&now)));
        }
        let record = Record {
            replicas: now.replicas(),
            to,
            by: by.clone(),
            at: Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            owners: owners(now.object.metadata.managed_fields.as_deref().unwrap_or_default()),
        };
        if annotate(&now, Some(&serde_json::to_string(&record).unwrap_or_default())).await? {
            return Ok(record);
        }
    }
    Err(Error::Changed { of: subject.reference.clone() })
}

/// Restores the count of a record, its owners, and the workload's annotations. A count that somebody else has set since stays.
///
/// # Errors
/// The API server did not do it; the record stays then.
pub(crate) async fn restore(subject: &Subject, record: &Record) -> Result<(), Error> {
    let now = subject.again().await?;
    if now.replicas() == record.to && record.to != record.replicas {
        act::scale(&now, record.replicas).await?;
    }
    for _ in 0..TRIES {
        let now = subject.again().await?;
        let entries = now.object.metadata.managed_fields.as_deref().unwrap_or_default();
        let back = if now.replicas() == record.replicas { handed_back(&record.owners, entries) } else { None };
        let Some(back) = back else { break };
        if change(&now, json!({"metadata": {"managedFields": back}})).await? {
            break;
        }
    }
    forget(subject).await
}

/// Removes the record alone.
pub(crate) async fn forget(subject: &Subject) -> Result<(), Error> {
    for _ in 0..TRIES {
        let now = subject.again().await?;
        if now.left().is_none() || annotate(&now, None).await? {
            return Ok(());
        }
    }
    Err(Error::Changed { of: subject.reference.clone() })
}

/// The commands that restore a workload without stickyctl.
pub(crate) fn by_hand(subject: &Subject) -> String {
    let Subject { reference, namespace, .. } = subject;
    let scale = match subject.left() {
        Some(Left::Count(record)) => format!("kubectl scale {reference} -n {namespace} --replicas={} && ", record.replicas),
        _ => String::new(),
    };
    format!("{scale}kubectl annotate {reference} -n {namespace} {ANNOTATION}-")
}

async fn annotate(subject: &Subject, text: Option<&str>) -> Result<bool, Error> {
    change(subject, json!({"metadata": {"annotations": {ANNOTATION: text}}})).await
}

/// Changes exactly the object that was read; false if somebody else has changed it since.
async fn change(subject: &Subject, mut patch: serde_json::Value) -> Result<bool, Error> {
    let Subject { reference, namespace, .. } = subject;
    patch["metadata"]["resourceVersion"] = json!(subject.object.metadata.resource_version);
    let doing = format!("recording the replica count in {reference} in namespace {namespace}");
    let done = async {
        match subject.api().patch(&reference.name, &act::params(), &Patch::Merge(&patch)).await {
            Err(kube::Error::Api(status)) if status.is_conflict() => Ok(false),
            done => done.map(|_| true),
        }
    };
    Ok(ask(&doing, done).await?)
}

async fn who(subject: &Subject) -> String {
    let reviews: Api<SelfSubjectReview> = Api::all(subject.client.clone());
    let asked = ask_if_allowed("asking who you are", reviews.create(&PostParams::default(), &SelfSubjectReview::default())).await;
    // A record without a name is as good for restoring.
    let answer = asked.ok().flatten();
    answer.and_then(|answer| answer.status?.user_info?.username).unwrap_or_default()
}
