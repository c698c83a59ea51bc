//! What a run of `verify` against an application may do on the cluster, and nothing else.

use super::Workload;
use crate::generate::rbac::Right;

/// What a run needs beside finding its application.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Needs {
    /// Whether it reads the front door's access log.
    pub(crate) access_log: bool,
    /// Whether it reads the logs of the application's pods.
    pub(crate) pod_log: bool,
    /// Whether it runs in a pod of the cluster, and so without a port-forward.
    pub(crate) inside: bool,
}

/// The rights that a run needs, those for finding the application first.
pub(crate) fn rights(found: &Workload, needs: Needs) -> Vec<Right> {
    let (app, door) = (found.namespace.as_str(), found.door.namespace.as_str());
    let mut all = found.reads.clone();
    all.push(Right::within(app, "", &["pods"], &["list", "watch"]));
    all.push(Right::within(door, "", &["pods"], &["list"]));
    if !needs.inside {
        all.push(Right::within(door, "", &["pods/portforward"], &["create"]));
    }
    if needs.access_log {
        all.push(Right::within(door, "", &["pods/log"], &["get"]));
        all.push(Right::within(app, "discovery.k8s.io", &["endpointslices"], &["list"]));
    }
    if needs.pod_log {
        all.push(Right::within(app, "", &["pods/log"], &["get"]));
    }
    all
}
