//! A release with an autoscaler: whether it will work.

use crate::cluster::autoscaler;
use crate::cluster::connect::Cluster;
use crate::cluster::errors::{ApiError, ask};
use crate::output::{Mark, Output};
use crate::spec::StickyApp;
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use kube::Api;

/// Reports what scales the release from now on, or why nothing will. That isn't a failure: the release serves with the pods it has.
///
/// # Errors
/// The API server did not answer as it should.
pub(super) async fn report(cluster: &Cluster, spec: &StickyApp, output: Output) -> Result<(), ApiError> {
    let Some(scaling) = &spec.autoscaling else { return Ok(()) };
    let all: Api<HorizontalPodAutoscaler> = Api::namespaced(cluster.client.clone(), &spec.namespace);
    let doing = format!("reading autoscaler {} in namespace {}", spec.name, spec.namespace);
    let Some(scaler) = ask(&doing, all.get_opt(&spec.name)).await? else { return Ok(()) };
    match autoscaler::trouble(&scaler, autoscaler::has_metrics_api(&cluster.client).await?) {
        Some(why) => output.phase(Mark::Warning, "autoscaler", &why, None),
        None => {
            let (min, max, cpu) = (scaling.min.unwrap_or(spec.mode.pods), scaling.max, scaling.cpu);
            output.phase(Mark::Done, "autoscaler", &format!("{min} to {max} pods, at {cpu}% of their CPU requests"), None);
        }
    }
    Ok(())
}
