//! Tests of the table.

use super::model::Kept;
use super::*;
use crate::gateway_api::Shape;
use crate::spec::version::Version;
use std::collections::BTreeSet;

fn support(controller: &str, version: Option<Version>, shape: Shape) -> Option<Support> {
    of(controller).map(|one| one.session_persistence(version, shape))
}

#[test]
fn every_implementation_that_users_ask_about_is_there() {
    let wanted = [
        ("gateway.envoyproxy.io/gatewayclass-controller", "Envoy Gateway"),
        ("traefik.io/gateway-controller", "Traefik"),
        ("istio.io/gateway-controller", "Istio"),
        ("kgateway.dev/kgateway", "kgateway"),
        ("gateway.nginx.org/nginx-gateway-controller", "NGINX Gateway Fabric"),
        ("projectcontour.io/gateway-controller", "Contour"),
        ("io.cilium/gateway-controller", "Cilium"),
        ("haproxy-ingress.github.io/controller", "haproxy-ingress"),
        ("gate.haproxy.org/hug", "HAProxy Unified Gateway"),
        ("haproxy.org/gateway-controller", "HAProxy Kubernetes Ingress Controller"),
        ("networking.gke.io/gateway", "GKE Gateway"),
        ("gateway.k8s.aws/alb", "AWS Load Balancer Controller"),
        ("application-networking.k8s.aws/gateway-api-controller", "AWS Gateway API Controller (VPC Lattice)"),
        ("alb.networking.azure.io/alb-controller", "Azure Application Gateway for Containers"),
    ];
    for (controller, name) in wanted {
        assert_eq!(of(controller).map(|one| one.name), Some(name), "{controller}");
    }
}

#[test]
fn the_domain_decides_and_only_the_domain() {
    let name = |controller: &str| of(controller).map(|one| one.name);
    assert_eq!(name("gateway.envoyproxy.io/stickyctl-shop"), Some("Envoy Gateway"));
    assert_eq!(name("gateway.envoyproxy.io"), Some("Envoy Gateway"));
    // One domain with two implementations.
    assert_eq!(name("kgateway.dev/agentgateway"), Some("agentgateway"));
    assert_eq!(name("agentgateway.dev/agentgateway"), Some("agentgateway"));
    for stranger in ["", "/", "example.com/gateway.envoyproxy.io", "my.gateway.envoyproxy.io/x", "Gateway.EnvoyProxy.io/x", "traefik.iox/y"] {
        assert_eq!(name(stranger), None, "{stranger}");
    }
}

#[test]
fn no_controller_belongs_to_two() {
    let controllers: Vec<&str> = all().flat_map(|one| one.controllers.iter().copied()).collect();
    assert_eq!(controllers.iter().collect::<BTreeSet<_>>().len(), controllers.len());
    assert!(all().all(|one| !one.controllers.is_empty()));
}

#[test]
fn every_statement_has_its_source() {
    for one in all() {
        let details = one.details.iter().flat_map(|details| [details.lifetime, details.header, details.attributes]);
        for cell in [one.persistence, one.instead].into_iter().chain(details) {
            assert!(!cell.text.is_empty() && !cell.source.is_empty(), "{}: {cell:?}", one.name);
            assert!(!cell.text.ends_with('.') && !cell.text.contains('|') && !cell.source.contains('|'), "{}: {cell:?}", one.name);
            // A path, a page, or an issue of a repository.
            assert!(cell.source.contains('/'), "{}: {cell:?}", one.name);
        }
        let honors = matches!(one.kept, Kept::Honoured | Kept::Commercial);
        assert_eq!(honors, one.details.is_some(), "{}", one.name);
        assert_eq!(honors, one.since.is_some(), "{}", one.name);
    }
}

#[test]
fn only_what_the_tests_run_is_marked_so() {
    let run: Vec<&str> = all().filter(|one| one.persistence.run).map(|one| one.name).collect();
    assert_eq!(run, ["Envoy Gateway", "Traefik"]);
}

#[test]
fn envoy_gateway_by_version_and_shape() {
    let envoy = |version, shape| support("gateway.envoyproxy.io/eg", version, shape);
    assert_eq!(envoy(Some(Version(1, 9, 1)), Shape::SessionName), Some(Support::Honoured));
    assert_eq!(envoy(Some(Version(1, 2, 0)), Shape::SessionName), Some(Support::Honoured));
    assert_eq!(envoy(Some(Version(1, 9, 1)), Shape::Cookie), Some(Support::Renamed));
    assert_eq!(envoy(Some(Version(1, 1, 4)), Shape::SessionName), Some(Support::TooOld(Version(1, 2, 0))));
    assert_eq!(envoy(None, Shape::SessionName), Some(Support::Since(Version(1, 2, 0))));
}

#[test]
fn the_others_by_version() {
    let one = |controller, version| support(controller, version, Shape::SessionName);
    assert_eq!(one("traefik.io/gateway-controller", Some(Version(3, 6, 12))), Some(Support::Ignored));
    assert_eq!(one("traefik.io/gateway-controller", None), Some(Support::Ignored));
    assert_eq!(one("io.cilium/gateway-controller", Some(Version(1, 20, 2))), Some(Support::TooOld(Version(1, 21, 0))));
    assert_eq!(one("io.cilium/gateway-controller", Some(Version(1, 21, 0))), Some(Support::Honoured));
    assert_eq!(one("gateway.nginx.org/nginx-gateway-controller", Some(Version(2, 3, 0))), Some(Support::TooOld(Version(2, 4, 0))));
    assert_eq!(one("gateway.nginx.org/nginx-gateway-controller", Some(Version(2, 4, 0))), Some(Support::Commercial));
    assert_eq!(one("gateway.nginx.org/nginx-gateway-controller", None), Some(Support::Commercial));
    assert_eq!(one("networking.gke.io/gateway", None), Some(Support::Unknown));
    assert_eq!(one("example.com/gateway", None), None);
}

#[test]
fn a_sentence_names_the_implementation_and_tells_whether_sessions_stick() {
    let version = Version(1, 2, 0);
    let all = [
        (Support::Honoured, Some(true)),
        (Support::Renamed, Some(true)),
        (Support::Commercial, None),
        (Support::Since(version), None),
        (Support::TooOld(version), Some(false)),
        (Support::Ignored, Some(false)),
        (Support::Unknown, None),
    ];
    let envoy = of("gateway.envoyproxy.io/eg").expect("Envoy Gateway is in the table");
    let sentences: BTreeSet<String> = all
        .iter()
        .map(|&(support, sticks)| {
            assert_eq!(support.sticks(), sticks, "{support:?}");
            let says = envoy.says(support);
            assert!(says.contains("Envoy Gateway") && !says.ends_with('.'), "{says}");
            assert_eq!(says.contains("would not stick"), sticks == Some(false), "{says}");
            says
        })
        .collect();
    assert_eq!(sentences.len(), all.len());
}
