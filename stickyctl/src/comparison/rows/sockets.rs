//! WebSockets.

use crate::comparison::cell::Source::{Code, Issue, Measured, Tested};
use crate::comparison::cell::{differs, needs, same, unknown};
use crate::comparison::row::{Row, Topic};
use crate::comparison::sources::{F5_ANNOTATIONS, HAPROXY_INGRESS_KEYS, HAPROXYTECH_KEYS, TRAEFIK_ANNOTATIONS, TRAEFIK_NGINX_READS};
use crate::spec::version::Version;

pub(super) const ROWS: &[Row] = &[
    Row {
        topic: Topic::IdleSocket,
        what: "an idle WebSocket is closed after",
        keys: &["proxy-read-timeout", "proxy-send-timeout"],
        cells: [
            &[same(
                "60 s, unless `proxy-read-timeout` and `proxy-send-timeout` raise it",
                Code("kubernetes/ingress-nginx, internal/ingress/controller/config/config.go, dbb11b9"),
            )],
            &[
                needs("60 s; the annotations are ignored, and `respondingTimeouts` of the entry point raises it", TRAEFIK_NGINX_READS),
                same("60 s, unless the two annotations raise it", TRAEFIK_NGINX_READS).since(Version(3, 7, 13)),
            ],
            &[needs("60 s (read timeout) and 180 s (idle timeout) of the entry point", Issue("traefik/traefik#10627"))],
            &[needs("300 s, unless `streamIdleTimeout` of a BackendTrafficPolicy raises it", Tested("socket-idle-timeout"))],
            &[differs("1 h (`timeout-tunnel`)", HAPROXY_INGRESS_KEYS)],
            &[differs("1 h (`timeout-tunnel` in the ConfigMap)", HAPROXYTECH_KEYS)],
            &[needs(
                "no WebSocket without `nginx.org/websocket-services`; then 60 s, unless `nginx.org/proxy-read-timeout` and `-send-timeout` raise it",
                F5_ANNOTATIONS,
            )],
        ],
    },
    Row {
        topic: Topic::Reload,
        what: "open WebSockets after an edit of any route",
        keys: &[],
        cells: [
            &[same("are cut after 240 s (`worker-shutdown-timeout`)", Measured("reload-age"))],
            &[differs("stay", Measured("reload-age"))],
            &[unknown(TRAEFIK_ANNOTATIONS)],
            &[differs("stay", Measured("reload-age"))],
            &[unknown(HAPROXY_INGRESS_KEYS)],
            &[unknown(HAPROXYTECH_KEYS)],
            &[unknown(F5_ANNOTATIONS)],
        ],
    },
];
