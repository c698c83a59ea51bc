//! Objects that can't work: those that the API server rejects, and routes to nothing.

use super::codes::{BACKEND_MISSING, NO_ENDPOINT, OBJECT_REJECTED};
use crate::doctor::finding::Finding;
use crate::doctor::view::{ServiceKey, View};
use k8s_openapi::api::discovery::v1::EndpointSlice;
use std::collections::BTreeMap;

pub(super) fn check(view: &View<'_>) -> Vec<Finding> {
    let unfit = view.objects.unfit.iter().map(|unfit| {
        let quote = if unfit.why.contains("expected a string") { "Put the value into quotes" } else { "Correct the field" };
        OBJECT_REJECTED.found(unfit.about.clone(), &*unfit.field, capital(&unfit.why), quote)
    });
    unfit.chain(missing(view)).chain(endless(view)).collect()
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// Only where all Services are known.
fn missing<'a>(view: &'a View<'_>) -> impl Iterator<Item = Finding> + use<'a> {
    let known = view.objects.has_all("Services");
    let of_ingresses = view.entries.iter().filter(move |entry| known && entry.wants_affinity().is_some()).flat_map(|entry| {
        entry.paths.iter().filter(|path| view.backends.service(path.service).is_none()).map(|path| {
            let field = path.place.map_or_else(
                || "spec.defaultBackend.service".to_owned(),
                |(rule, path)| format!("spec.rules[{rule}].http.paths[{path}].backend.service"),
            );
            BACKEND_MISSING.found(
                entry.read.about(),
                field,
                format!("Service {} does not exist in namespace {}", path.service.1, path.service.0),
                "Name the Service that selects the application's pods",
            )
        })
    });
    let of_routes = view.routes.iter().filter(move |route| known && route.is_sticky()).flat_map(|route| {
        route.services.iter().filter(|key| view.backends.service(**key).is_none()).map(|key| {
            BACKEND_MISSING.found(
                route.read.about(),
                "spec.rules[].backendRefs",
                format!("Service {} does not exist in namespace {}", key.1, key.0),
                "Name the Service that selects the application's pods",
            )
        })
    });
    of_ingresses.chain(of_routes)
}

/// Services that have EndpointSlices, and no ready endpoint in any.
fn endless<'a>(view: &'a View<'_>) -> impl Iterator<Item = Finding> + use<'a> {
    let mut ready: BTreeMap<ServiceKey<'a>, bool> = BTreeMap::new();
    for slice in &view.objects.slices {
        let service = slice.metadata.labels.as_ref().and_then(|labels| labels.get("kubernetes.io/service-name"));
        if let Some(service) = service {
            *ready.entry((slice.metadata.namespace.as_deref().unwrap_or_default(), service)).or_default() |= is_ready(slice);
        }
    }
    view.sticky_services().into_keys().filter_map(move |key| {
        let service = view.backends.service(key).filter(|_| ready.get(&key) == Some(&false))?;
        Some(NO_ENDPOINT.found(
            service.about(),
            "spec.selector",
            "No pod behind this Service is ready, so the front door answers 503",
            format!("kubectl get pods -n {} shows the pods and whether they are ready", key.0),
        ))
    })
}

fn is_ready(slice: &EndpointSlice) -> bool {
    slice.endpoints.iter().any(|endpoint| endpoint.conditions.as_ref().and_then(|conditions| conditions.ready).unwrap_or(true))
}
