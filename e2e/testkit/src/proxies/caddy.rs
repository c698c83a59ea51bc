//! Caddy's base configuration and cases.

use super::case::{Apps, Case, Door, STICKY, not, unclear};

/// The configuration of a case: `pods` goes into `reverse_proxy`, `front` into the site.
#[must_use]
pub(super) fn frame(case: &Case, port: u16) -> String {
    let Case { pods, front, .. } = case;
    format!(
        "{{
  admin off
  auto_https off
  persist_config off
}}
http://:{port} {{
  bind 127.0.0.1
  {front}
  reverse_proxy <a> <b> <c> {{
    {pods}
  }}
}}
"
    )
}

const CASE: Case = Case::of(Door::Caddy, "lb_policy cookie lb hush", "");

pub(super) const CASES: &[Case] = &[
    Case { name: "caddy-cookie", about: "lb_policy cookie", wanted: STICKY, ..CASE },
    Case { name: "caddy-random", about: "random, the default", pods: "", wanted: not(&["no-affinity-cookie"]), ..CASE },
    Case { name: "caddy-round-robin", about: "lb_policy round_robin", pods: "lb_policy round_robin", wanted: not(&["no-affinity-cookie"]), ..CASE },
    Case {
        name: "caddy-ip-hash",
        about: "lb_policy ip_hash, requested from one address",
        pods: "lb_policy ip_hash",
        wanted: unclear(&["single-backend-path"]),
        ..CASE
    },
    Case {
        name: "caddy-cookie-max-age-0",
        about: "lb_policy cookie, with Max-Age=0 appended to the cookie",
        front: r#"header >Set-Cookie "(.*)" "$1; Max-Age=0""#,
        wanted: not(&["born-expired"]),
        ..CASE
    },
    Case {
        name: "caddy-cookie-two-secrets",
        about: "lb_policy cookie; WebSockets have their own rule, with the same cookie name but another secret",
        front: "handle /ws/* {
    reverse_proxy <a> <b> <c> {
      lb_policy cookie lb other
    }
  }",
        wanted: not(&["socket-elsewhere"]),
        ..CASE
    },
    Case {
        name: "caddy-cookie-one-secret",
        about: "lb_policy cookie; WebSockets have their own rule with the same secret",
        front: "handle /ws/* {
    reverse_proxy <a> <b> <c> {
      lb_policy cookie lb hush
    }
  }",
        wanted: STICKY,
        ..CASE
    },
    Case {
        name: "caddy-cookie-weights",
        about: "lb_policy cookie; clients without a cookie are weighted 90/5/5",
        pods: "lb_policy cookie lb hush {
      fallback weighted_round_robin 90 5 5
    }",
        wanted: unclear(&["unbalanced-control"]),
        ..CASE
    },
    Case {
        name: "caddy-names-upstream",
        about: "lb_policy cookie, with the pod's address added to each response and read as its identity",
        pods: "lb_policy cookie lb hush
    header_down X-Upstream {http.reverse_proxy.upstream.hostport}",
        flags: &["--pod-identity", "header:x-upstream"],
        wanted: STICKY,
        ..CASE
    },
    Case {
        name: "caddy-strangers-header",
        about: "lb_policy cookie, third-party app that sends its host name in a header",
        apps: Apps::Header,
        flags: &["--pod-identity", "header:x-served-by"],
        wanted: STICKY,
        ..CASE
    },
    Case {
        name: "caddy-strangers-session",
        about: "lb_policy round_robin, third-party app with its own session cookie",
        pods: "lb_policy round_robin",
        apps: Apps::Header,
        flags: &["--pod-identity", "header:x-served-by"],
        wanted: not(&["cookie-not-honoured"]),
        ..CASE
    },
];
