//! What an Ingress shares with others: Services, and cookie names on hosts.

use super::asked::{Asked, Way};
use std::collections::{BTreeMap, BTreeSet};

/// A namespace and a Service.
type Service<'a> = (&'a str, &'a str);

/// All Ingresses side by side.
#[derive(Debug)]
pub(super) struct Neighbours<'a> {
    /// The Ingresses of each Service, with whether they have affinity.
    services: BTreeMap<Service<'a>, Vec<(&'a str, bool)>>,
    /// The Services behind each host and cookie name, each with the cookie's path today.
    names: BTreeMap<(&'a str, &'a str), BTreeSet<(Service<'a>, String)>>,
}

impl<'a> Neighbours<'a> {
    pub(super) fn of(all: &'a [Asked<'a>]) -> Self {
        let (mut services, mut names) = (BTreeMap::<_, Vec<_>>::new(), BTreeMap::<_, BTreeSet<_>>::new());
        // A canary shares everything with its main Ingress on purpose.
        for asked in all.iter().filter(|asked| !asked.is_canary()) {
            let namespace = asked.about.namespace.as_str();
            for service in asked.services() {
                services.entry((namespace, service)).or_default().push((asked.about.name.as_str(), asked.has_affinity()));
            }
            for way in asked.ways.iter().filter(|_| asked.has_affinity()) {
                let place = ((namespace, way.service.as_str()), asked.cookie_path(way));
                names.entry((way.host.as_str(), asked.cookie())).or_default().insert(place);
            }
        }
        Self { services, names }
    }

    /// Other Ingresses on a Service of this one, if any of all has affinity.
    pub(super) fn on_its_services(&self, asked: &Asked<'_>) -> Vec<&'a str> {
        let namespace = asked.about.namespace.as_str();
        let shared = asked.services().into_iter().filter_map(|service| self.services.get(&(namespace, service)));
        let shared = shared.filter(|all| all.iter().any(|(_, has_affinity)| *has_affinity));
        let others: BTreeSet<&str> = shared.flatten().map(|(name, _)| *name).filter(|name| *name != asked.about.name).collect();
        others.into_iter().collect()
    }

    /// Whether an Ingress without affinity shares a Service with one that has it.
    pub(super) fn has_affinity_from_another(&self, asked: &Asked<'_>) -> bool {
        !asked.is_canary() && !asked.has_affinity() && !self.on_its_services(asked).is_empty()
    }

    /// The Services of a host of this Ingress that keep apart today because their cookies of one name have different paths.
    pub(super) fn kept_apart_by_path(&self, asked: &Asked<'_>) -> Vec<&'a str> {
        let mut all = BTreeSet::new();
        for way in &asked.ways {
            let Some(places) = self.names.get(&(way.host.as_str(), asked.cookie())) else { continue };
            let mine = own(asked, way);
            let apart = places.iter().filter(|(service, path)| *service != mine.0 && !covers(path, &mine.1) && !covers(&mine.1, path));
            all.extend(apart.map(|((_, service), _)| *service));
        }
        all.into_iter().collect()
    }
}

fn own<'b>(asked: &'b Asked<'_>, way: &'b Way) -> (Service<'b>, String) {
    ((asked.about.namespace.as_str(), way.service.as_str()), asked.cookie_path(way))
}

/// Whether a browser sends a cookie with this path to another path (RFC 6265, section 5.1.4).
fn covers(cookie: &str, path: &str) -> bool {
    path.strip_prefix(cookie).is_some_and(|rest| rest.is_empty() || cookie.ends_with('/') || rest.starts_with('/'))
}
