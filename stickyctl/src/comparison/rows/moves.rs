//! When a session leaves its pod.

use crate::comparison::cell::Source::{Code, Issue, Measured, Page, Tested};
use crate::comparison::cell::{differs, lacks, needs, same, unknown};
use crate::comparison::row::{Row, Topic};
use crate::comparison::sources::{
    F5_SPLITS, HAPROXY_INGRESS_KEYS, HAPROXYTECH_BACKEND, HAPROXYTECH_KEYS, NGINX_STICKY, TRAEFIK_CANARY, TRAEFIK_NGINX_ROUTES, TRAEFIK_STICKY,
};
use crate::spec::version::Version;

pub(super) const ROWS: &[Row] = &[
    Row {
        topic: Topic::Mode,
        what: "when pods are added",
        keys: &["affinity-mode"],
        cells: [
            &[same("`balanced`, the default: about half of the sessions move from 3 to 6 pods; `persistent`: none", Tested("up-balanced"))],
            &[differs("no session moves", Tested("up-default"))],
            &[differs("no session moves", TRAEFIK_STICKY)],
            &[differs("no session moves; with a hashed cookie about half of them", Tested("up-persistent"))],
            &[differs("no session moves, with dynamic cookie values", HAPROXY_INGRESS_KEYS)],
            &[differs("no session moves, with dynamic cookie values", HAPROXYTECH_KEYS)],
            &[differs("no session moves", NGINX_STICKY)],
        ],
    },
    Row {
        topic: Topic::Terminating,
        what: "a pod that is terminating",
        keys: &[],
        cells: [
            &[same("gets no more requests", Measured("terminating"))],
            &[
                differs("keeps its sessions and gets new ones until its address is gone", Measured("terminating")),
                differs("keeps its sessions, gets no new ones", TRAEFIK_NGINX_ROUTES).since(Version(3, 7, 13)),
            ],
            &[differs("keeps its sessions, gets no new ones", Code("traefik/traefik, pkg/provider/kubernetes/ingress/kubernetes.go, fd5a576"))],
            &[same("gets no more requests", Measured("terminating"))],
            &[same("gets no more requests, unless `drain-support` is set in the ConfigMap", HAPROXY_INGRESS_KEYS)],
            &[same("gets no more requests", Code("haproxytech/kubernetes-ingress, pkg/k8s, fc12067"))],
            &[same("gets no more requests", Issue("nginx/kubernetes-ingress#3541"))],
        ],
    },
    Row {
        topic: Topic::DeadPod,
        what: "a dead pod that is still an endpoint",
        keys: &["session-cookie-change-on-failure"],
        cells: [
            &[same("502, unless `session-cookie-change-on-failure` is set", Tested("refused-change"))],
            &[lacks("502; `session-cookie-change-on-failure` is ignored", Tested("refused-change"))],
            &[lacks("another pod, once a health check of its own resources fails", TRAEFIK_STICKY)],
            &[needs("503, unless a policy retries on `connect-failure`", Tested("refused-change"))],
            &[same(
                "another pod, a new cookie",
                Code("jcmoraisjr/haproxy-ingress, rootfs/etc/templates/haproxy/haproxy.tmpl, option redispatch, 465a51c"),
            )],
            &[unknown(HAPROXYTECH_KEYS)],
            &[same("another pod, a new cookie", NGINX_STICKY)],
        ],
    },
    Row {
        topic: Topic::Replicas,
        what: "a cookie of one proxy replica at another",
        keys: &[],
        cells: [
            &[same("leads to the same pod", Issue("kubernetes/ingress-nginx#9595"))],
            &[same("leads to the same pod", Tested("two-proxies-persistent"))],
            &[same("leads to the same pod", TRAEFIK_STICKY)],
            &[same("leads to the same pod", Tested("two-proxies-persistent"))],
            &[same("leads to the same pod, with dynamic cookie values", Issue("jcmoraisjr/haproxy-ingress#113"))],
            &[same("leads to the same pod; not with `cookie-persistence-no-dynamic`", Issue("haproxytech/kubernetes-ingress#461"))],
            &[same("leads to the same pod", NGINX_STICKY)],
        ],
    },
    Row {
        topic: Topic::Canary,
        what: "canary by annotation",
        keys: &[
            "canary",
            "canary-weight",
            "canary-weight-total",
            "canary-by-header",
            "canary-by-header-value",
            "canary-by-header-pattern",
            "canary-by-cookie",
        ],
        cells: [
            &[same("a share of the sessions, which stay", Tested("canary"))],
            &[
                lacks("ignored: one of the two Ingresses gets everything", Tested("canary")),
                same("a share of the sessions, which stay", TRAEFIK_CANARY).since(Version(3, 7, 0)),
            ],
            &[needs("a TraefikService with weights, and `sticky` at both levels", Issue("traefik/traefik#6883"))],
            &[needs("two `backendRefs` with weights in one rule", Tested("canary"))],
            &[needs("`blue-green-deploy` by the pods' labels, behind one Service", HAPROXY_INGRESS_KEYS)],
            &[needs("`route-acl` on the canary's Service", Page("haproxytech/kubernetes-ingress, documentation/canary-deployment.md"))],
            &[needs("`splits` of a VirtualServer, which replaces the Ingress", F5_SPLITS)],
        ],
    },
    Row {
        topic: Topic::CanaryAffinity,
        what: "sessions of a canary",
        keys: &["affinity-canary-behavior"],
        cells: [
            &[same("stay; not with `affinity-canary-behavior: legacy`", Tested("canary"))],
            &[lacks("there is no canary", Tested("canary")), differs("stay; `legacy` is ignored", TRAEFIK_CANARY).since(Version(3, 7, 0))],
            &[needs("stay, if the weighted service is sticky too", Issue("traefik/traefik#6883"))],
            &[same("stay", Tested("canary"))],
            &[same("stay, since both versions are one backend", HAPROXY_INGRESS_KEYS)],
            &[unknown(HAPROXYTECH_BACKEND)],
            &[unknown(F5_SPLITS)],
        ],
    },
];
