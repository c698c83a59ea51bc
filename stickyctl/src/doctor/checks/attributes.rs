//! Secure and SameSite.

use super::codes::{SAMESITE_NEEDS_SECURE, SECURE_WITHOUT_TLS, annotation};
use crate::comparison::Controller;
use crate::doctor::finding::{Finding, Severity};
use crate::doctor::view::{Cookie, Entry, View};

pub(super) fn check(view: &View<'_>) -> Vec<Finding> {
    view.entries.iter().flat_map(|entry| of_entry(view, entry)).collect()
}

fn of_entry(view: &View<'_>, entry: &Entry<'_>) -> Vec<Finding> {
    let Some((service, cookie)) = entry.services().into_iter().find_map(|key| Some((key, entry.cookie_for(key)?))) else { return Vec::new() };
    let about = if cookie.on_service {
        view.backends.service(service).map_or_else(|| entry.read.about(), |service| service.about())
    } else {
        entry.read.about()
    };
    let is_none = cookie.same_site.as_deref().is_some_and(|value| value.eq_ignore_ascii_case("none"));
    // nginx drops `none` in lower case.
    let counts = is_none && (entry.controller() != Some(Controller::IngressNginx) || cookie.same_site.as_deref() == Some("None"));
    let over_https = cookie.secure_by_itself && entry.has_tls_everywhere();
    let mut all = Vec::new();
    if counts && !cookie.secure && !over_https {
        let because = if cookie.secure_by_itself {
            "ingress-nginx adds Secure only to answers over https, and this Ingress has no TLS for every host"
        } else {
            "nothing sets Secure"
        };
        let found = SAMESITE_NEEDS_SECURE.found(
            about.clone(),
            annotation(key(cookie, "samesite")),
            format!("Browsers reject a cookie with SameSite=None and without Secure: {because}"),
            format!("Set {}: \"true\"", key(cookie, "secure")),
        );
        all.push(found);
    }
    if cookie.secure && !entry.has_tls_everywhere() {
        let found = SECURE_WITHOUT_TLS.found(
            about,
            annotation(key(cookie, "secure")),
            "Browsers do not send the Secure cookie over plain HTTP, and this Ingress has no TLS for every host",
            "Add the hosts to spec.tls; if TLS ends in front of the controller, this is right",
        );
        all.push(found.at_most(Severity::Warning));
    }
    all
}

/// The annotation of an attribute.
fn key(cookie: &Cookie, attribute: &str) -> &'static str {
    match (cookie.switch, attribute) {
        ("traefik.ingress.kubernetes.io/service.sticky.cookie", "samesite") => "traefik.ingress.kubernetes.io/service.sticky.cookie.samesite",
        ("traefik.ingress.kubernetes.io/service.sticky.cookie", _) => "traefik.ingress.kubernetes.io/service.sticky.cookie.secure",
        ("haproxy-ingress.github.io/affinity", _) => "haproxy-ingress.github.io/session-cookie-same-site",
        ("nginx.org/sticky-cookie-services", _) => "nginx.org/sticky-cookie-services",
        (_, "samesite") => "nginx.ingress.kubernetes.io/session-cookie-samesite",
        (_, _) => "nginx.ingress.kubernetes.io/session-cookie-secure",
    }
}
