//! The cookie's attributes, without its lifetime.

use crate::comparison::cell::Source::Tested;
use crate::comparison::cell::{lacks, needs, same};
use crate::comparison::row::{Row, Topic};
use crate::comparison::sources::{
    ENVOY_POLICY, HAPROXY_COOKIE, HAPROXY_INGRESS_AFFINITY, HAPROXY_INGRESS_KEYS, HAPROXYTECH_BACKEND, HAPROXYTECH_COOKIE, NGINX_AFFINITY,
    NGINX_STICKY, TRAEFIK_ANNOTATIONS, TRAEFIK_NGINX_READS,
};

pub(super) const ROWS: &[Row] = &[
    Row {
        topic: Topic::HttpOnly,
        what: "HttpOnly",
        keys: &[],
        cells: [
            &[same("always", Tested("only-affinity"))],
            &[same("always", Tested("only-affinity"))],
            &[needs("off, unless `service.sticky.cookie.httponly` is set", TRAEFIK_ANNOTATIONS)],
            &[same("always", Tested("only-affinity"))],
            &[same("on, unless `session-cookie-keywords` leaves it out", HAPROXY_INGRESS_AFFINITY)],
            &[needs("off, unless a Backend resource has it", HAPROXYTECH_COOKIE)],
            &[needs("off, unless `httponly` is set", NGINX_STICKY)],
        ],
    },
    Row {
        topic: Topic::Secure,
        what: "Secure",
        keys: &["session-cookie-secure"],
        cells: [
            &[same("automatic over https; `session-cookie-secure` sets it over http too", Tested("secure-by-itself"))],
            &[needs("only if `session-cookie-secure` is set", Tested("secure-by-itself"))],
            &[needs("only if `service.sticky.cookie.secure` is set", TRAEFIK_ANNOTATIONS)],
            &[needs("never with `sessionPersistence`; a hashed cookie: if configured", Tested("secure-by-itself"))],
            &[needs("if `session-cookie-keywords` has `secure`, or with `session-cookie-same-site`", HAPROXY_INGRESS_KEYS)],
            &[needs("only in a Backend resource", HAPROXYTECH_COOKIE)],
            &[needs("only if `secure` is set", NGINX_STICKY)],
        ],
    },
    Row {
        topic: Topic::SameSite,
        what: "SameSite",
        keys: &["session-cookie-samesite"],
        cells: [
            &[same("none unless configured", Tested("samesite-lax"))],
            &[same("none unless configured", Tested("samesite-lax"))],
            &[needs("none unless `service.sticky.cookie.samesite` is set", TRAEFIK_ANNOTATIONS)],
            &[needs("none with `sessionPersistence`; a hashed cookie: if configured", Tested("samesite-lax"))],
            &[needs(
                "none, unless `session-cookie-keywords` has it as `attr`; `session-cookie-same-site: \"true\"` is `None` with Secure",
                HAPROXY_INGRESS_KEYS,
            )],
            &[needs("only in a Backend resource, as `attr`", HAPROXYTECH_COOKIE)],
            &[needs("none unless `samesite=` is set", NGINX_STICKY)],
        ],
    },
    Row {
        topic: Topic::OldBrowsers,
        what: "SameSite left out for browsers that misread `None`",
        keys: &["session-cookie-conditional-samesite-none"],
        cells: [
            &[same("with `session-cookie-conditional-samesite-none`", Tested("samesite-conditional"))],
            &[lacks("no; the annotation is ignored", Tested("samesite-conditional"))],
            &[lacks("no", TRAEFIK_ANNOTATIONS)],
            &[lacks("no", ENVOY_POLICY)],
            &[lacks("no", HAPROXY_INGRESS_AFFINITY)],
            &[lacks("no", HAPROXY_COOKIE)],
            &[lacks("no", NGINX_STICKY)],
        ],
    },
    Row {
        topic: Topic::Partitioned,
        what: "Partitioned",
        keys: &["session-cookie-partitioned"],
        cells: [
            &[same("with `session-cookie-partitioned`", NGINX_AFFINITY)],
            &[lacks("no; the annotation is ignored", TRAEFIK_NGINX_READS)],
            &[lacks("no", TRAEFIK_ANNOTATIONS)],
            &[needs("not with `sessionPersistence`; a hashed cookie takes it among its `attributes`", ENVOY_POLICY)],
            &[needs("if `session-cookie-keywords` has it as `attr`", HAPROXY_COOKIE)],
            &[needs("only in a Backend resource, as `attr`", HAPROXYTECH_BACKEND)],
            &[lacks("no", NGINX_STICKY)],
        ],
    },
    Row {
        topic: Topic::Domain,
        what: "Domain",
        keys: &["session-cookie-domain"],
        cells: [
            &[same("with `session-cookie-domain`", Tested("domain"))],
            &[same("with `session-cookie-domain`", Tested("domain"))],
            &[needs("with `service.sticky.cookie.domain`", TRAEFIK_ANNOTATIONS)],
            &[needs("not with `sessionPersistence`; a hashed cookie: if configured", Tested("domain"))],
            &[needs("with `session-cookie-domain`", HAPROXY_INGRESS_KEYS)],
            &[needs("only in a Backend resource", HAPROXYTECH_COOKIE)],
            &[needs("with `domain=`", NGINX_STICKY)],
        ],
    },
];
