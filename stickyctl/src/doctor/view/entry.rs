//! An Ingress: its class, its controller, its paths, and the affinity that its controller reads.

use super::backends::{Backends, ServiceKey};
use super::class::{Class, Classes, Served, named};
use super::cookie::{self, Cookie};
use crate::comparison::{Controller, keys};
use crate::doctor::objects::Read;
use k8s_openapi::api::networking::v1::{Ingress, IngressBackend};
use std::collections::{BTreeMap, BTreeSet};

/// A path of an Ingress, and the Service that it leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PathTo<'a> {
    /// The rule's host; `None` takes any.
    pub(crate) host: Option<&'a str>,
    /// `/` if the rule has none.
    pub(crate) path: &'a str,
    /// Where it is in `spec`, as rule and path; `None` for the default backend.
    pub(crate) place: Option<(usize, usize)>,
    /// The Service.
    pub(crate) service: ServiceKey<'a>,
}

/// An Ingress.
#[derive(Debug)]
pub(crate) struct Entry<'a> {
    pub(crate) read: &'a Read<Ingress>,
    pub(crate) class: Class<'a>,
    pub(crate) served: Served,
    pub(crate) paths: Vec<PathTo<'a>>,
    cookies: BTreeMap<ServiceKey<'a>, Cookie>,
    tls: BTreeSet<&'a str>,
    has_tls: bool,
}

impl<'a> Entry<'a> {
    pub(super) fn new(read: &'a Read<Ingress>, classes: &Classes<'a, '_>, backends: &Backends<'a>) -> Self {
        let class = classes.class(&read.object);
        let namespace = read.key().0;
        let served = classes.served(class, namespace, guess(&read.object));
        let paths = paths(&read.object, namespace);
        let tls = read.object.spec.iter().flat_map(|spec| spec.tls.iter().flatten());
        let mut entry = Self {
            class,
            served,
            paths,
            cookies: BTreeMap::new(),
            tls: tls.clone().flat_map(|tls| tls.hosts.iter().flatten()).map(String::as_str).collect(),
            has_tls: tls.clone().next().is_some(),
            read,
        };
        if let Some(controller) = entry.served.controller {
            let of_service = |key: ServiceKey<'a>| {
                let service = backends.service(key).and_then(|service| service.object.metadata.annotations.as_ref());
                cookie::read(controller, read.object.metadata.annotations.as_ref(), service, key.1).map(|cookie| (key, cookie))
            };
            entry.cookies = entry.services().into_iter().filter_map(of_service).collect();
        }
        entry
    }

    /// The controller that is known, or guessed by the annotations.
    pub(crate) const fn controller(&self) -> Option<Controller> {
        self.served.controller
    }

    /// Whether a controller is this one, or Traefik's provider for its annotations.
    pub(crate) fn reads_nginx(&self) -> bool {
        matches!(self.controller(), Some(Controller::IngressNginx | Controller::TraefikNginx))
    }

    pub(crate) fn class_name(&self) -> Option<&'a str> {
        self.class.name()
    }

    pub(crate) fn annotation(&self, key: &str) -> Option<&'a str> {
        self.read.object.metadata.annotations.as_ref()?.get(key).map(String::as_str)
    }

    /// One of ingress-nginx's annotations.
    pub(crate) fn nginx(&self, key: &str) -> Option<&'a str> {
        self.annotation(&format!("nginx.ingress.kubernetes.io/{key}"))
    }

    /// All annotations.
    pub(crate) fn annotations(&self) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
        self.read.object.metadata.annotations.iter().flatten().map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// The Services that it leads to, each once.
    pub(crate) fn services(&self) -> BTreeSet<ServiceKey<'a>> {
        self.paths.iter().map(|path| path.service).collect()
    }

    /// The affinity that the controller keeps for a Service, as this Ingress and the Service configure it.
    pub(crate) fn cookie_for(&self, service: ServiceKey<'a>) -> Option<&Cookie> {
        self.cookies.get(&service)
    }

    /// Any of its cookies.
    pub(crate) fn cookie(&self) -> Option<&Cookie> {
        self.cookies.values().next()
    }

    /// Whether it has an annotation about affinity, of whatever controller.
    pub(crate) fn wants_affinity(&self) -> Option<(&'a str, Controller)> {
        self.annotations().find_map(|(key, value)| {
            let (dialect, name) = keys::of(key)?;
            // The switch itself, rather than a detail of the cookie.
            let is_switch = matches!(name, "affinity" | "cookie-persistence" | "sticky-cookie-services" | "service.sticky.cookie" | "service.sticky");
            (is_switch && !value.is_empty() && value != "false").then_some((key, dialect.controller))
        })
    }

    /// Whether the Ingress ends TLS for a host.
    pub(crate) fn has_tls(&self, host: Option<&str>) -> bool {
        let covers = |host: &str| {
            self.tls.contains(host)
                || self.tls.iter().any(|one| one.strip_prefix("*.").is_some_and(|end| host.split_once('.').is_some_and(|(_, rest)| rest == end)))
        };
        // Without hosts, the certificate is for all of them.
        self.has_tls && (self.tls.is_empty() || host.is_none_or(covers))
    }

    /// Whether every host of its rules has TLS.
    pub(crate) fn has_tls_everywhere(&self) -> bool {
        !self.paths.is_empty() && self.paths.iter().all(|path| self.has_tls(path.host))
    }

    pub(crate) fn is_canary(&self) -> bool {
        self.nginx("canary") == Some("true")
    }

    /// As in `Ingress shop/web`.
    pub(crate) fn title(&self) -> String {
        self.read.about().title()
    }

    /// The controller in words.
    pub(crate) fn by(&self) -> String {
        match (&self.served.controller, &self.served.version) {
            (Some(controller), Some(version)) => format!("{} {version}", controller.name()),
            (Some(controller), None) => controller.name().to_owned(),
            (None, _) => self.served.named.as_ref().map_or_else(|| "its controller".to_owned(), |named| format!("the controller {named}")),
        }
    }
}

