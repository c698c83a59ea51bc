//! `--dry-run`: shows instead of doing.

use super::DryRun;
use crate::cluster::apply::conflict;
use crate::cluster::apply::{Manner, Outcome, Refusal, apply};
use crate::cluster::plan::Plan;
use crate::exit::{Exit, Failure};
use crate::output::{Mark, Output};
use kube::Client;

/// Shows what `plan` would do.
///
/// # Errors
/// What the API server refuses, conflicts all at once.
pub async fn run(client: &Client, plan: &Plan, who: DryRun, manner: Manner, output: Output) -> Result<Exit, Failure> {
    match who {
        DryRun::Client => {
            let documents: Result<Vec<String>, _> = plan.objects.iter().map(|object| serde_saphyr::to_string(&object.body)).collect();
            let text = documents.map_err(|why| Failure::new(Exit::Failed, format!("writing the objects: {why}")))?.join("---\n");
            output.answer(text.trim_end());
            output.hint(&format!("\n{} objects; nothing was sent", plan.objects.len()));
        }
        DryRun::Server => server(client, plan, Manner { dry_run: true, ..manner }, output).await?,
    }
    Ok(Exit::Done)
}

async fn server(client: &Client, plan: &Plan, manner: Manner, output: Output) -> Result<(), Failure> {
    let mut conflicts = Vec::new();
    let mut unknown = Vec::new();
    let mut lines = Vec::new();
    for object in &plan.rehearsal() {
        match apply(client, object, manner).await {
            Ok(Outcome::Created) => lines.push(format!("create     {}", object.title())),
            Ok(Outcome::Unchanged) => lines.push(format!("unchanged  {}", object.title())),
            Ok(Outcome::Changed(fields)) => {
                lines.push(format!("change     {}", object.title()));
                lines.extend(fields.into_iter().map(|field| format!("             {field}")));
            }
            Err(Refusal::NoNamespace) => unknown.push(object.title()),
            Err(Refusal::Webhook(failure) | Refusal::Other(failure)) => return Err(failure),
            Err(Refusal::Conflicts(found)) => conflicts.push((object.title(), found)),
        }
    }
    if !conflicts.is_empty() {
        return Err(conflict::failure(&conflicts));
    }
    lines.extend(unknown.iter().map(|title| format!("create     {title}")));
    output.answer(&lines.join("\n"));
    if !unknown.is_empty() {
        let text = format!("{} objects were not looked at by the API server: their namespace is not there yet", unknown.len());
        output.phase(Mark::Warning, "dry run", &text, None);
    }
    output.hint("\nnothing was stored");
    Ok(())
}
