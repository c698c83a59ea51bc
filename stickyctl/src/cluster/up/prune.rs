//! Deletes what an earlier spec of the release had and this one has not: an autoscaler, a Redis that is elsewhere now, policies.

use crate::cluster::errors::ApiError;
use crate::cluster::inventory::{self, Item, is_claim};
use crate::cluster::plan::Plan;
use crate::cluster::release::Place;
use crate::output::{Mark, Output};
use kube::Client;

/// To be called when the new pods serve: the old ones needed what is deleted. Data and passwords stay.
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
