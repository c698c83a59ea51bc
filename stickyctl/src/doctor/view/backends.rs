//! Services, and the workloads behind them.

use crate::doctor::objects::{Objects, Read, Workload};
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use k8s_openapi::api::core::v1::Service;
use std::collections::BTreeMap;

/// A Service, as namespace and name.
pub(crate) type ServiceKey<'a> = (&'a str, &'a str);

/// A label in a namespace.
type Labelled<'a> = (&'a str, &'a str, &'a str);

/// Services and workloads by what finds them.
#[derive(Debug)]
pub(crate) struct Backends<'a> {
    services: BTreeMap<ServiceKey<'a>, &'a Read<Service>>,
    workloads: &'a [Workload],
    by_label: BTreeMap<Labelled<'a>, Vec<usize>>,
    autoscalers: BTreeMap<(&'a str, &'a str, &'a str), &'a HorizontalPodAutoscaler>,
}

impl<'a> Backends<'a> {
    pub(super) fn new(objects: &'a Objects) -> Self {
        let mut by_label: BTreeMap<Labelled<'a>, Vec<usize>> = BTreeMap::new();
        for (place, workload) in objects.workloads.iter().enumerate() {
            let namespace = workload.metadata.namespace.as_deref().unwrap_or_default();
            for (key, value) in workload.template.metadata.iter().flat_map(|meta| meta.labels.iter().flatten()) {
                by_label.entry((namespace, key, value)).or_default().push(place);
            }
        }
        let autoscalers = objects.autoscalers.iter().filter_map(|read| {
            let target = &read.object.spec.as_ref()?.scale_target_ref;
            Some(((read.key().0, target.kind.as_str(), target.name.as_str()), &read.object))
        });
        Self {
            services: objects.services.iter().map(|service| (service.key(), service)).collect(),
            workloads: &objects.workloads,
            by_label,
            autoscalers: autoscalers.collect(),
        }
    }

    pub(crate) fn service(&self, key: ServiceKey<'_>) -> Option<&'a Read<Service>> {
        self.services.get(&key).copied()
    }

    /// The workloads whose pods a Service selects, with their place among all.
    pub(crate) fn workloads(&self, key: ServiceKey<'_>) -> Vec<(usize, &'a Workload)> {
        let Some(selector) = self.service(key).and_then(|service| service.object.spec.as_ref()?.selector.as_ref()) else { return Vec::new() };
        let of_label =
            |(label, value): (&'a String, &'a String)| self.by_label.get(&(key.0, label.as_str(), value.as_str())).map_or(&[][..], Vec::as_slice);
        // The rarest label first: the others are compared with few workloads.
        let rarest = selector.iter().map(of_label).min_by_key(|all| all.len()).unwrap_or_default();
        let fits = |place: &&usize| {
            let labels = self.workloads[**place].template.metadata.as_ref().and_then(|meta| meta.labels.as_ref());
            labels.is_some_and(|labels| selector.iter().all(|(label, value)| labels.get(label) == Some(value)))
        };
        rarest.iter().filter(fits).map(|place| (*place, &self.workloads[*place])).collect()
    }

    /// The autoscaler of a workload.
    pub(crate) fn autoscaler(&self, workload: &Workload) -> Option<&'a HorizontalPodAutoscaler> {
        let meta = &workload.metadata;
        self.autoscalers.get(&(meta.namespace.as_deref().unwrap_or_default(), workload.kind, meta.name.as_deref().unwrap_or_default())).copied()
    }
}
