//! One run of `doctor`: reads, checks, and makes the report.

use super::checks;
use super::objects::{Objects, Origin};
use super::read::{cluster, files};
use super::report::Report;
use super::to::{self, Target};
use super::view::View;
use crate::cluster::connect::{self, Access, connect};
use crate::cluster::errors::ApiError;
use crate::cluster::workload::Reference;
use crate::exit::{Exit, Explained};
use crate::spec::version::Version;
use std::path::PathBuf;
use std::time::Duration;

/// Where to read objects from.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Source {
    Cluster(Access, Namespace),
    /// Files, and the namespace of objects that name none.
    Files(Vec<PathBuf>, Option<String>),
}

/// The namespaces to check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Namespace {
    /// That of the kubeconfig's context.
    OfContext,
    Named(String),
    All,
}

/// What to check.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) source: Source,
    /// Only findings about these and what is behind them; all if it is empty.
    pub(crate) only: Vec<Reference>,
    /// How often the application sends something over an idle WebSocket.
    pub(crate) ping: Option<Duration>,
    /// Another controller, and its version if it is known: what a move there would change.
    pub(crate) to: Option<(Target, Option<Version>)>,
}

/// Why nothing was checked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error(transparent)]
    Connect(#[from] connect::Error),
    #[error(transparent)]
    Api(#[from] ApiError),
    #[error(transparent)]
    Files(#[from] files::Error),
    #[error("found no {0}")]
    Missing(Reference),
}

impl Explained for Error {
    fn exit(&self) -> Exit {
        match self {
            Self::Connect(error) => error.exit(),
            Self::Api(error) => error.exit(),
            Self::Files(error) => error.exit(),
            Self::Missing(_) => Exit::Usage,
        }
    }

    fn next_steps(&self) -> Vec<String> {
        match self {
            Self::Connect(error) => error.next_steps(),
            Self::Api(error) => error.next_steps(),
            Self::Files(error) => error.next_steps(),
            Self::Missing(_) => vec!["stickyctl doctor --all-namespaces    checks every namespace".to_owned()],
        }
    }
}

/// Reads and checks.
///
/// # Errors
/// The objects can't be read, or one that was named is not among them.
pub(crate) async fn run(request: Request) -> Result<Report, Error> {
    let objects = read(request.source).await?;
    let report = report(&objects, &request.only, request.ping)?;
    let Some((target, version)) = request.to else { return Ok(report) };
    let mut moves = to::moves(&objects, target, version);
    if !request.only.is_empty() {
        let wanted = View::new(&objects, request.ping).behind(&request.only).map_err(Error::Missing)?;
        moves.changes.retain(|change| wanted.contains(&(change.about.kind.clone(), change.about.namespace.clone(), change.about.name.clone())));
    }
    Ok(report.moving(moves))
}

/// Reads the objects of a cluster or of files.
///
/// # Errors
/// They can't be read.
pub(crate) async fn read(source: Source) -> Result<Objects, Error> {
    match source {
        Source::Cluster(access, namespace) => {
            let client = connect(&access).await?.client;
            let namespace = match namespace {
                Namespace::OfContext => Some(client.default_namespace().to_owned()),
                Namespace::Named(name) => Some(name),
                Namespace::All => None,
            };
            Ok(cluster::read(&client, namespace.as_deref()).await?)
        }
        Source::Files(files, namespace) => Ok(files::read(&files, namespace.as_deref())?),
    }
}

/// The report on manifests in one text, as if it were a file, or everything that a cluster has. For tests.
///
/// # Errors
/// Why the text can't be read, with its place.
pub fn of_text(file: &str, text: &str, origin: Origin, ping: Option<Duration>) -> Result<Report, String> {
    let objects = files::of_text(file, text, origin).map_err(|error| error.to_string())?;
    report(&objects, &[], ping).map_err(|error| error.to_string())
}

fn report(objects: &Objects, only: &[Reference], ping: Option<Duration>) -> Result<Report, Error> {
    let view = View::new(objects, ping);
    let mut findings = checks::all(&view);
    if !only.is_empty() {
        let wanted = view.behind(only).map_err(Error::Missing)?;
        findings.retain(|finding| wanted.contains(&(finding.about.kind.clone(), finding.about.namespace.clone(), finding.about.name.clone())));
    }
    Ok(Report::new(objects, findings))
}

#[cfg(test)]
mod tests;
