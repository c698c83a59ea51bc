//! `HAProxy`'s base configuration and cases. Weights and small samples are tested here and not with nginx, whose round robin also counts
//! the requests of sessions, so that requests without a cookie go to the other pods.

use super::case::{Apps, Case, Door, STICKY, not, unclear};

/// The configuration of a case: `pods` goes into the backend, `front` into the frontend, and `more` has further sections.
#[must_use]
pub(super) fn frame(case: &Case, port: u16) -> String {
    let Case { pods, front, more, .. } = case;
    format!(
        "
global
  log stderr format raw local0 notice
defaults
  mode http
  log global
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  timeout tunnel 1h
{more}
frontend front
  bind 127.0.0.1:{port}
{front}
  default_backend pods
backend pods
{pods}
"
    )
}

const CASE: Case = Case::of(Door::Haproxy, STAYING, "");

const STAYING: &str = "
  balance roundrobin
  cookie SRV insert indirect nocache
  server a <a> cookie a
  server b <b> cookie b
  server c <c> cookie c";
const TURNS: &str = "
  balance roundrobin
  server a <a>
  server b <b>
  server c <c>";

pub(super) const CASES: &[Case] = &[
    Case { name: "haproxy-cookie-insert", about: "cookie insert indirect nocache", wanted: STICKY, ..CASE },
    Case { name: "haproxy-roundrobin", about: "balance roundrobin", pods: TURNS, wanted: not(&["no-affinity-cookie"]), ..CASE },
    Case {
        name: "haproxy-leastconn",
        about: "balance leastconn",
        pods: "
  balance leastconn
  server a <a>
  server b <b>
  server c <c>",
        wanted: not(&["no-affinity-cookie"]),
        ..CASE
    },
    Case {
        name: "haproxy-random",
        about: "balance random",
        pods: "
  balance random
  server a <a>
  server b <b>
  server c <c>",
        wanted: not(&["no-affinity-cookie"]),
        ..CASE
    },
    Case {
        name: "haproxy-source",
        about: "balance source, requested from one address",
        pods: "
  balance source
  server a <a>
  server b <b>
  server c <c>",
        wanted: unclear(&["single-backend-path"]),
        ..CASE
    },
    Case {
        name: "haproxy-stick-on-src",
        about: "a stick table keyed by address, requested from one address",
        pods: "
  balance roundrobin
  stick-table type ip size 1k
  stick on src
  server a <a>
  server b <b>
  server c <c>",
        wanted: unclear(&["single-backend-path"]),
        ..CASE
    },
    Case {
        name: "haproxy-cookie-secure",
        about: "cookie insert secure, requested over plain http",
        pods: "
  balance roundrobin
  cookie SRV insert indirect nocache secure
  server a <a> cookie a
  server b <b> cookie b
  server c <c> cookie c",
        wanted: unclear(&["secure-over-http"]),
        ..CASE
    },
    Case {
        name: "haproxy-cookie-max-age-0",
        about: "cookie insert, with Max-Age=0 appended to the cookie",
        front: r#"  http-after-response replace-header Set-Cookie (.*) "\1; Max-Age=0""#,
        wanted: not(&["born-expired"]),
        ..CASE
    },
    Case {
        name: "haproxy-cookie-not-on-101",
        about: "cookie insert, but not on a 101",
        front: "  http-after-response del-header Set-Cookie if { status 101 }",
        wanted: not(&["no-cookie-on-upgrade"]),
        ..CASE
    },
    Case {
        name: "haproxy-sockets-by-turns",
        about: "cookie insert; WebSockets go to a separate backend without it",
        front: "  use_backend turns if { path_beg /ws/ }",
        more: "
backend turns
  balance roundrobin
  server a <a>
  server b <b>
  server c <c>",
        wanted: not(&["socket-elsewhere"]),
        ..CASE
    },
    Case {
        name: "haproxy-cookie-weights",
        about: "cookie insert, weights 90/5/5, and one pod answers all first requests",
        pods: "
  balance roundrobin
  cookie SRV insert indirect nocache
  server a <a> cookie a weight 90
  server b <b> cookie b weight 5
  server c <c> cookie c weight 5",
        front: "  use_backend first if { path /session }",
        more: "
backend first
  cookie SRV insert indirect nocache
  server a <a> cookie a",
        flags: &["--first", "/session"],
        wanted: unclear(&["unbalanced-control"]),
        ..CASE
    },
    Case {
        name: "haproxy-cookie-weights-2-1-1",
        about: "cookie insert, weights 2/1/1",
        pods: "
  balance roundrobin
  cookie SRV insert indirect nocache
  server a <a> cookie a weight 2
  server b <b> cookie b weight 1
  server c <c> cookie c weight 1",
        wanted: STICKY,
        ..CASE
    },
    Case {
        name: "haproxy-cache",
        about: "a cache that stores every response for a minute and ignores `no-cache`",
        front: "
  http-request del-header Cache-Control
  http-request del-header Pragma",
        pods: "
  balance roundrobin
  http-request cache-use shared
  http-response set-header Cache-Control max-age=60
  http-response cache-store shared
  server a <a>
  server b <b>
  server c <c>",
        more: "
cache shared
  total-max-size 4
  max-age 60",
        // An answer cached for less than a second has the age 0, which proves nothing.
        flags: &["--rate", "300"],
        wanted: unclear(&["cached"]),
        ..CASE
    },
    Case {
        name: "haproxy-cache-obeys",
        about: "cookie insert, and a cache that honors the app's `no-store`",
        front: "
  http-request del-header Cache-Control
  http-request del-header Pragma",
        pods: "
  balance roundrobin
  cookie SRV insert indirect nocache
  http-request cache-use shared
  http-response cache-store shared
  server a <a> cookie a
  server b <b> cookie b
  server c <c> cookie c",
        more: "
cache shared
  total-max-size 4
  max-age 60",
        wanted: STICKY,
        ..CASE
    },
    Case {
        name: "haproxy-rejects-some",
        about: "cookie insert, with 30% of the connections rejected",
        front: "  tcp-request connection reject if { rand(100) lt 30 }",
        wanted: unclear(&["transport"]),
        ..CASE
    },
    Case {
        name: "haproxy-rejects-all",
        about: "every connection rejected",
        front: "  tcp-request connection reject",
        wanted: unclear(&["transport"]),
        ..CASE
    },
    Case {
        name: "haproxy-two-sessions",
        about: "cookie insert, with a sample of only two sessions",
        flags: &["--sessions", "2", "--requests", "2"],
        wanted: unclear(&["too-few-probes"]),
        ..CASE
    },
    Case {
        name: "haproxy-names-server",
        about: "cookie insert, with the server's name added to each response and read as the pod's identity",
        pods: "
  balance roundrobin
  cookie SRV insert indirect nocache
  http-response set-header X-Server %s
  server a <a> cookie a
  server b <b> cookie b
  server c <c> cookie c",
        flags: &["--pod-identity", "header:x-server"],
        wanted: STICKY,
        ..CASE
    },
    Case {
        name: "haproxy-strangers-text",
        about: "cookie insert, third-party app that returns its host name in plain text",
        apps: Apps::Text,
        flags: &["--pod-identity", r"regex:^Hostname: (\S+)"],
        wanted: STICKY,
        ..CASE
    },
    Case {
        name: "haproxy-strangers-text-by-turns",
        about: "the same app, balance roundrobin",
        pods: TURNS,
        apps: Apps::Text,
        flags: &["--pod-identity", r"regex:^Hostname: (\S+)"],
        wanted: not(&["no-affinity-cookie"]),
        ..CASE
    },
];
