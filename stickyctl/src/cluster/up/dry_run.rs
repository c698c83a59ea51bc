//! `--dry-run`: shows what would happen.

use crate::cluster::apply::conflict::Conflicts;
use crate::cluster::apply::{self, Manner, Outcome, Refusal, apply};
use crate::cluster::plan::Plan;
use crate::exit::{Exit, Failure};
use crate::output::{Mark, Output};
use crate::yaml::yaml;
use kube::Client;

/// The objects as YAML documents. Nothing is sent.
///
/// # Errors
/// An object that can't be written as YAML.
pub(super) fn by_client(plan: &Plan) -> Result<Vec<String>, Failure> {
    let documents: Result<Vec<String>, _> = plan.objects.iter().map(|object| yaml(&object.body)).collect();
    documents.map_err(|why| Failure::new(Exit::Failed, format!("writing the objects as YAML: {why}")))
}

/// What the API server would do. Nothing is stored.
///
/// # Errors
/// What the API server refuses, and all conflicts at once.
pub(super) async fn by_server(client: &Client, plan: &Plan, manner: Manner, output: Output) -> Result<Vec<String>, apply::Error> {
    let mut conflicts = Vec::new();
    let mut unknown = Vec::new();
    let mut lines = Vec::new();
    for object in &plan.rehearsal() {
        let title = object.title();
        match apply(client, object, Manner { dry_run: true, ..manner }).await {
            Ok(Outcome::Created) => lines.push(format!("create     {title}")),
            Ok(Outcome::Unchanged) => lines.push(format!("unchanged  {title}")),
            Ok(Outcome::Changed(fields)) => {
                lines.push(format!("change     {title}"));
                lines.extend(fields.into_iter().map(|field| format!("             {field}")));
            }
            Err(Refusal::NoNamespace) => unknown.push(title),
            Err(Refusal::UnknownKind) => return Err(apply::Error::UnknownKind { title }),
            Err(Refusal::NotYet(error) | Refusal::Other(error)) => return Err(error.into()),
            Err(Refusal::Conflicts(found)) => conflicts.push((title, found)),
        }
    }
    if !conflicts.is_empty() {
        return Err(Conflicts(conflicts).into());
    }
    lines.extend(unknown.iter().map(|title| format!("create     {title}")));
    if !unknown.is_empty() {
        let text = format!("the API server did not check {} objects: their namespace does not exist yet", unknown.len());
        output.phase(Mark::Warning, "dry run", &text, None);
    }
    Ok(lines)
}
