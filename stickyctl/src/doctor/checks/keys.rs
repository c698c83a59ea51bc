//! Annotations about affinity that the controller doesn't know, or reads elsewhere.

use super::codes::{UNKNOWN_KEY, UNSUPPORTED_KEY, WRONG_OBJECT, annotation};
use crate::comparison::Controller;
use crate::comparison::keys::{self, Dialect, On, Reading};
use crate::doctor::finding::{About, Finding, Severity};
use crate::doctor::view::{Entry, View};

pub(super) fn check(view: &View<'_>) -> Vec<Finding> {
    let of_ingresses = view.entries.iter().flat_map(|entry| {
        let of_keys = entry.annotations().filter_map(|(key, _)| of_key(&entry.read.about(), key, On::Ingress));
        let old = entry.annotations().filter_map(|(key, value)| old_prefix(entry, key, value));
        let unsupported = entry.annotations().filter_map(|(key, value)| unsupported(entry, key, value));
        of_keys.chain(old).chain(unsupported).collect::<Vec<_>>()
    });
    let of_services = view.objects.services.iter().flat_map(|service| {
        let about = service.about();
        let annotations = service.object.metadata.annotations.iter().flatten();
        annotations.filter_map(|(key, _)| of_key(&about, key, On::Service)).collect::<Vec<_>>()
    });
    of_ingresses.chain(of_services).collect()
}

fn of_key(about: &About, key: &str, on: On) -> Option<Finding> {
    let (dialect, name) = keys::of(key)?;
    match dialect.reads(name, on) {
        Reading::Unknown(meant) => unknown(about, key, (dialect, name), meant),
        Reading::Elsewhere(places) if dialect.is_affinity(name) => Some(elsewhere(about, key, dialect, on, places)),
        Reading::Elsewhere(_) | Reading::Read | Reading::Unsure => None,
    }
}

/// Only what is, or was meant to be, about affinity.
fn unknown(about: &About, key: &str, (dialect, name): (&Dialect, &str), meant: Option<&str>) -> Option<Finding> {
    let meant = meant.filter(|meant| dialect.is_affinity(meant));
    if !dialect.is_affinity(name) && meant.is_none() {
        return None;
    }
    let prefix = dialect.prefixes.first().copied().unwrap_or_default();
    // ingress-nginx chooses the hash by itself since 0.24 (kubernetes/ingress-nginx#3850): nothing is lost without it.
    let is_old = name == "session-cookie-hash";
    let fix = match meant.filter(|_| !is_old) {
        Some(meant) => format!("Did you mean {prefix}{meant}? If not, remove the annotation"),
        None => "Remove the annotation".to_owned(),
    };
    let found =
        UNKNOWN_KEY.found(about.clone(), annotation(key), format!("{} does not know this annotation and ignores it", dialect.controller.name()), fix);
    // A detail of the cookie, rather than affinity itself.
    let is_detail = name.starts_with("session-cookie") || meant.is_some_and(|meant| meant.starts_with("session-cookie"));
    Some(match (is_old, is_detail) {
        (true, _) => found.at_most(Severity::Note),
        (false, true) => found.at_most(Severity::Warning),
        (false, false) => found,
    })
}

fn elsewhere(about: &About, key: &str, dialect: &Dialect, on: On, places: &[On]) -> Finding {
    let place = match places {
        [] => "its ConfigMap".to_owned(),
        [one, ..] => format!("the {}", one.kind()),
    };
    let found = WRONG_OBJECT.found(
        about.clone(),
        annotation(key),
        format!("{} reads this annotation on {place}, not on the {}", dialect.controller.name(), on.kind()),
        format!("Move it to {place}"),
    );
    if places.is_empty() { found.at_most(Severity::Warning) } else { found }
}

/// ingress-nginx dropped the prefix without `nginx.` in 0.9; haproxy-ingress still reads it.
fn old_prefix(entry: &Entry<'_>, key: &str, value: &str) -> Option<Finding> {
    let name = key.strip_prefix("ingress.kubernetes.io/")?;
    let is_affinity = name == "affinity" || name.starts_with("session-cookie-");
    (is_affinity && entry.served.certain && entry.reads_nginx() && entry.nginx(name) != Some(value)).then(|| {
        UNKNOWN_KEY.found(
            entry.read.about(),
            annotation(key),
            format!("{} does not read annotations with this prefix", entry.by()),
            format!("Write nginx.ingress.kubernetes.io/{name}"),
        )
    })
}

/// What Traefik's ingress-nginx provider makes of an annotation that it ignores (docs/front-doors.md, tested with 3.6.12).
fn unsupported(entry: &Entry<'_>, key: &str, value: &str) -> Option<Finding> {
    let name = key.strip_prefix("nginx.ingress.kubernetes.io/").filter(|_| entry.controller() == Some(Controller::TraefikNginx))?;
    let (severity, consequence, fix) = match (name, value) {
        ("affinity-mode", "balanced") => (
            Severity::Note,
            "Traefik ignores it and behaves as in persistent mode: scaling up moves no sessions, and new pods get new sessions only",
            "Remove the annotation, or write persistent",
        ),
        ("session-cookie-change-on-failure", "true") => (
            Severity::Warning,
            "Traefik ignores it: sessions of a pod that fails get 502 until its endpoint is gone",
            "Let readiness fail early, or add a health check to the Service",
        ),
        ("session-cookie-conditional-samesite-none", "true") => {
            (Severity::Note, "Traefik ignores it: old browsers get SameSite=None too", "Remove the annotation")
        }
        ("session-cookie-expires", _) => (
            Severity::Warning,
            "Traefik 3.6 ignores it: the cookie lasts until the browser exits, unless session-cookie-max-age is set",
            "Set session-cookie-max-age",
        ),
        ("canary", "true") => (
            Severity::Error,
            "Traefik ignores canary annotations: all requests go to one of the two Ingresses, and which one is arbitrary",
            "Use a weighted TraefikService, or remove the canary Ingress",
        ),
        _ => return None,
    };
    Some(UNSUPPORTED_KEY.found(entry.read.about(), annotation(key), consequence, fix).at_most(severity))
}
