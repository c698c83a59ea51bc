//! The annotations of Traefik's own Ingress provider and of F5's controller.

use super::dialect::{Dialect, Keys, On};
use crate::comparison::controller::Controller;

pub(super) const TRAEFIK: Dialect = Dialect {
    controller: Controller::Traefik,
    prefixes: &["traefik.ingress.kubernetes.io/"],
    affinity: &["service.sticky", "service.nativelb"],
    complete: true,
    source: "traefik/traefik, pkg/provider/kubernetes/ingress/annotations.go, v3.7.0",
    keys: &[
        Keys {
            on: &[On::Ingress],
            names: &[
                "router.entrypoints",
                "router.middlewares",
                "router.observability",
                "router.observability.accesslogs",
                "router.observability.metrics",
                "router.observability.traceverbosity",
                "router.observability.tracing",
                "router.pathmatcher",
                "router.priority",
                "router.rulesyntax",
                "router.tls",
                "router.tls.certresolver",
                "router.tls.options",
                // One for each domain (`router.tls.domains.N.main` and `.sans`); more than three are rare.
                "router.tls.domains",
                "router.tls.domains.0.main",
                "router.tls.domains.0.sans",
                "router.tls.domains.1.main",
                "router.tls.domains.1.sans",
                "router.tls.domains.2.main",
                "router.tls.domains.2.sans",
            ],
        },
        Keys {
            on: &[On::Service],
            names: &[
                "service.middlewares",
                "service.nativelb",
                "service.nodeportlb",
                "service.passhostheader",
                "service.serversscheme",
                "service.serverstransport",
                "service.sticky",
                "service.sticky.cookie",
                "service.sticky.cookie.domain",
                "service.sticky.cookie.httponly",
                "service.sticky.cookie.maxage",
                "service.sticky.cookie.name",
                "service.sticky.cookie.path",
                "service.sticky.cookie.samesite",
                "service.sticky.cookie.secure",
            ],
        },
    ],
};

pub(super) const F5_NGINX: Dialect = Dialect {
    controller: Controller::F5Nginx,
    prefixes: &["nginx.org/", "nginx.com/"],
    affinity: &["sticky-cookie", "lb-method", "use-cluster-ip", "websocket-services", "proxy-next-upstream"],
    complete: false,
    source: "nginx/kubernetes-ingress, internal/configs/annotations.go, v5.4.0",
    keys: &[Keys {
        on: &[On::Ingress],
        names: &[
            "sticky-cookie-services",
            "lb-method",
            "use-cluster-ip",
            "websocket-services",
            "proxy-next-upstream",
            "proxy-next-upstream-timeout",
            "proxy-next-upstream-tries",
            "proxy-connect-timeout",
            "proxy-read-timeout",
            "proxy-send-timeout",
            "max-fails",
            "fail-timeout",
            "keepalive",
            "health-checks",
            "slow-start",
            "ssl-services",
            "grpc-services",
            "rewrites",
            "server-snippets",
            "location-snippets",
            "mergeable-ingress-type",
        ],
    }],
};
