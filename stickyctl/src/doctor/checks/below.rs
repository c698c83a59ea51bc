//! Load balancing below the front door: the Service's address, and the Service's own affinity.

use super::codes::{CLIENT_IP_UNUSED, SERVICE_ADDRESS, annotation};
use crate::comparison::Controller;
use crate::doctor::finding::Finding;
use crate::doctor::view::{Entry, View};

pub(super) fn check(view: &View<'_>) -> Vec<Finding> {
    let of_ingresses = view.entries.iter().filter(|entry| entry.cookie().is_some()).filter_map(|entry| of_ingress(view, entry));
    let sticky = view.sticky_services();
    let of_services = view.objects.services.iter().filter_map(|service| {
        let key = service.key();
        let is_client_ip = service.object.spec.as_ref().is_some_and(|spec| spec.session_affinity.as_deref() == Some("ClientIP"));
        let entry = view.entries_of.get(&key).and_then(|places| places.first()).map(|place| view.entries[*place].title());
        let route = || view.routes_of.get(&key).and_then(|places| places.first()).map(|place| view.routes[*place].title());
        let through = entry.or_else(route).filter(|_| is_client_ip)?;
        let kept = sticky.contains_key(&key);
        let fix = if kept {
            "Remove it: the front door's cookie keeps sessions"
        } else {
            "Configure cookie affinity in the front door, and remove it here"
        };
        Some(CLIENT_IP_UNUSED.found(
            service.about(),
            "spec.sessionAffinity",
            format!("{through} leads to this Service's pods, so requests from there skip the Service and its ClientIP affinity"),
            fix,
        ))
    });
    of_ingresses.chain(of_services).collect()
}

fn of_ingress(view: &View<'_>, entry: &Entry<'_>) -> Option<Finding> {
    let is_true = |value: &str| value.eq_ignore_ascii_case("true");
    let keys: &[&str] = match entry.controller()? {
        Controller::IngressNginx | Controller::TraefikNginx => &["nginx.ingress.kubernetes.io/service-upstream"],
        Controller::HaproxyIngress => &["haproxy-ingress.github.io/service-upstream", "ingress.kubernetes.io/service-upstream"],
        Controller::F5Nginx => &["nginx.org/use-cluster-ip"],
        Controller::Traefik | Controller::Haproxytech | Controller::Gateway => &[],
    };
    let of_own = keys.iter().find(|key| entry.annotation(key).is_some_and(is_true)).map(|key| (entry.read.about(), (*key).to_owned()));
    let of_services = || {
        entry.services().into_iter().filter(|service| entry.cookie_for(*service).is_some()).find_map(|service| {
            let read = view.backends.service(service)?;
            let key = ["traefik.ingress.kubernetes.io/service.nativelb", "haproxy-ingress.github.io/service-upstream"]
                .into_iter()
                .find(|key| read.object.metadata.annotations.as_ref().and_then(|all| all.get(*key)).is_some_and(|value| is_true(value)))?;
            let reads = matches!(
                (entry.controller(), key.starts_with("traefik")),
                (Some(Controller::Traefik | Controller::TraefikNginx), true) | (Some(Controller::HaproxyIngress), false)
            );
            reads.then(|| (read.about(), key.to_owned()))
        })
    };
    let (about, key) = of_own.or_else(of_services)?;
    let switch = entry.cookie().map(|cookie| cookie.switch)?;
    Some(SERVICE_ADDRESS.found(
        about,
        annotation(&key),
        format!("The cookie of {switch} names the Service's ClusterIP rather than a pod, so requests with it are spread over all pods"),
        format!("Remove {key}, or set it to \"false\""),
    ))
}
