//! From an Ingress through its class to the controller that reads its annotations.

use super::codes::{CLASS_SERVED_TWICE, CLASS_UNSERVED, OTHER_CONTROLLER, annotation};
use crate::comparison::{Controller, keys};
use crate::doctor::finding::Finding;
use crate::doctor::view::{Class, Entry, View};

pub(super) fn check(view: &View<'_>) -> Vec<Finding> {
    let of_ingresses = view.entries.iter().filter(|entry| entry.wants_affinity().is_some()).flat_map(|entry| {
        let found = unserved(view, entry).or_else(|| twice(view, entry));
        found.into_iter().chain(other(entry))
    });
    of_ingresses.chain(of_services(view)).collect()
}

/// The field that names the class.
fn field(entry: &Entry<'_>) -> String {
    match entry.class {
        Class::Annotated(_) => annotation("kubernetes.io/ingress.class"),
        _ => "spec.ingressClassName".to_owned(),
    }
}

fn unserved(view: &View<'_>, entry: &Entry<'_>) -> Option<Finding> {
    let known = view.objects.has_all("IngressClasses") && view.objects.has_all("Pods");
    let served = &entry.served;
    if !known || !served.doors.is_empty() {
        return None;
    }
    let found = |consequence: String, fix: &str| Some(CLASS_UNSERVED.found(entry.read.about(), field(entry), consequence, fix));
    let lists = "kubectl get ingressclass lists the classes; name one that a controller serves";
    if let Some(blind) = served.blind.first().map(|place| &view.doors[*place]) {
        return found(
            format!("{} ({} in namespace {}) serves the class, but does not watch this namespace", blind.title(), blind.workload, blind.namespace),
            "Let the controller watch the namespace, or name another class",
        );
    }
    match (entry.class, &served.named) {
        (Class::None, _) => found("The Ingress names no class, and the cluster has no default class, so no controller reads it".to_owned(), lists),
        (Class::Named(name), None) => found(format!("IngressClass {name} does not exist, so no controller reads this Ingress"), lists),
        // Such a class needs no object: the controller's own arguments decide.
        (Class::Annotated(_), None) => None,
        // Only controllers that doctor recognizes can be missed.
        (_, Some(named)) if served.controller.is_some() => {
            let name = entry.class_name().unwrap_or_default();
            found(
                format!("No pod of a controller {named} serves IngressClass {name}, so nothing reads this Ingress"),
                "Start the controller, or name another class",
            )
        }
        _ => None,
    }
}

fn twice(view: &View<'_>, entry: &Entry<'_>) -> Option<Finding> {
    let doors: Vec<String> =
        entry.served.doors.iter().map(|place| &view.doors[*place]).map(|door| format!("{} in namespace {}", door.workload, door.namespace)).collect();
    (doors.len() > 1).then(|| {
        CLASS_SERVED_TWICE.found(
            entry.read.about(),
            field(entry),
            format!("{} controllers serve the class: {}", doors.len(), doors.join(" and ")),
            "Give each controller a class of its own (spec.controller of the IngressClass, and the controller's argument for it)",
        )
    })
}

/// The controller whose annotations a controller reads.
fn dialect(controller: Controller) -> Controller {
    if controller == Controller::TraefikNginx { Controller::IngressNginx } else { controller }
}

/// What turns affinity on for a controller.
pub(super) const fn switch(controller: Controller) -> &'static str {
    match controller {
        Controller::IngressNginx | Controller::TraefikNginx => "nginx.ingress.kubernetes.io/affinity: cookie on the Ingress",
        Controller::Traefik => "traefik.ingress.kubernetes.io/service.sticky.cookie: \"true\" on the Service",
        Controller::HaproxyIngress => "haproxy-ingress.github.io/affinity: cookie on the Ingress or the Service",
        Controller::Haproxytech => "haproxy.org/cookie-persistence: NAME on the Service",
        Controller::F5Nginx => "nginx.org/sticky-cookie-services: serviceName=SERVICE NAME path=/ on the Ingress",
        Controller::Gateway => "sessionPersistence in the HTTPRoute",
    }
}

/// Annotations of one controller on an Ingress that another one serves. An Ingress may have those of several; then its own count.
fn other(entry: &Entry<'_>) -> Option<Finding> {
    let (key, meant) = entry.wants_affinity().filter(|_| entry.served.certain && entry.cookie().is_none())?;
    let serves = entry.controller();
    // Whatever it means, nginx's affinity is checked by its value.
    if serves.map(dialect) == Some(meant) {
        return None;
    }
    let fix = match serves {
        Some(controller) => format!("Set {}, or name a class that {} serves", switch(controller), meant.name()),
        None => format!("Name a class that {} serves, or use the affinity settings of the controller that serves this one", meant.name()),
    };
    let consequence = format!("{} serves this Ingress and ignores the annotation, which is for {}", entry.by(), meant.name());
    Some(OTHER_CONTROLLER.found(entry.read.about(), annotation(key), consequence, fix))
}

/// The same for annotations on Services, where nothing that leads to the Service reads them.
fn of_services(view: &View<'_>) -> Vec<Finding> {
    let mut all = Vec::new();
    for service in &view.objects.services {
        let Some(places) = view.entries_of.get(&service.key()) else { continue };
        let entries: Vec<&Entry<'_>> = places.iter().map(|place| &view.entries[*place]).collect();
        let annotations = service.object.metadata.annotations.iter().flatten();
        let wanted = annotations.filter_map(|(key, value)| {
            let (dialect, name) = keys::of(key)?;
            let is_switch = matches!(name, "affinity" | "cookie-persistence" | "service.sticky.cookie")
                && dialect.reads(name, keys::On::Service) == keys::Reading::Read;
            (is_switch && value != "false").then_some((key, dialect.controller))
        });
        for (key, meant) in wanted {
            let is_read =
                entries.iter().any(|entry| !entry.served.certain || entry.controller() == Some(meant) || entry.cookie_for(service.key()).is_some());
            if let (false, Some(entry)) = (is_read, entries.first()) {
                let set = entry.controller().map_or("the settings of that controller", switch);
                all.push(OTHER_CONTROLLER.found(
                    service.about(),
                    annotation(key),
                    format!("{} serves {} and ignores the annotation, which is for {}", entry.by(), entry.title(), meant.name()),
                    format!("Set {set}"),
                ));
            }
        }
    }
    all
}
