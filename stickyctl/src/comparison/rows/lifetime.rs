//! How long a browser keeps the cookie.

use crate::comparison::cell::Source::Tested;
use crate::comparison::cell::{lacks, needs, same};
use crate::comparison::row::{Row, Topic};
use crate::comparison::sources::{HAPROXY_COOKIE, HAPROXYTECH_COOKIE, NGINX_STICKY, TRAEFIK_ANNOTATIONS, TRAEFIK_NGINX_READS};
use crate::spec::version::Version;

pub(super) const ROWS: &[Row] = &[
    Row {
        topic: Topic::MaxAge,
        what: "Max-Age",
        keys: &["session-cookie-max-age"],
        cells: [
            &[same("the browser's session unless configured; fixed, not sliding", Tested("max-age"))],
            &[same("the browser's session unless configured; `0` is ignored", Tested("max-age"))],
            &[needs("the browser's session unless `service.sticky.cookie.maxage` is set", TRAEFIK_ANNOTATIONS)],
            &[needs("the browser's session unless `lifetimeType: Permanent` and `absoluteTimeout` are set", Tested("max-age"))],
            &[needs("the browser's session, unless `session-cookie-keywords` has it as `attr`", HAPROXY_COOKIE)],
            &[needs("the browser's session; otherwise only in a Backend resource, as `attr`", HAPROXYTECH_COOKIE)],
            &[needs("the browser's session unless `expires=` is set", NGINX_STICKY)],
        ],
    },
    Row {
        topic: Topic::Expires,
        what: "Expires",
        keys: &["session-cookie-expires"],
        cells: [
            &[same("none unless configured", Tested("expires"))],
            &[
                lacks("none; the annotation is ignored", Tested("expires")),
                same("none unless configured", TRAEFIK_NGINX_READS).since(Version(3, 7, 13)),
            ],
            &[lacks("none; Max-Age instead", TRAEFIK_ANNOTATIONS)],
            &[lacks("none; Max-Age instead", Tested("max-age"))],
            &[lacks("none; Max-Age instead, as `attr`", HAPROXY_COOKIE)],
            &[lacks("none; Max-Age instead, in a Backend resource", HAPROXYTECH_COOKIE)],
            &[needs("none unless `expires=` is set", NGINX_STICKY)],
        ],
    },
];
