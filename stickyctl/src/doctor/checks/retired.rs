//! ingress-nginx is retired.

use super::codes::CONTROLLER_RETIRED;
use crate::cluster::doors::Proxy;
use crate::doctor::finding::{About, Finding};
use crate::doctor::view::View;
use crate::spec::ingress::FrontDoor;

/// Once for each controller that runs, or that the files have.
pub(super) fn check(view: &View<'_>) -> Vec<Finding> {
    let retired = view.doors.iter().filter(|door| door.proxy == Proxy::Door(FrontDoor::Nginx));
    let one = |door: &crate::cluster::doors::Found| {
        let (kind, name) = door.workload.split_once('/').unwrap_or(("pod", &door.workload));
        let of_files = view.objects.workloads.iter().find(|workload| {
            let about = workload.about();
            about.kind.eq_ignore_ascii_case(kind) && about.name == name && about.namespace == door.namespace
        });
        let kind = match kind {
            "daemonset" => "DaemonSet",
            "statefulset" => "StatefulSet",
            "replicaset" => "ReplicaSet",
            "deployment" => "Deployment",
            _ => "Pod",
        };
        let about = of_files.map_or_else(
            || About { kind: kind.to_owned(), namespace: door.namespace.clone(), name: name.to_owned(), place: None },
            crate::doctor::objects::Workload::about,
        );
        CONTROLLER_RETIRED.found(
            about,
            "",
            format!("{} has had no releases or security fixes since March 2026", door.title()),
            "Plan the move to another front door: docs/moving.md, and stickyctl doctor --to",
        )
    };
    retired.map(one).collect()
}
