//! What becomes of a release that scales by itself.

use crate::cluster::autoscaler;
use crate::cluster::connect::Cluster;
use crate::cluster::errors::ask;
use crate::exit::Failure;
use crate::output::{Mark, Output};
use crate::spec::StickyApp;
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use kube::Api;

/// Says what scales the release from now on, or why nothing will. That is no failure: it serves, with as many pods as there are.
///
/// # Errors
/// The API server could not be asked.
pub(super) async fn tell(cluster: &Cluster, spec: &StickyApp, output: Output) -> Result<(), Failure> {
    let Some(scaling) = &spec.autoscaling else { return Ok(()) };
    let all: Api<HorizontalPodAutoscaler> = Api::namespaced(cluster.client.clone(), &spec.namespace);
    let doing = format!("reading autoscaler {} in namespace {}", spec.name, spec.namespace);
    let Some(scaler) = ask(&doing, all.get_opt(&spec.name)).await? else { return Ok(()) };
    match autoscaler::trouble(&scaler, autoscaler::has_metrics_api(&cluster.client).await?) {
        Some(why) => output.phase(Mark::Warning, "autoscaler", &why, None),
        None => {
            let (min, max, cpu) = (scaling.min.unwrap_or(spec.mode.pods), scaling.max, scaling.cpu);
            output.phase(Mark::Done, "autoscaler", &format!("{min} to {max} pods, at {cpu} % of the processor that they request"), None);
        }
    }
    Ok(())
}
