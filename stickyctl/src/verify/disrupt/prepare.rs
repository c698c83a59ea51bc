//! Finds the workload, refuses what is not safe, and asks.

use super::error::Error;
use super::plan::plan;
use super::result::Disrupted;
use super::step::{Step, more, steps};
use crate::cluster::connect::connect;
use crate::cluster::disrupt::left::{self, Left};
use crate::cluster::disrupt::reference::Kind;
use crate::cluster::disrupt::{Error as Refused, Reference, Subject, check_rights, refuse, settle};
use crate::output::{Mark, Output};
use crate::poll::Deadline;
use crate::verify::probe::watch::Witness;
use crate::verify::request::{Disruptions, Request, Site, Way};
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;
use std::time::Duration;
use sticky_affinity::promise::Promise;

/// Disruptions that somebody confirmed.
pub(crate) struct Prepared {
    pub(super) subject: Subject,
    pub(super) steps: Vec<Step>,
    pub(super) promise: Promise,
    pub(super) tolerated: Duration,
    pub(super) timeout: Duration,
    /// How long the front door takes to learn of a change.
    pub(super) lag: Duration,
    /// Whether the replica count may have to be restored.
    pub(super) touched: AtomicBool,
    pub(super) results: Mutex<Vec<Disrupted>>,
}

/// Measured: ingress-nginx 1.15.1 syncs once in 3.3 s, and its workers poll once a second; Traefik 3.6 takes less than 2 s.
fn lag(product: Option<&str>) -> Duration {
    match product {
        Some("Traefik" | "Envoy Gateway") => Duration::from_secs(2),
        _ => Duration::from_secs(5),
    }
}

/// Prepares the disruptions of a request; `None` if it has none. What an earlier run left is restored first.
///
/// # Errors
/// They are refused, or nobody confirmed them.
pub(crate) async fn prepare(request: &Request, way: &Way, output: Output) -> Result<Option<Prepared>, Error> {
    let wanted = &request.disruptions;
    if wanted.all.is_empty() {
        return Ok(None);
    }
    let subject = find(request, way).await?;
    let front = way.front.as_ref();
    let promise = wanted.expect.or_else(|| front.map(|front| front.promise)).unwrap_or(Promise::Unknown);
    let lag = lag(front.map(|front| front.product.as_str()));
    let asks = Asks { command: &request.command, yes: request.amount.yes, output };
    ready(subject, wanted, (promise, lag), &asks).await.map(Some)
}

/// How to ask.
pub(super) struct Asks<'a> {
    pub(super) command: &'a str,
    pub(super) yes: bool,
    pub(super) output: Output,
}

/// Refuses, restores and asks for a workload that was found.
pub(super) async fn ready(subject: Subject, wanted: &Disruptions, (promise, lag): (Promise, Duration), asks: &Asks<'_>) -> Result<Prepared, Error> {
    check_rights(&subject, &wanted.all).await?;
    let subject = tidy(subject, wanted.timeout, asks).await?;
    refuse::check(&subject, &wanted.all).await?;
    let now = subject.replicas();
    let to = match wanted.scale_to {
        Some(to) if i64::from(to) <= now => return Err(Error::NotMore { of: subject.reference.clone(), to, now }),
        Some(to) => i64::from(to),
        None => more(now),
    };
    let steps = steps(&wanted.all, now, to);
    let ready = subject.ready().await?.len();
    asks.output.note(&plan(&subject.reference, &subject.namespace, "", &steps, ready));
    if !asks.yes && !asks.output.confirm("Continue?") {
        let (of, namespace) = (subject.reference.clone(), subject.namespace.clone());
        return Err(Error::Unconfirmed { of, namespace, command: asks.command.to_owned() });
    }
    let (tolerated, timeout) = (wanted.tolerated, wanted.timeout);
    Ok(Prepared { subject, steps, promise, tolerated, timeout, lag, touched: AtomicBool::new(false), results: Mutex::default() })
}

async fn find(request: &Request, way: &Way) -> Result<Subject, Error> {
    let wanted = &request.disruptions;
    let own = match &request.site {
        Site::Local => return Err(Error::Local),
        Site::Release { place, .. } => Some(Reference { kind: Kind::Deployment, name: place.name.clone() }),
        _ => None,
    };
    Ok(match (&way.witness, wanted.workload.as_ref().or(own.as_ref())) {
        (Some(Witness::Cluster { client, namespace, .. }), Some(workload)) => Subject::read(client, namespace, workload).await?,
        (Some(Witness::Cluster { client, namespace, selector }), None) => Subject::of_pods(client, namespace, selector).await?,
        (_, Some(workload)) => Subject::read(&connect(&wanted.access).await?.client, &wanted.namespace, workload).await?,
        (_, None) => return Err(Error::NoWorkload),
    })
}

/// Offers to restore what an earlier run left.
async fn tidy(subject: Subject, timeout: Duration, asks: &Asks<'_>) -> Result<Subject, Error> {
    let Some(found) = subject.left() else { return Ok(subject) };
    let (of, output) = (&subject.reference, asks.output);
    let who = |record: &left::Record| {
        let by = if record.by.is_empty() { String::new() } else { format!(" by {}", record.by) };
        format!("A run of stickyctl{by}, begun at {}, scaled {of} from {} to {} pods and did not finish", record.at, record.replicas, record.to)
    };
    let (question, done) = match &found {
        Left::Count(record) => (format!("{}. Restore {} pods?", who(record), record.replicas), format!("{of} to {} pods", record.replicas)),
        Left::Only(record) => (
            format!("{}. {of} asks for {} pods now. Keep them and remove the record?", who(record), subject.replicas()),
            format!("{of}: record removed"),
        ),
        Left::Unreadable => {
            (format!("{of} has an annotation {} that this version can't read. Remove it?", left::ANNOTATION), format!("{of}: annotation removed"))
        }
    };
    if asks.yes {
        output.note(&question);
    } else if !output.confirm(&question) {
        if !output.can_ask() {
            output.note(&question);
        }
        return Err(Refused::Left(of.clone(), left::by_hand(&subject)).into());
    }
    let line = output.live("restored");
    match &found {
        Left::Count(record) => {
            left::restore(&subject, record).await?;
            settle::settled(&subject, Deadline::after(timeout), |what| line.says(what)).await?;
        }
        Left::Only(record) => left::restore(&subject, record).await?,
        Left::Unreadable => left::forget(&subject).await?,
    }
    line.ends(Mark::Done, &done);
    Ok(subject.again().await?)
}
