//! The cases of an nginx with `sticky cookie`, which the open-source version has since 1.29.6.

use super::case::{Apps, Case, Door, Meanwhile, STICKY, not, tells, unclear};

const CASE: Case =
    Case::of(Door::NginxSticky, "server <a>; server <b>; server <c>; sticky cookie route path=/;", "location / { proxy_pass http://pods; }");

/// 7% of the requests that carry a cookie are balanced round robin; sockets are not.
const LEAK: &str = r#"
    split_clients $request_id $leak { 7% leak; * keep; }
    map "$leak:$cookie_route" $pool { "~^leak:." turns; default pods; }
    upstream turns { server <a>; server <b>; server <c>; }
"#;
const LEAKING: &str = "location / { proxy_pass http://$pool; } location /ws/ { proxy_pass http://pods; }";

pub(super) const CASES: &[Case] = &[
    Case { name: "nginx-sticky", about: "sticky cookie", wanted: STICKY, ..CASE },
    Case {
        name: "nginx-not-sticky",
        about: "no sticky cookie, round robin",
        pods: "server <a>; server <b>; server <c>;",
        wanted: not(&["no-affinity-cookie"]),
        ..CASE
    },
    Case {
        name: "nginx-sticky-other-path",
        about: "sticky cookie, path=/other",
        pods: "server <a>; server <b>; server <c>; sticky cookie route path=/other;",
        wanted: not(&["cookie-path-mismatch"]),
        ..CASE
    },
    Case {
        name: "nginx-sticky-path-without-sockets",
        about: "sticky cookie whose path covers the requests but not the WebSocket",
        pods: "server <a>; server <b>; server <c>; sticky cookie route path=/whoami;",
        wanted: not(&["socket-elsewhere"]),
        ..CASE
    },
    Case {
        name: "nginx-sticky-other-domain",
        about: "sticky cookie, domain=other.example",
        pods: "server <a>; server <b>; server <c>; sticky cookie route path=/ domain=other.example;",
        wanted: not(&["cookie-domain-mismatch"]),
        ..CASE
    },
    Case {
        name: "nginx-sticky-own-domain",
        about: "sticky cookie, domain=.shop.example, requested under that name",
        pods: "server <a>; server <b>; server <c>; sticky cookie route path=/ domain=.shop.example;",
        flags: &["--host", "shop.example"],
        wanted: STICKY,
        ..CASE
    },
    Case {
        name: "nginx-sticky-samesite-none",
        about: "sticky cookie, samesite=none without secure",
        pods: "server <a>; server <b>; server <c>; sticky cookie route path=/ samesite=none;",
        wanted: not(&["cookie-refused"]),
        ..CASE
    },
    Case {
        name: "nginx-sticky-samesite-lax",
        about: "sticky cookie, samesite=lax",
        pods: "server <a>; server <b>; server <c>; sticky cookie route path=/ samesite=lax;",
        wanted: STICKY,
        ..CASE
    },
    Case {
        name: "nginx-sticky-secure",
        about: "sticky cookie, secure, requested over plain http",
        pods: "server <a>; server <b>; server <c>; sticky cookie route path=/ secure;",
        wanted: unclear(&["secure-over-http"]),
        ..CASE
    },
    Case {
        name: "nginx-sticky-secure-over-tls",
        about: "sticky cookie, secure, requested over https",
        pods: "server <a>; server <b>; server <c>; sticky cookie route path=/ secure;",
        tls: true,
        flags: &["--ca", "<folder>/cert.pem"],
        wanted: STICKY,
        ..CASE
    },
    Case {
        name: "nginx-sticky-one-dead",
        about: "sticky cookie, one of three pods dead, no retry on another pod",
        pods: "server <a> max_fails=0; server <b> max_fails=0; server <dead> max_fails=0; sticky cookie route path=/;",
        front: "proxy_next_upstream off; location / { proxy_pass http://pods; }",
        wanted: unclear(&["error-rate"]),
        ..CASE
    },
    Case {
        name: "nginx-sticky-one-dead-next",
        about: "sticky cookie, one of three pods dead, with a retry on another pod",
        pods: "server <a>; server <b>; server <dead>; sticky cookie route path=/;",
        wanted: STICKY,
        ..CASE
    },
    Case {
        name: "nginx-sticky-limit-req",
        about: "sticky cookie, and a rate limit of 10 requests/s per address (429 beyond it)",
        more: "limit_req_zone $binary_remote_addr zone=all:1m rate=10r/s; limit_req_status 429;",
        front: "limit_req zone=all burst=30 nodelay; location / { proxy_pass http://pods; }",
        wanted: unclear(&["error-rate"]),
        ..CASE
    },
    Case {
        name: "nginx-sticky-limit-req-burst",
        about: "the same rate limit with a burst of 2,000",
        more: "limit_req_zone $binary_remote_addr zone=all:1m rate=10r/s; limit_req_status 429;",
        front: "limit_req zone=all burst=2000 nodelay; location / { proxy_pass http://pods; }",
        wanted: STICKY,
        ..CASE
    },
    Case {
        name: "nginx-sticky-leaks",
        about: "sticky cookie, but 7% of the requests that carry it are balanced round robin",
        more: LEAK,
        front: LEAKING,
        wanted: not(&["leaks"]),
        sockets_may_stay: true,
        ..CASE
    },
    Case {
        name: "nginx-sticky-leaks-tolerated",
        about: "the same, tolerating a move rate of 20%, without sockets",
        more: LEAK,
        front: LEAKING,
        flags: &["--max-move-rate", "20%", "--pod-identity", "header:x-sticky-pod", "--skip", "parallel-first,dead-cookie"],
        wanted: STICKY,
        ..CASE
    },
    Case {
        name: "nginx-sticky-sockets-by-turns",
        about: "sticky cookie, but WebSockets are balanced round robin",
        more: "upstream turns { server <a>; server <b>; server <c>; }",
        front: "location / { proxy_pass http://pods; } location /ws/ { proxy_pass http://turns; }",
        wanted: not(&["socket-elsewhere"]),
        ..CASE
    },
    Case {
        name: "nginx-sticky-without-upgrade",
        about: "sticky cookie, but the upgrade headers are not forwarded",
        front: "location / { proxy_set_header Host $http_host; proxy_pass http://pods; }",
        wanted: unclear(&["upgrade-failed"]),
        ..CASE
    },
    Case {
        name: "nginx-sticky-request-id",
        about: "sticky cookie, with a request ID read as the pod's identity",
        front: "add_header X-Request-Id $request_id; location / { proxy_pass http://pods; }",
        flags: &["--pod-identity", "header:x-request-id"],
        wanted: unclear(&["identity-unstable"]),
        ..CASE
    },
    Case {
        name: "nginx-sticky-upstream-addr",
        about: "sticky cookie, with the pod's address read as its identity",
        front: "add_header X-Upstream $upstream_addr; location / { proxy_pass http://pods; }",
        flags: &["--pod-identity", "header:x-upstream"],
        wanted: STICKY,
        ..CASE
    },
    Case {
        name: "nginx-sticky-nameless",
        about: "sticky cookie, with the pod's identity read from a header that is never sent",
        flags: &["--pod-identity", "header:x-nobody"],
        wanted: unclear(&["no-identity"]),
        ..CASE
    },
    Case {
        name: "nginx-sticky-workers",
        about: "sticky cookie, pods with two workers each",
        apps: Apps::Workers,
        wanted: super::case::Wanted { codes: &["worker-not-sticky"], ..STICKY },
        ..CASE
    },
    Case {
        name: "nginx-sticky-pod-dies",
        about: "sticky cookie, and a pod is killed during the run",
        meanwhile: Meanwhile::PodKilled,
        flags: &["--rate", "200"],
        wanted: unclear(&["pods-replaced", "pod-terminated"]),
        ..CASE
    },
    Case {
        name: "nginx-sticky-strangers-json",
        about: "sticky cookie, third-party app that returns its host name in JSON",
        apps: Apps::Json,
        flags: &["--pod-identity", "json:/host/name"],
        wanted: STICKY,
        ..CASE
    },
    Case {
        name: "nginx-sticky-pod-stops",
        about: "sticky cookie, and a pod shuts down during the run",
        meanwhile: Meanwhile::PodStops,
        flags: &["--rate", "200"],
        wanted: unclear(&["pods-replaced", "goodbye"]),
        ..CASE
    },
    Case {
        name: "nginx-sticky-reload",
        about: "sticky cookie, and nginx is reloaded during the run; its old worker closes its sockets",
        meanwhile: Meanwhile::Reload,
        flags: &["--rate", "200"],
        wanted: tells(&["proxy-recycled"]),
        ..CASE
    },
    Case {
        name: "nginx-sticky-idle",
        about: "sticky cookie, and proxy_read_timeout 1s",
        front: "location / { proxy_pass http://pods; proxy_read_timeout 1s; }",
        flags: &["--idle", "4s", "--skip", "ws-first,stick-ws"],
        wanted: tells(&["idle-timeout"]),
        ..CASE
    },
    Case {
        name: "nginx-sticky-longer-than-idle",
        about: "sticky cookie, and proxy_read_timeout 1h",
        flags: &["--idle", "2s"],
        wanted: STICKY,
        ..CASE
    },
    Case {
        name: "nginx-sticky-two-paths",
        about: "two rules with a sticky cookie each, each with its own path",
        more: "upstream others { server <a>; server <b>; server <c>; sticky cookie route path=/session; }",
        pods: "server <a>; server <b>; server <c>; sticky cookie route path=/whoami;",
        front: "location / { proxy_pass http://pods; } location /session { proxy_pass http://others; }",
        flags: &["--path", "/session", "--pod-identity", "header:x-sticky-pod"],
        wanted: not(&["paths-disagree"]),
        ..CASE
    },
    Case {
        name: "nginx-sticky-two-paths-one-cookie",
        about: "two rules with a sticky cookie each, both with path=/",
        more: "upstream others { server <a>; server <b>; server <c>; sticky cookie route path=/; }",
        front: "location / { proxy_pass http://pods; } location /session { proxy_pass http://others; }",
        flags: &["--path", "/session"],
        wanted: STICKY,
        ..CASE
    },
    Case {
        name: "nginx-not-by-cookie",
        about: "hash of the client address, plus a sticky cookie that has no effect; requested from two addresses",
        pods: "hash $remote_addr; server <a>; server <b>; server <c>;",
        flags: &["--source-ip", "127.0.0.1", "--source-ip", "127.0.0.3"],
        wanted: unclear(&["not-by-cookie"]),
        ..CASE
    },
];
