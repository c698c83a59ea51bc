//! What shares a Service, and what goes past its pods.

use crate::comparison::cell::Source::{Code, Tested};
use crate::comparison::cell::{differs, lacks, needs, same};
use crate::comparison::row::{Row, Topic};
use crate::comparison::sources::{F5_STICKY, HAPROXY_INGRESS_KEYS, HAPROXYTECH_KEYS, TRAEFIK_ANNOTATIONS};

pub(super) const ROWS: &[Row] = &[
    Row {
        topic: Topic::SharedService,
        what: "several Ingresses on one Service",
        keys: &[],
        cells: [
            &[same("one affinity for all; an Ingress without it honors the cookie and sets none", Tested("plain-neighbour"))],
            &[differs("each has its own; one without it ignores the cookie", Tested("plain-neighbour"))],
            &[differs("one affinity for all, since it is on the Service", TRAEFIK_ANNOTATIONS)],
            &[differs("each rule has its own; one without it ignores the cookie", Tested("plain-neighbour"))],
            &[differs("one affinity for all; if two differ, one is ignored with a warning", HAPROXY_INGRESS_KEYS)],
            &[differs("one affinity for all, since it is on the Service", HAPROXYTECH_KEYS)],
            &[differs("each has its own", F5_STICKY)],
        ],
    },
    Row {
        topic: Topic::ServiceUpstream,
        what: "the proxy sends to the Service's address",
        keys: &["service-upstream"],
        cells: [
            &[same("with `service-upstream`; nothing sticks", Tested("service-upstream"))],
            &[same("with `service-upstream`; nothing sticks", Tested("service-upstream"))],
            &[needs("with `service.nativelb` on the Service; nothing sticks", TRAEFIK_ANNOTATIONS)],
            &[needs("with `routingType: Service`; nothing sticks", Tested("service-upstream"))],
            &[needs("with `service-upstream`; nothing sticks", HAPROXY_INGRESS_KEYS)],
            &[lacks("no such setting", HAPROXYTECH_KEYS)],
            &[needs(
                "with `nginx.org/use-cluster-ip`; nothing sticks",
                Code("nginx/kubernetes-ingress, internal/configs/annotations.go, UseClusterIPAnnotation"),
            )],
        ],
    },
];
