//! The HorizontalPodAutoscaler.

use super::meta::{Component, meta};
use crate::spec::StickyApp;
use crate::spec::pods::Autoscaling;
use k8s_openapi::api::autoscaling::v2::{
    CrossVersionObjectReference, HorizontalPodAutoscaler, HorizontalPodAutoscalerSpec, MetricSpec, MetricTarget, ResourceMetricSource,
};

pub(super) fn autoscaler(spec: &StickyApp, scaling: &Autoscaling) -> HorizontalPodAutoscaler {
    let target = MetricTarget { type_: "Utilization".to_owned(), average_utilization: Some(scaling.cpu.into()), ..MetricTarget::default() };
    HorizontalPodAutoscaler {
        metadata: meta(spec, Component::App, spec.name.clone()),
        spec: Some(HorizontalPodAutoscalerSpec {
            min_replicas: Some(scaling.min.unwrap_or(spec.mode.pods).into()),
            max_replicas: scaling.max.into(),
            metrics: Some(vec![MetricSpec {
                type_: "Resource".to_owned(),
                resource: Some(ResourceMetricSource { name: "cpu".to_owned(), target }),
                ..MetricSpec::default()
            }]),
            scale_target_ref: CrossVersionObjectReference {
                api_version: Some("apps/v1".to_owned()),
                kind: "Deployment".to_owned(),
                name: spec.name.clone(),
            },
            ..HorizontalPodAutoscalerSpec::default()
        }),
        ..HorizontalPodAutoscaler::default()
    }
}
