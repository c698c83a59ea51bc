//! Tests of the lists of annotations.

use super::*;
use std::collections::BTreeSet;

fn reading(annotation: &str, on: On) -> Reading {
    let (dialect, name) = of(annotation).unwrap();
    dialect.reads(name, on)
}

#[test]
fn misspelt_outdated_and_misplaced() {
    assert_eq!(reading("nginx.ingress.kubernetes.io/affinity", On::Ingress), Reading::Read);
    // kubernetes/ingress-nginx#5944.
    assert_eq!(reading("nginx.ingress.kubernetes.io/affinity-node", On::Ingress), Reading::Unknown(Some("affinity-mode")));
    assert_eq!(reading("nginx.ingress.kubernetes.io/session-cookie-same-site", On::Ingress), Reading::Unknown(Some("session-cookie-samesite")));
    // Gone with nginx-sticky-module.
    assert_eq!(reading("nginx.ingress.kubernetes.io/session-cookie-hash", On::Ingress), Reading::Unknown(Some("session-cookie-path")));
    assert_eq!(reading("nginx.ingress.kubernetes.io/affinity", On::Service), Reading::Elsewhere(&[On::Ingress]));
    assert_eq!(reading("nginx.ingress.kubernetes.io/wholly-different", On::Ingress), Reading::Unknown(None));
    // traefik/traefik#6916.
    assert_eq!(reading("traefik.ingress.kubernetes.io/service.sticky.cookie", On::Ingress), Reading::Elsewhere(&[On::Service]));
    assert_eq!(reading("traefik.ingress.kubernetes.io/service.sticky.cooky", On::Service), Reading::Unknown(Some("service.sticky.cookie")));
    // haproxytech/kubernetes-ingress, documentation/annotations.md.
    assert_eq!(reading("haproxy.org/cookie-persistence", On::Ingress), Reading::Elsewhere(&[On::Service]));
    assert_eq!(reading("haproxy.org/cookie-persistance", On::Service), Reading::Unknown(Some("cookie-persistence")));
    assert_eq!(reading("nginx.org/sticky-cookie-service", On::Ingress), Reading::Unknown(Some("sticky-cookie-services")));
    assert_eq!(reading("nginx.org/hsts", On::Ingress), Reading::Unsure);
    assert_eq!(reading("haproxy-ingress.github.io/cookie-key", On::Ingress), Reading::Elsewhere(&[]));
    assert!(of("example.com/affinity").is_none());
}

#[test]
fn no_name_is_twice_in_a_dialect_and_no_prefix_in_two() {
    for dialect in ALL {
        let names: Vec<&str> = dialect.names().collect();
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len(), "{:?}", dialect.controller);
        assert!(dialect.prefixes.iter().all(|prefix| prefix.ends_with('/')), "{:?}", dialect.controller);
        assert!(dialect.source.contains('/'), "{:?}", dialect.controller);
        assert!(names.iter().any(|name| dialect.is_affinity(name)), "{:?}", dialect.controller);
    }
    let prefixes: Vec<&&str> = ALL.iter().flat_map(|dialect| dialect.prefixes).collect();
    assert_eq!(prefixes.iter().collect::<BTreeSet<_>>().len(), prefixes.len());
}
