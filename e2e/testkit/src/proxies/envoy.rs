//! Envoy's base configuration and cases.

use super::case::{Case, Door, STICKY, not, unclear};

/// The configuration of a case: `pods` is the cluster's policy, `front` has the members of the route, and `more` has filters before the
/// router, each followed by a comma.
#[must_use]
pub(super) fn frame(case: &Case, port: u16) -> String {
    let Case { pods, front, more, .. } = case;
    format!(
        r#"{{"static_resources": {{
  "listeners": [{{
    "name": "front",
    "address": {{"socket_address": {{"address": "127.0.0.1", "port_value": {port}}}}},
    "filter_chains": [{{"filters": [{{"name": "http", "typed_config": {{
      "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
      "stat_prefix": "front",
      "route_config": {{"virtual_hosts": [{{"name": "all", "domains": ["*"], "routes": [
        {{"match": {{"prefix": "/"}}, "route": {{"cluster": "pods"{front}}}}}
      ]}}]}},
      "http_filters": [{more}
        {{"name": "router", "typed_config": {{"@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"}}}}
      ]
    }}}}]}}]
  }}],
  "clusters": [{{
    "name": "pods", "type": "STATIC", "connect_timeout": "5s", "lb_policy": "{pods}",
    "load_assignment": {{"cluster_name": "pods", "endpoints": [{{"lb_endpoints": [<endpoints>]}}]}}
  }}]
}}}}"#
    )
}

const UPGRADE: &str = r#", "upgrade_configs": [{"upgrade_type": "websocket"}]"#;

/// The same, and a header with the pod's address in each response. The header belongs beside the route's action, whose members these are.
const NAMES_HOST: &str = r#", "upgrade_configs": [{"upgrade_type": "websocket"}]},
        "response_headers_to_add": [{"header": {"key": "x-upstream", "value": "%UPSTREAM_HOST%"}}], "metadata": {"#;

/// The filter that keeps the pod's address in a cookie.
macro_rules! stateful {
    ($path:literal) => {
        concat!(
            r#"{"name": "stateful", "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.filters.http.stateful_session.v3.StatefulSession",
                "session_state": {"name": "envoy.http.stateful_session.cookie", "typed_config": {
                    "@type": "type.googleapis.com/envoy.extensions.http.stateful_session.cookie.v3.CookieBasedSessionState",
                    "cookie": {"name": "pod", "path": ""#,
            $path,
            r#""}}}}},"#
        )
    };
}

/// The filter that answers this percentage of requests with its own 503.
macro_rules! fault {
    ($percent:literal) => {
        concat!(
            r#"{"name": "fault", "typed_config": {"@type": "type.googleapis.com/envoy.extensions.filters.http.fault.v3.HTTPFault",
                "abort": {"http_status": 503, "percentage": {"numerator": "#,
            $percent,
            r#", "denominator": "HUNDRED"}}}},"#
        )
    };
}

const CASE: Case = Case::of(Door::Envoy, "ROUND_ROBIN", UPGRADE);

pub(super) const CASES: &[Case] = &[
    Case { name: "envoy-stateful-session", about: "stateful session filter, by cookie", more: stateful!("/"), wanted: STICKY, ..CASE },
    Case { name: "envoy-round-robin", about: "ROUND_ROBIN", wanted: not(&["no-affinity-cookie"]), ..CASE },
    Case { name: "envoy-random", about: "RANDOM", pods: "RANDOM", wanted: not(&["no-affinity-cookie"]), ..CASE },
    Case { name: "envoy-least-request", about: "LEAST_REQUEST", pods: "LEAST_REQUEST", wanted: not(&["no-affinity-cookie"]), ..CASE },
    Case {
        name: "envoy-ring-hash",
        about: "RING_HASH of a cookie that Envoy generates (ttl 0)",
        pods: "RING_HASH",
        front: r#", "upgrade_configs": [{"upgrade_type": "websocket"}], "hash_policy": [{"cookie": {"name": "ring", "path": "/", "ttl": "0s"}}]"#,
        wanted: STICKY,
        ..CASE
    },
    Case {
        name: "envoy-ring-hash-without-ttl",
        about: "RING_HASH of a cookie that is never set (no ttl)",
        pods: "RING_HASH",
        front: r#", "upgrade_configs": [{"upgrade_type": "websocket"}], "hash_policy": [{"cookie": {"name": "ring", "path": "/"}}]"#,
        wanted: not(&["no-affinity-cookie"]),
        ..CASE
    },
    Case {
        name: "envoy-maglev",
        about: "MAGLEV, hash of a cookie with a lifetime of one hour",
        pods: "MAGLEV",
        front: r#", "upgrade_configs": [{"upgrade_type": "websocket"}], "hash_policy": [{"cookie": {"name": "ring", "path": "/", "ttl": "3600s"}}]"#,
        wanted: STICKY,
        ..CASE
    },
    Case {
        name: "envoy-ring-hash-source-ip",
        about: "RING_HASH of the client address, requested from one address",
        pods: "RING_HASH",
        front: r#", "upgrade_configs": [{"upgrade_type": "websocket"}], "hash_policy": [{"connection_properties": {"source_ip": true}}]"#,
        wanted: unclear(&["single-backend-path"]),
        ..CASE
    },
    Case {
        name: "envoy-names-host",
        about: "stateful session filter, with the pod's address added to each response and read as its identity",
        more: stateful!("/"),
        front: NAMES_HOST,
        flags: &["--pod-identity", "header:x-upstream"],
        wanted: STICKY,
        ..CASE
    },
    Case {
        name: "envoy-without-upgrade",
        about: "stateful session filter, without upgrade_configs",
        more: stateful!("/"),
        front: "",
        wanted: unclear(&["upgrade-failed"]),
        ..CASE
    },
    Case {
        name: "envoy-stateful-session-without-sockets",
        about: "stateful session filter whose cookie path covers the requests but not the WebSocket",
        more: stateful!("/whoami"),
        wanted: not(&["socket-elsewhere"]),
        ..CASE
    },
    Case {
        name: "envoy-stateful-session-other-path",
        about: "stateful session filter with path /other: on other paths it neither sets nor reads its cookie",
        more: stateful!("/other"),
        wanted: not(&["no-affinity-cookie"]),
        ..CASE
    },
    Case {
        name: "envoy-fault-30",
        about: "stateful session filter, with 30% of the requests answered 503",
        more: concat!(fault!(30), stateful!("/")),
        wanted: unclear(&["error-rate"]),
        ..CASE
    },
    Case {
        name: "envoy-fault-2",
        about: "stateful session filter, with 2% of the requests answered 503",
        more: concat!(fault!(2), stateful!("/")),
        wanted: STICKY,
        ..CASE
    },
];
