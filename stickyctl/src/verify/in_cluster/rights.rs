//! What a run inside the cluster may read: just what its target needs.

use crate::cluster::connect::Cluster;
use crate::cluster::forward;
use crate::cluster::workload::{Needs, rights};
use crate::exit::Failure;
use crate::generate::rbac::Right;
use crate::verify::request::{Request, Site, locate};

/// The rights, and the namespaces of the front doors that the run looks for.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Rights {
    pub(super) all: Vec<Right>,
    pub(super) doors: Vec<String>,
}

const PODS: &[&str] = &["get", "list", "watch"];

/// The rights for a request. Finds the front door, with the rights of the user.
pub(super) async fn of(cluster: &Cluster, request: &Request) -> Result<Rights, Failure> {
    Ok(match &request.site {
        Site::Url { .. } | Site::Local => of_url(request),
        Site::Release { place, .. } => {
            let door = forward::find(cluster, place).await?.door_namespace().to_owned();
            Rights { all: release(&place.namespace, &door), doors: vec![door] }
        }
        Site::Workload { access, namespace, reference, hints } => {
            let found = locate(access, namespace.as_deref(), reference, hints).await?.workload;
            let all = rights(&found, Needs { inside: true, ..request.needs() });
            Rights { all, doors: vec![found.door.namespace] }
        }
    })
}

/// The rights for a URL: to watch the pods behind it, if they are named.
pub(super) fn of_url(request: &Request) -> Rights {
    match &request.site {
        Site::Url { pods: Some(pods), .. } => Rights { all: vec![Right::within(&pods.namespace, "", &["pods"], PODS)], doors: Vec::new() },
        _ => Rights::default(),
    }
}

/// The rights to find a release and its front door, and to watch its pods.
fn release(own: &str, door: &str) -> Vec<Right> {
    vec![
        Right::within(own, "apps", &["deployments"], &["get"]),
        Right::within(own, "autoscaling", &["horizontalpodautoscalers"], &["list"]),
        Right::within(own, "networking.k8s.io", &["ingresses"], &["get"]),
        Right::within(own, "gateway.networking.k8s.io", &["httproutes", "gateways"], &["get"]),
        Right::within(own, "gateway.envoyproxy.io", &["backendtrafficpolicies"], &["list"]),
        Right::within(own, "", &["pods"], PODS),
        Right::within(door, "", &["pods"], &["list"]),
        Right::everywhere("networking.k8s.io", &["ingressclasses"], &["list"]),
        Right::everywhere("gateway.networking.k8s.io", &["gatewayclasses"], &["get", "list"]),
    ]
}
