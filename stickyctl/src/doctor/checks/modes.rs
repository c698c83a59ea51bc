//! What an affinity mode does on a scale-up, on a dead pod, and beside a canary.

use super::codes::{CANARY_LEGACY, NO_FAILOVER, SCALE_MOVES_SESSIONS, annotation};
use crate::comparison::Controller;
use crate::doctor::finding::{Finding, Severity};
use crate::doctor::view::{Entry, Mode, View};

/// All of them are ingress-nginx's.
pub(super) fn check(view: &View<'_>) -> Vec<Finding> {
    let of_nginx = view.entries.iter().filter(|entry| entry.controller() == Some(Controller::IngressNginx) && entry.cookie().is_some());
    of_nginx.flat_map(|entry| [balanced(view, entry), failover(entry), canary(entry)].into_iter().flatten()).collect()
}

fn balanced(view: &View<'_>, entry: &Entry<'_>) -> Option<Finding> {
    entry.cookie().filter(|cookie| cookie.mode == Mode::Balanced)?;
    let workloads = entry.services().into_iter().flat_map(|service| view.backends.workloads(service));
    let scaler = workloads.filter_map(|(_, workload)| view.backends.autoscaler(workload)).next();
    let when = match scaler {
        Some(scaler) => format!("whenever HorizontalPodAutoscaler {} adds pods", scaler.metadata.name.as_deref().unwrap_or_default()),
        None => "whenever pods are added".to_owned(),
    };
    let found = SCALE_MOVES_SESSIONS.found(
        entry.read.about(),
        annotation("nginx.ingress.kubernetes.io/affinity-mode"),
        format!("The mode is balanced, so about half of the sessions move {when}, without a new cookie"),
        "Set nginx.ingress.kubernetes.io/affinity-mode: persistent, unless sessions may move",
    );
    Some(if scaler.is_some() { found } else { found.at_most(Severity::Note) })
}

fn failover(entry: &Entry<'_>) -> Option<Finding> {
    let key = "session-cookie-change-on-failure";
    entry.nginx(key).is_none().then(|| {
        NO_FAILOVER.found(
            entry.read.about(),
            annotation(&format!("nginx.ingress.kubernetes.io/{key}")),
            "When a pod dies, its sessions get 502 until its endpoint is gone, while others are answered",
            format!("Set nginx.ingress.kubernetes.io/{key}: \"true\""),
        )
    })
}

fn canary(entry: &Entry<'_>) -> Option<Finding> {
    (entry.nginx("affinity-canary-behavior") == Some("legacy")).then(|| {
        CANARY_LEGACY.found(
            entry.read.about(),
            annotation("nginx.ingress.kubernetes.io/affinity-canary-behavior"),
            "Sessions flip between the canary and the stable version, and the canary's answers set no cookie",
            "Remove the annotation; sticky is the default",
        )
    })
}
