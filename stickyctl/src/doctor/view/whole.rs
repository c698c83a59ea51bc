//! All objects with what belongs together.

use super::backends::{Backends, ServiceKey};
use super::entry::Entry;
use super::route::RouteEntry;
use super::{class, route, settings};
use crate::cluster::doors::Found;
use crate::cluster::doors::detect::doors;
use crate::cluster::workload::{Kind, Reference};
use crate::doctor::objects::{Objects, Workload};
use k8s_openapi::api::core::v1::Pod;
use k8s_openapi::api::networking::v1::IngressClass;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// The objects and how they belong together.
#[derive(Debug)]
pub(crate) struct View<'a> {
    pub(crate) objects: &'a Objects,
    /// How often the application sends something over an idle WebSocket.
    pub(crate) ping: Option<Duration>,
    /// The controllers that run, or that the files have.
    pub(crate) doors: Vec<Found>,
    pub(crate) entries: Vec<Entry<'a>>,
    pub(crate) routes: Vec<RouteEntry<'a>>,
    pub(crate) backends: Backends<'a>,
    /// What the ConfigMap of each door says, in the order of the doors.
    settings: Vec<Option<&'a BTreeMap<String, String>>>,
    /// The entries that lead to a Service.
    pub(crate) entries_of: BTreeMap<ServiceKey<'a>, Vec<usize>>,
    /// The routes that lead to a Service.
    pub(crate) routes_of: BTreeMap<ServiceKey<'a>, Vec<usize>>,
}

impl<'a> View<'a> {
    pub(crate) fn new(objects: &'a Objects, ping: Option<Duration>) -> Self {
        let classes: Vec<IngressClass> = objects.classes.iter().map(|class| class.object.clone()).collect();
        let pods: Vec<Pod> =
            objects.pods.iter().filter(|pod| crate::cluster::doors::detect::is_front_door(&pod.object)).map(|pod| pod.object.clone()).collect();
        let doors = doors(&pods, &classes);
        let backends = Backends::new(objects);
        let known = class::Classes::new(objects, &doors);
        let entries: Vec<Entry<'a>> = objects.ingresses.iter().map(|ingress| Entry::new(ingress, &known, &backends)).collect();
        let routes: Vec<RouteEntry<'a>> = route::all(objects);
        let mut entries_of: BTreeMap<ServiceKey<'a>, Vec<usize>> = BTreeMap::new();
        for (place, entry) in entries.iter().enumerate() {
            for key in entry.services() {
                entries_of.entry(key).or_default().push(place);
            }
        }
        let mut routes_of: BTreeMap<ServiceKey<'a>, Vec<usize>> = BTreeMap::new();
        for (place, route) in routes.iter().enumerate() {
            for key in &route.services {
                routes_of.entry(*key).or_default().push(place);
            }
        }
        let settings = settings::of(objects, &doors);
        Self { objects, ping, doors, entries, routes, backends, settings, entries_of, routes_of }
    }

    /// A value in the ConfigMap of the controller that serves an Ingress.
    pub(crate) fn setting(&self, entry: &Entry<'_>, key: &str) -> Option<&'a str> {
        let door = entry.served.doors.first()?;
        self.settings.get(*door)?.as_ref()?.get(key).map(String::as_str)
    }

    /// Services whose sessions a cookie keeps on their pods, each with words for who does it.
    pub(crate) fn sticky_services(&self) -> BTreeMap<ServiceKey<'a>, String> {
        let mut all = BTreeMap::new();
        for entry in &self.entries {
            for key in entry.services().into_iter().filter(|key| entry.cookie_for(*key).is_some()) {
                all.entry(key).or_insert_with(|| entry.title());
            }
        }
        for route in self.routes.iter().filter(|route| route.is_sticky()) {
            for key in &route.services {
                all.entry(*key).or_insert_with(|| route.title());
            }
        }
        all
    }

    /// Workloads behind sticky Services, each once, with the title of an Ingress or a route that leads there.
    pub(crate) fn sticky_workloads(&self) -> Vec<(&'a Workload, String)> {
        let mut seen = BTreeSet::new();
        let mut all = Vec::new();
        for (key, title) in self.sticky_services() {
            for (place, workload) in self.backends.workloads(key) {
                if seen.insert(place) {
                    all.push((workload, title.clone()));
                }
            }
        }
        all
    }

    /// The objects that are named and those behind them, as kind, namespace and name.
    ///
    /// # Errors
    /// The first reference to nothing.
    pub(crate) fn behind(&self, only: &[Reference]) -> Result<BTreeSet<(String, String, String)>, Reference> {
        let mut all = BTreeSet::new();
        let mut services: BTreeSet<ServiceKey<'a>> = BTreeSet::new();
        for reference in only {
            let before = services.len() + all.len();
            match reference.kind {
                Kind::Ingress => {
                    for entry in self.entries.iter().filter(|entry| entry.read.key().1 == reference.name) {
                        services.extend(entry.services());
                        all.insert(owned("Ingress", entry.read.key()));
                        all.extend(entry.class_name().map(|class| owned("IngressClass", ("", class))));
                    }
                }
                Kind::HttpRoute => {
                    for route in self.routes.iter().filter(|route| route.read.key().1 == reference.name) {
                        services.extend(&route.services);
                        all.insert(owned("HTTPRoute", route.read.key()));
                        all.extend(route.policies.iter().map(|policy| owned("BackendTrafficPolicy", policy.key())));
                    }
                }
                Kind::Service => services.extend(self.objects.services.iter().map(|service| service.key()).filter(|key| key.1 == reference.name)),
            }
            if services.len() + all.len() == before {
                return Err(reference.clone());
            }
        }
        for key in services {
            all.insert(owned("Service", key));
            all.extend(self.entries_of.get(&key).into_iter().flatten().map(|place| owned("Ingress", self.entries[*place].read.key())));
            all.extend(self.routes_of.get(&key).into_iter().flatten().map(|place| owned("HTTPRoute", self.routes[*place].read.key())));
            all.extend(self.backends.workloads(key).into_iter().map(|(_, workload)| {
                let about = workload.about();
                (about.kind, about.namespace, about.name)
            }));
        }
        Ok(all)
    }
}

fn owned(kind: &str, (namespace, name): (&str, &str)) -> (String, String, String) {
    (kind.to_owned(), namespace.to_owned(), name.to_owned())
}