/// The controller whose annotations about affinity an Ingress has, if there is only one, or whose name its class has.
fn guess(ingress: &Ingress) -> Option<Controller> {
    let annotations = ingress.metadata.annotations.iter().flatten();
    let dialects: BTreeSet<Controller> = annotations.filter_map(|(key, _)| keys::of(key)).map(|(dialect, _)| dialect.controller).collect();
    let by_annotations = dialects.first().copied().filter(|_| dialects.len() == 1);
    let class = named(ingress).and_then(Class::name).unwrap_or_default();
    match by_annotations {
        Some(Controller::IngressNginx) if class.contains("traefik") => Some(Controller::TraefikNginx),
        None if class.contains("traefik") => Some(Controller::Traefik),
        other => other,
    }
}

fn paths<'a>(ingress: &'a Ingress, namespace: &'a str) -> Vec<PathTo<'a>> {
    let Some(spec) = &ingress.spec else { return Vec::new() };
    let service = |backend: &'a IngressBackend| Some((namespace, backend.service.as_ref()?.name.as_str()));
    let mut all = Vec::new();
    for (rule_place, rule) in spec.rules.iter().flatten().enumerate() {
        for (path_place, path) in rule.http.iter().flat_map(|http| &http.paths).enumerate() {
            if let Some(service) = service(&path.backend) {
                let host = rule.host.as_deref().filter(|host| !host.is_empty());
                all.push(PathTo { host, path: path.path.as_deref().unwrap_or("/"), place: Some((rule_place, path_place)), service });
            }
        }
    }
    if let Some(service) = spec.default_backend.as_ref().and_then(service) {
        all.push(PathTo { host: None, path: "/", place: None, service });
    }
    all
}
