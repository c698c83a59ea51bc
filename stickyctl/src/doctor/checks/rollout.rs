//! What a rollout does to requests: strategy, readiness, and the time that a pod has for its end.

use super::codes::{ALL_AT_ONCE, GRACE_TOO_SHORT, NO_PRE_STOP, NO_READINESS};
use crate::doctor::finding::{Finding, Severity};
use crate::doctor::objects::{Strategy, Workload};
use crate::doctor::view::View;
use k8s_openapi::api::core::v1::{Container, PodSpec};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use std::time::Duration;
use sticky_core::names::env;

/// The grace period of a pod that sets none, in seconds.
const USUAL_GRACE: i64 = 30;

pub(super) fn check(view: &View<'_>) -> Vec<Finding> {
    let of_one = |(workload, title): (&Workload, String)| {
        let spec = workload.template.spec.as_ref();
        let of_pods = spec.into_iter().flat_map(|spec| [readiness(workload, spec), pre_stop(workload, spec, &title), grace(workload, spec)]);
        std::iter::once(at_once(workload)).chain(of_pods).flatten().collect::<Vec<_>>()
    };
    view.sticky_workloads().into_iter().flat_map(of_one).collect()
}

fn at_once(workload: &Workload) -> Option<Finding> {
    let replicas = workload.replicas?;
    let (field, said) = match &workload.strategy {
        Strategy::Recreate => ("spec.strategy.type", "Recreate stops every pod before it starts the first new one".to_owned()),
        Strategy::Rolling(Some(most)) => {
            let unavailable = resolve(most, replicas);
            (unavailable >= replicas && replicas > 0).then_some(())?;
            let field = if workload.kind == "Deployment" { "spec.strategy.rollingUpdate.maxUnavailable" } else { "spec.updateStrategy" };
            (field, format!("A rollout may stop {unavailable} of {replicas} {} at once", if replicas == 1 { "pod" } else { "pods" }))
        }
        // 25%, rounded down, is less than all.
        Strategy::Rolling(None) | Strategy::OnDelete => return None,
    };
    let found = ALL_AT_ONCE.found(
        workload.about(),
        field,
        format!("{said}, so nobody answers in between"),
        if workload.kind == "Deployment" { "Set strategy RollingUpdate with maxUnavailable: 0" } else { "Run two or more pods" },
    );
    Some(if replicas > 1 { found } else { found.at_most(Severity::Note) })
}

/// A percentage is rounded down, as the controller of Deployments does.
fn resolve(most: &IntOrString, replicas: i32) -> i32 {
    match most {
        IntOrString::Int(count) => *count,
        IntOrString::String(text) => {
            let percent = text.strip_suffix('%').and_then(|percent| percent.parse::<i32>().ok()).unwrap_or(0);
            replicas.saturating_mul(percent) / 100
        }
    }
}

fn readiness(workload: &Workload, spec: &PodSpec) -> Option<Finding> {
    let is_probed = spec.containers.iter().any(|container| container.readiness_probe.is_some());
    let has_gates = spec.readiness_gates.as_ref().is_some_and(|gates| !gates.is_empty());
    (!is_probed && !has_gates).then(|| {
        NO_READINESS.found(
            workload.about(),
            "spec.template.spec.containers[].readinessProbe",
            "A new pod gets requests before it can answer them, and a rollout goes on without waiting for it",
            "Add a readiness probe that succeeds once the application answers",
        )
    })
}

fn pre_stop(workload: &Workload, spec: &PodSpec, title: &str) -> Option<Finding> {
    let has_one = spec.containers.iter().any(|container| container.lifecycle.as_ref().is_some_and(|lifecycle| lifecycle.pre_stop.is_some()));
    (!has_one).then(|| {
        NO_PRE_STOP.found(
            workload.about(),
            "spec.template.spec.containers[].lifecycle.preStop",
            format!("A pod that stops still gets requests through {title} for a moment, and an application that exits at once loses them"),
            "Add preStop: {sleep: {seconds: 5}}, unless the application serves on after SIGTERM",
        )
    })
}

fn grace(workload: &Workload, spec: &PodSpec) -> Option<Finding> {
    let grace = spec.termination_grace_period_seconds.unwrap_or(USUAL_GRACE);
    let (sleep, drain) = spec.containers.iter().map(|container| (sleep(container), drain(container))).max_by_key(|(sleep, drain)| sleep + drain)?;
    let is_short = if drain > 0 { sleep + drain > grace } else { sleep > 0 && sleep >= grace };
    let sum = if drain > 0 { format!("{sleep} s of preStop and {drain} s of draining") } else { format!("{sleep} s of preStop") };
    is_short.then(|| {
        GRACE_TOO_SHORT.found(
            workload.about(),
            "spec.template.spec.terminationGracePeriodSeconds",
            format!("The pod has {grace} s for {sum}, and is killed in the middle"),
            format!("Set it to {} or more", sleep + drain + 5),
        )
    })
}

/// The seconds that a preStop hook sleeps, as the native action or as a command.
fn sleep(container: &Container) -> i64 {
    let Some(hook) = container.lifecycle.as_ref().and_then(|lifecycle| lifecycle.pre_stop.as_ref()) else { return 0 };
    if let Some(sleep) = &hook.sleep {
        return sleep.seconds;
    }
    let command = hook.exec.iter().flat_map(|exec| exec.command.iter().flatten());
    let words: Vec<&str> = command.flat_map(|word| word.split([' ', ';', '\n', '&'])).filter(|word| !word.is_empty()).collect();
    let seconds = words.windows(2).filter(|pair| pair[0].rsplit('/').next() == Some("sleep"));
    seconds.filter_map(|pair| pair[1].trim_end_matches('s').parse::<i64>().ok()).sum()
}

/// The seconds that this project's app drains after SIGTERM; unknown for others.
fn drain(container: &Container) -> i64 {
    let variables = container.env.iter().flatten().filter(|variable| [env::DRAIN_DELAY, env::DRAIN_WINDOW].contains(&variable.name.as_str()));
    let all = variables.filter_map(|variable| sticky_core::duration::parse(variable.value.as_deref()?).ok());
    i64::try_from(all.sum::<Duration>().as_secs()).unwrap_or(i64::MAX)
}
