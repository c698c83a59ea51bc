//! Waiting until a workload's pods have come to rest.

use super::error::Error;
use super::subject::Subject;
use crate::cluster::ready::is_ready;
use crate::poll::{Deadline, until};
use k8s_openapi::api::core::v1::Pod;
use std::time::Duration;

const PAUSE: Duration = Duration::from_millis(300);

/// Waits until the controllers have done all that the workload asks for: every pod is ready and of the newest template, and none is
/// terminating. `says` gets the progress. False if that takes longer than the deadline.
///
/// # Errors
/// The workload or its pods can't be read.
pub(crate) async fn settled(subject: &Subject, deadline: Deadline, says: impl Fn(&str)) -> Result<bool, Error> {
    let rested = until(deadline, PAUSE, async || {
        let (now, mut pods) = (subject.again().await?, subject.pods().await?);
        // What a node's pressure evicted, or what has finished, stays listed.
        let is_over =
            |pod: &Pod| pod.status.as_ref().and_then(|status| status.phase.as_deref()).is_some_and(|phase| ["Failed", "Succeeded"].contains(&phase));
        pods.retain(|pod| !is_over(pod));
        let (wanted, ready) = (usize::try_from(now.replicas()).unwrap_or(0), pods.iter().filter(|pod| is_ready(pod)).count());
        let going = pods.iter().filter(|pod| pod.metadata.deletion_timestamp.is_some()).count();
        says(&format!("{ready} of {wanted} pods ready, {going} terminating"));
        Ok::<_, Error>((now.is_done() && ready == wanted && pods.len() == wanted).then_some(()))
    });
    Ok(rested.await?.is_some())
}
