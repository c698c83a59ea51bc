//! The implementations that are built on other proxies, and those of clouds.

use super::model::{Details, Implementation, Kept, read, run};
use crate::gateway_api::session::Shape;
use crate::spec::version::Version;

pub(super) const ALL: &[Implementation] = &[
    TRAEFIK,
    NGINX_GATEWAY_FABRIC,
    HAPROXY_INGRESS,
    HAPROXY_UNIFIED_GATEWAY,
    HAPROXY_KUBERNETES_INGRESS,
    AGENTGATEWAY,
    GKE,
    AWS_LOAD_BALANCER_CONTROLLER,
    AWS_GATEWAY_API_CONTROLLER,
    AZURE,
];

const TRAEFIK: Implementation = Implementation {
    name: "Traefik",
    controllers: &["traefik.io"],
    persistence: run("ignored", "traefik/traefik#11243; nothing in pkg/provider/kubernetes/gateway reads the field, v3.6.12 and v3.7.13"),
    kept: Kept::Ignored,
    since: None,
    details: None,
    instead: read(
        "a TraefikService with `sticky.cookie` as the rule's backend, which needs the provider of Traefik's own resources; or an Ingress",
        "pkg/provider/kubernetes/crd/kubernetes.go, v3.6.12",
    ),
};

const NGINX_GATEWAY_FABRIC: Implementation = Implementation {
    name: "NGINX Gateway Fabric",
    controllers: &["gateway.nginx.org"],
    persistence: read(
        "honored from 2.4.0 on with NGINX Plus and experimental features; otherwise the route's status says that the field is not supported",
        "nginx/nginx-gateway-fabric#4471 and #5087; internal/controller/state/graph/httproute.go",
    ),
    kept: Kept::Commercial,
    since: Some(Version(2, 4, 0)),
    details: Some(Details {
        reads: Shape::SessionName,
        lifetime: read("the cookie's `expires`", "docs/proposals/session-persistence.md"),
        header: read("rejected", "nginx/nginx-gateway-fabric#4471"),
        attributes: read("Path from the route's path matches; others unknown", "docs/proposals/session-persistence.md"),
    }),
    instead: read(
        "an UpstreamSettingsPolicy with `loadBalancingMethod: ip_hash`, which goes by the client's address and sets no cookie",
        "docs.nginx.com/nginx-gateway-fabric/traffic-management/session-persistence",
    ),
};

const HAPROXY_INGRESS: Implementation = Implementation {
    name: "haproxy-ingress",
    controllers: &["haproxy-ingress.github.io"],
    persistence: read("ignored", "nothing in pkg/converters/gateway/gateway.go reads the field"),
    kept: Kept::Ignored,
    since: None,
    details: None,
    instead: read(
        "`haproxy-ingress.github.io/affinity: cookie` on the Service, which it reads for HTTPRoutes too",
        "pkg/converters/gateway/gateway.go",
    ),
};

const HAPROXY_UNIFIED_GATEWAY: Implementation = Implementation {
    name: "HAProxy Unified Gateway",
    controllers: &["gate.haproxy.org"],
    persistence: read("not honored yet", "haproxytech/haproxy-unified-gateway#5"),
    kept: Kept::Ignored,
    since: None,
    details: None,
    instead: read(
        "its Backend resource, which takes every field of HAProxy's `backend` section, by the Service annotation \
         `gate.v3.haproxy.org/cr-backend`",
        "documentation/CustomResources/backend.md",
    ),
};

const HAPROXY_KUBERNETES_INGRESS: Implementation = Implementation {
    name: "HAProxy Kubernetes Ingress Controller",
    controllers: &["haproxy.org"],
    persistence: read("HTTPRoutes are not served, only TCPRoutes", "haproxytech/kubernetes-ingress, documentation/gateway-api.md"),
    kept: Kept::Ignored,
    since: None,
    details: None,
    instead: read(
        "an Ingress, and `haproxy.org/cookie-persistence: NAME` on the Service",
        "haproxytech/kubernetes-ingress, documentation/annotations.md",
    ),
};

const AGENTGATEWAY: Implementation = Implementation {
    name: "agentgateway",
    controllers: &["agentgateway.dev", "kgateway.dev/agentgateway"],
    persistence: read("unknown", "kgateway.dev/docs/traffic-management/session-affinity is about the Envoy-based proxy only"),
    kept: Kept::Unknown,
    since: None,
    details: None,
    instead: read("unknown", "kgateway.dev/docs/traffic-management/session-affinity"),
};

const GKE: Implementation = Implementation {
    name: "GKE Gateway",
    controllers: &["networking.gke.io"],
    persistence: read("unknown; not among the implementations that GEP-1619 names", "geps/gep-1619/index.md, Gateway API v1.7.0"),
    kept: Kept::Unknown,
    since: None,
    details: None,
    instead: read(
        "a GCPBackendPolicy with `sessionAffinity.type: GENERATED_COOKIE` and `cookieTtlSec`",
        "cloud.google.com/kubernetes-engine/docs/how-to/configure-gateway-resources",
    ),
};

const AWS_LOAD_BALANCER_CONTROLLER: Implementation = Implementation {
    name: "AWS Load Balancer Controller",
    controllers: &["gateway.k8s.aws"],
    persistence: read("not honored", "kubernetes-sigs/aws-load-balancer-controller, docs/guide/gateway/l7gateway.md"),
    kept: Kept::Ignored,
    since: None,
    details: None,
    instead: read(
        "a TargetGroupConfiguration with `targetType: ip` and the attributes `stickiness.enabled: true` and `stickiness.type: lb_cookie`",
        "docs/guide/gateway/targetgroupconfig.md; kubernetes-sigs/aws-load-balancer-controller#1614",
    ),
};

const AWS_GATEWAY_API_CONTROLLER: Implementation = Implementation {
    name: "AWS Gateway API Controller (VPC Lattice)",
    controllers: &["application-networking.k8s.aws"],
    persistence: read("unknown; its documentation does not mention it", "aws/aws-application-networking-k8s, docs/api-types/http-route.md"),
    kept: Kept::Unknown,
    since: None,
    details: None,
    instead: read("unknown", "aws/aws-application-networking-k8s, docs/api-types"),
};

const AZURE: Implementation = Implementation {
    name: "Azure Application Gateway for Containers",
    controllers: &["alb.networking.azure.io"],
    persistence: read("unknown; not among the implementations that GEP-1619 names", "geps/gep-1619/index.md, Gateway API v1.7.0"),
    kept: Kept::Unknown,
    since: None,
    details: None,
    instead: read(
        "a RoutePolicy for the HTTPRoute with `sessionAffinity.affinityType`: `managed-cookie` or `application-cookie`",
        "learn.microsoft.com/azure/application-gateway/for-containers/session-affinity",
    ),
};
