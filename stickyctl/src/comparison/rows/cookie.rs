//! The cookie: what turns it on, its name, path and value.

use crate::comparison::cell::Source::{Page, Tested};
use crate::comparison::cell::{differs, needs, same};
use crate::comparison::row::{Row, Topic};
use crate::comparison::sources::{
    ENVOY_PATH, F5_SINCE, F5_STICKY, HAPROXY_COOKIE, HAPROXY_INGRESS_AFFINITY, HAPROXY_INGRESS_KEYS, HAPROXY_INSERT, HAPROXYTECH_COOKIE,
    HAPROXYTECH_KEYS, NGINX_STICKY, TRAEFIK_ANNOTATIONS, TRAEFIK_NGINX_READS, TRAEFIK_STICKY,
};
use crate::spec::version::Version;

pub(super) const ROWS: &[Row] = &[
    Row {
        topic: Topic::Switch,
        what: "switched on by",
        keys: &["affinity"],
        cells: [
            &[same("`nginx.ingress.kubernetes.io/affinity: cookie` on the Ingress", Tested("only-affinity"))],
            &[
                same("ingress-nginx's annotation, with any value", Tested("only-affinity")),
                same("ingress-nginx's annotation, with `cookie` only", TRAEFIK_NGINX_READS).since(Version(3, 7, 13)),
            ],
            &[needs(
                "`traefik.ingress.kubernetes.io/service.sticky.cookie: \"true\"` on the Service, or `sticky.cookie` of its own resources",
                TRAEFIK_ANNOTATIONS,
            )],
            &[needs(
                "`sessionPersistence` of an HTTPRoute rule (experimental), or a BackendTrafficPolicy that hashes a cookie",
                Tested("only-affinity"),
            )],
            &[needs("`haproxy-ingress.github.io/affinity: cookie` on the Ingress or the Service", HAPROXY_INGRESS_AFFINITY)],
            &[needs("`haproxy.org/cookie-persistence: NAME` on the Service or in the ConfigMap; ignored on an Ingress", HAPROXYTECH_KEYS)],
            &[
                needs("`nginx.com/sticky-cookie-services` on the Ingress, with NGINX Plus only", F5_STICKY),
                needs("`nginx.org/sticky-cookie-services` on the Ingress", F5_SINCE).since(Version(5, 4, 0)),
            ],
        ],
    },
    Row {
        topic: Topic::Name,
        what: "name by default",
        keys: &["session-cookie-name"],
        cells: [
            &[same("`INGRESSCOOKIE`", Tested("only-affinity"))],
            &[same("`INGRESSCOOKIE`", Tested("only-affinity"))],
            &[needs("`_` and 5 hex digits, unless `service.sticky.cookie.name` is set", TRAEFIK_STICKY)],
            &[needs("derived from the route and the rule, unless `sessionName` is set", Tested("only-affinity"))],
            &[needs("`INGRESSCOOKIE`, unless `session-cookie-name` is set", HAPROXY_INGRESS_AFFINITY)],
            &[needs("no default; setting the name turns it on", HAPROXYTECH_COOKIE)],
            &[needs("no default; the annotation's value has the name", F5_STICKY)],
        ],
    },
    Row {
        topic: Topic::Path,
        what: "path by default",
        keys: &["session-cookie-path"],
        cells: [
            &[same("the rule's path; a regular expression as it is written", Tested("no-path"))],
            &[differs("`/`", Tested("no-path"))],
            &[differs("`/`, unless `service.sticky.cookie.path` is set", TRAEFIK_STICKY)],
            &[
                same("the rule's path; no cookie for a regular expression without `*`", Tested("no-path")),
                differs("`/`", ENVOY_PATH).since(Version(1, 10, 0)),
            ],
            &[differs("always `/`", HAPROXY_INSERT)],
            &[differs("always `/`", HAPROXY_INSERT)],
            &[needs("none, so browsers use the folder of the first page, unless `path=` is set", NGINX_STICKY)],
        ],
    },
    Row {
        topic: Topic::Value,
        what: "the value is",
        keys: &[],
        cells: [
            &[same("`balanced`: a random key; `persistent`: a hash of the pod's address", Tested("value-persistent"))],
            &[differs("a hash of the pod's URL", Tested("value-balanced"))],
            &[differs("a hash of the pod's URL", TRAEFIK_STICKY)],
            &[differs("the pod's address in base64, not signed; a hashed cookie: a hash of the connection", Tested("tells-address"))],
            &[differs("a hash of the pod's address and `cookie-key`", HAPROXY_INGRESS_KEYS)],
            &[differs("a hash of the pod's address, or the server's name", HAPROXYTECH_KEYS)],
            &[differs("an MD5 hash of the pod's address", NGINX_STICKY)],
        ],
    },
    Row {
        topic: Topic::UnknownValue,
        what: "an unknown cookie value",
        keys: &[],
        cells: [
            &[same("`balanced`: accepted as a key; `persistent`: a new cookie", Tested("unknown-balanced"))],
            &[differs("another pod, a new cookie", Tested("unknown-persistent"))],
            &[differs("another pod, a new cookie", TRAEFIK_STICKY)],
            &[differs("another pod, a new cookie; a hashed cookie: accepted as a key", Tested("unknown-persistent"))],
            &[differs("another pod, a new cookie", HAPROXY_INSERT)],
            &[differs("another pod, a new cookie", HAPROXY_INSERT)],
            &[differs("another pod, a new cookie", NGINX_STICKY)],
        ],
    },
    Row {
        topic: Topic::AppSees,
        what: "the app sees the cookie",
        keys: &[],
        cells: [
            &[same("yes", Tested("app-sees"))],
            &[same("yes", Tested("app-sees"))],
            &[same("yes", TRAEFIK_STICKY)],
            &[same("yes", Tested("app-sees"))],
            &[differs("no, `indirect` removes it", HAPROXY_COOKIE)],
            &[differs("no, `indirect` removes it", HAPROXYTECH_COOKIE)],
            &[same("yes", Page("nginx.org/en/docs/http/ngx_http_proxy_module.html, proxy_pass_request_headers"))],
        ],
    },
    Row {
        topic: Topic::SharedName,
        what: "two Services of one host with the same cookie name",
        keys: &[],
        cells: [
            &[same("each takes the other's sessions where both paths match", Tested("shared-name"))],
            &[differs(
                "keep their sessions if both have the same pods, else each takes the other's; the path is `/` by default",
                Tested("shared-name"),
            )],
            &[differs("each takes the other's sessions, and the path is `/` by default; names differ by default", TRAEFIK_STICKY)],
            &[
                differs("keep their sessions if both have the same pods, else each takes the other's where both paths match", Tested("shared-name")),
                differs("each takes the other's sessions, since every path is `/`", ENVOY_PATH).since(Version(1, 10, 0)),
            ],
            &[differs("each takes the other's sessions, since every path is `/`", HAPROXY_INSERT)],
            &[differs("each takes the other's sessions, since every path is `/`", HAPROXY_INSERT)],
            &[same("each takes the other's sessions where both paths match", NGINX_STICKY)],
        ],
    },
];
