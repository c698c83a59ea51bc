//! Places that several statements come from.

use super::cell::Source;

pub(super) const NGINX_AFFINITY: Source = Source::Code("kubernetes/ingress-nginx, internal/ingress/annotations/sessionaffinity/main.go");
pub(super) const TRAEFIK_NGINX_READS: Source =
    Source::Code("traefik/traefik, pkg/provider/kubernetes/ingress-nginx/annotations.go, v3.6.12 and v3.7.13");
pub(super) const TRAEFIK_ANNOTATIONS: Source = Source::Code("traefik/traefik, pkg/provider/kubernetes/ingress/annotations.go, v3.7.0");
pub(super) const TRAEFIK_STICKY: Source = Source::Code("traefik/traefik, pkg/server/service/loadbalancer/sticky.go, 091d13b");
pub(super) const TRAEFIK_CANARY: Source = Source::Issue("traefik/traefik#12739");
pub(super) const HAPROXY_INGRESS_AFFINITY: Source =
    Source::Code("jcmoraisjr/haproxy-ingress, pkg/converters/ingress/annotations/backend.go, buildBackendAffinity");
pub(super) const HAPROXY_INGRESS_KEYS: Source = Source::Page("jcmoraisjr/haproxy-ingress, docs/content/en/docs/configuration/keys.md");
pub(super) const HAPROXYTECH_COOKIE: Source = Source::Code("haproxytech/kubernetes-ingress, pkg/annotations/service/cookie.go, 5449f90");
pub(super) const HAPROXYTECH_KEYS: Source = Source::Page("haproxytech/kubernetes-ingress, documentation/annotations.md, v3.2");
pub(super) const HAPROXYTECH_BACKEND: Source =
    Source::Code("haproxytech/kubernetes-ingress, crs/definition/ingress.v3.haproxy.org_backends.yaml, spec.cookie, 0d40143");
/// The Set-Cookie line of `cookie ... insert`.
pub(super) const HAPROXY_INSERT: Source = Source::Code("haproxy/haproxy, src/http_ana.c, http_process_res_common, 00a07c8");
pub(super) const HAPROXY_COOKIE: Source = Source::Page("docs.haproxy.org/3.2/configuration.html, cookie");
pub(super) const F5_STICKY: Source = Source::Code("nginx/kubernetes-ingress, internal/configs/annotations.go, getSessionPersistenceServices");
pub(super) const F5_SINCE: Source = Source::Issue("nginx/kubernetes-ingress#9316");
pub(super) const NGINX_STICKY: Source = Source::Page("nginx.org/en/docs/http/ngx_http_upstream_module.html, sticky");
pub(super) const ENVOY_POLICY: Source = Source::Code("envoyproxy/gateway, api/v1alpha1/loadbalancer_types.go, v1.9.1");
pub(super) const ENVOY_PATH: Source = Source::Issue("envoyproxy/gateway#9950");
pub(super) const TRAEFIK_NGINX_ROUTES: Source = Source::Code("traefik/traefik, pkg/provider/kubernetes/ingress-nginx/kubernetes.go, v3.7.13");
pub(super) const F5_ANNOTATIONS: Source =
    Source::Page("docs.nginx.com/nginx-ingress-controller/configuration/ingress-resources/advanced-configuration-with-annotations");
pub(super) const F5_SPLITS: Source =
    Source::Page("docs.nginx.com/nginx-ingress-controller/configuration/virtualserver-and-virtualserverroute-resources");
