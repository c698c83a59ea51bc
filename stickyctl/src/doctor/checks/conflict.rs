//! One Service in several Ingresses, one cookie for several Services, and a cookie of somebody else's.

use super::codes::{INGRESS_CONFLICT, NAME_SHARED, NAME_TAKEN, annotation};
use crate::comparison::Controller;
use crate::doctor::finding::{About, Finding, Severity};
use crate::doctor::view::{Cookie, CookiePath, Entry, Mode, ServiceKey, View};
use crate::spec::taken;
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn check(view: &View<'_>) -> Vec<Finding> {
    let conflicts = view.entries_of.iter().filter(|(_, places)| places.len() > 1).flat_map(|(service, places)| {
        let entries: Vec<&Entry<'_>> = places.iter().map(|place| &view.entries[*place]).collect();
        conflict(*service, &entries)
    });
    conflicts.chain(shared(view)).chain(taken_names(view)).collect()
}

/// Only ingress-nginx keeps affinity per Service; Traefik keeps Ingresses apart (docs/front-doors.md, tested).
fn conflict(service: ServiceKey<'_>, entries: &[&Entry<'_>]) -> Vec<Finding> {
    let of_nginx: Vec<&&Entry<'_>> =
        entries.iter().filter(|entry| entry.controller() == Some(Controller::IngressNginx) && !entry.is_canary()).collect();
    let with: Vec<&&&Entry<'_>> = of_nginx.iter().filter(|entry| entry.cookie().is_some()).collect();
    let Some(first) = with.first() else { return Vec::new() };
    let mut all = Vec::new();
    for other in &with[1..] {
        if let Some((key, mine, theirs)) = difference(first, other) {
            all.push(INGRESS_CONFLICT.found(
                other.read.about(),
                annotation(&format!("nginx.ingress.kubernetes.io/{key}")),
                format!("{} has {mine} and this Ingress has {theirs} for Service {}, and only one of the two counts", first.title(), service.1),
                "Give both the same affinity annotations, or a Service each",
            ));
        }
    }
    // Other controllers' Ingresses, and those whose class is unknown, don't meet it.
    let without = of_nginx.iter().filter(|entry| entry.cookie().is_none() && entry.class_name() == first.class_name());
    all.extend(without.map(|entry| {
        let found = INGRESS_CONFLICT.found(
            entry.read.about(),
            annotation("nginx.ingress.kubernetes.io/affinity"),
            format!("{} keeps sessions for Service {}; requests through this Ingress obey its cookie but never get one", first.title(), service.1),
            "Give both the same affinity annotations, or a Service each",
        );
        found.at_most(Severity::Warning)
    }));
    all
}

/// The first annotation with different values, and the values.
fn difference(a: &Entry<'_>, b: &Entry<'_>) -> Option<(&'static str, String, String)> {
    let (first, second) = (a.cookie()?, b.cookie()?);
    let mode = |cookie: &Cookie| if cookie.mode == Mode::Persistent { "persistent".to_owned() } else { "balanced".to_owned() };
    let path = |cookie: &Cookie| match &cookie.path {
        CookiePath::Fixed(path) => format!("session-cookie-path {path}"),
        CookiePath::OfRule => "no session-cookie-path".to_owned(),
    };
    let name = |cookie: &Cookie| format!("the cookie {}", cookie.name.clone().unwrap_or_default());
    let same = |key: &'static str, (one, other): (String, String)| (one != other).then_some((key, one, other));
    let raw = |key: &'static str| {
        let value = |entry: &Entry<'_>| entry.nginx(key).map_or_else(|| format!("no {key}"), |value| format!("{key} {value}"));
        same(key, (value(a), value(b)))
    };
    same("affinity-mode", (mode(first), mode(second)))
        .or_else(|| same("session-cookie-name", (name(first), name(second))))
        .or_else(|| same("session-cookie-path", (path(first), path(second))))
        .or_else(|| {
            [
                "session-cookie-max-age",
                "session-cookie-expires",
                "session-cookie-samesite",
                "session-cookie-domain",
                "session-cookie-change-on-failure",
            ]
            .into_iter()
            .find_map(raw)
        })
}

/// A cookie as browsers tell it from others: host, name and path.
type Identity<'a> = (&'a str, String, String);

/// Equal cookies of different Services.
fn shared(view: &View<'_>) -> Vec<Finding> {
    let mut cookies: BTreeMap<Identity<'_>, Vec<(ServiceKey<'_>, &Entry<'_>)>> = BTreeMap::new();
    for entry in view.entries.iter().filter(|entry| !entry.is_canary()) {
        for to in &entry.paths {
            let Some((cookie, name)) = entry.cookie_for(to.service).and_then(|cookie| Some((cookie, cookie.name.clone()?))) else { continue };
            let path = match &cookie.path {
                CookiePath::Fixed(path) => path.clone(),
                CookiePath::OfRule => to.path.to_owned(),
            };
            let all = cookies.entry((to.host.unwrap_or_default(), name, path)).or_default();
            if !all.iter().any(|(service, _)| *service == to.service) {
                all.push((to.service, entry));
            }
        }
    }
    let mut seen = BTreeSet::new();
    let mut all = Vec::new();
    for ((host, name, _), users) in cookies {
        let Some(((first, _), rest)) = users.split_first() else { continue };
        for (service, entry) in rest {
            let Some(cookie) = entry.cookie_for(*service).filter(|_| seen.insert((*service, name.clone()))) else { continue };
            let jumps = entry.controller() == Some(Controller::IngressNginx) && cookie.mode == Mode::Persistent;
            let (about, field) = place(view, entry, cookie, *service);
            let host = if host.is_empty() { "every host".to_owned() } else { format!("host {host}") };
            let follows =
                if jumps { "each switch between them moves the session to another pod" } else { "each answer overwrites the other's cookie" };
            let found = NAME_SHARED.found(
                about,
                field,
                format!("Services {} and {} both use the cookie {name} on {host}, and {follows}", first.1, service.1),
                "Give each Service a cookie name of its own",
            );
            all.push(if jumps { found } else { found.at_most(Severity::Note) });
        }
    }
    all
}

fn place(view: &View<'_>, entry: &Entry<'_>, cookie: &Cookie, service: ServiceKey<'_>) -> (About, String) {
    let key = match cookie.switch {
        "nginx.ingress.kubernetes.io/affinity" => "nginx.ingress.kubernetes.io/session-cookie-name",
        "haproxy-ingress.github.io/affinity" => "haproxy-ingress.github.io/session-cookie-name",
        "traefik.ingress.kubernetes.io/service.sticky.cookie" => "traefik.ingress.kubernetes.io/service.sticky.cookie.name",
        other => other,
    };
    let about = view.backends.service(service).filter(|_| cookie.on_service).map_or_else(|| entry.read.about(), |service| service.about());
    (about, annotation(key))
}

fn taken_names(view: &View<'_>) -> Vec<Finding> {
    let mut seen = BTreeSet::new();
    let mut all = Vec::new();
    for entry in &view.entries {
        for service in entry.services() {
            let Some((cookie, name)) = entry.cookie_for(service).and_then(|cookie| Some((cookie, cookie.name.clone()?))) else { continue };
            let Some(owner) = taken::by_application(&name) else { continue };
            let (about, field) = place(view, entry, cookie, service);
            if seen.insert((about.title(), name.clone())) {
                all.push(NAME_TAKEN.found(
                    about,
                    field,
                    format!("{name} is the cookie of {owner}: if the application sets it too, each overwrites the other's"),
                    "Choose a name that the application does not use",
                ));
            }
        }
    }
    all
}
