//! Deletes objects of an earlier spec that the current one doesn't have: an autoscaler, a Redis that is now external, policies.

use crate::cluster::errors::ApiError;
use crate::cluster::inventory::{self, Item, is_claim};
use crate::cluster::plan::Plan;
use crate::cluster::release::Place;
use crate::output::{Mark, Output};
use kube::Client;

/// Call this once the new pods serve, because the old ones needed the deleted objects. Data and passwords stay.
///
/// # Errors
/// The API server refused.
pub(super) async fn run(client: &Client, plan: &Plan, place: &Place, output: Output) -> Result<(), ApiError> {
    let wanted = |item: &Item| plan.objects.iter().any(|object| object.is(&item.kind) && object.name() == item.name);
    let items = inventory::list(client, place).await?;
    for item in items.iter().filter(|item| item.is_ours && item.kind != "Secret" && !is_claim(item) && !wanted(item)) {
        item.delete(client, &place.namespace).await?;
        output.phase(Mark::Done, "removed", &format!("{}: no longer in the spec", item.title()), None);
    }
    Ok(())
}
