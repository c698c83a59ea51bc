//! The cases of an nginx that has `sticky cookie`, which its free version has since 1.29.6.

use super::case::{Apps, Case, Door, Meanwhile, STICKY, not, tells, unclear};

const CASE: Case =
    Case::of(Door::NginxSticky, "server <a>; server <b>; server <c>; sticky cookie route path=/;", "location / { proxy_pass http://pods; }");

/// Of requests with a cookie 7 in 100 go by turns; sockets don't.
const LEAK: &str = r#"
    split_clients $request_id $leak { 7% leak; * keep; }
    map "$leak:$cookie_route" $pool { "~^leak:." turns; default pods; }
    upstream turns { server <a>; server <b>; server <c>; }
"#;
const LEAKING: &str = "location / { proxy_pass http://$pool; } location /ws/ { proxy_pass http://pods; }";

/// Cases of today's nginx.
pub(super) const CASES: &[Case] = &[
    Case { name: "nginx-sticky", about: "sticky cookie", wanted: STICKY, ..CASE },
    Case {
        name: "nginx-not-sticky",
        about: "the same without it",
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
        about: "sticky cookie, with the path of the requests and not of the sockets",
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
        about: "sticky cookie, domain=.shop.example, asked by that name",
        pods: "server <a>; server <b>; server <c>; sticky cookie route path=/ domain=.shop.example;",
        flags: &["--host", "shop.example"],
        wanted: STICKY,
        ..CASE
    },
    Case {
        name: "nginx-sticky-samesite-none",
        about: "sticky cookie, samesite=none and not secure",
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
        about: "sticky cookie, secure, asked over plain http",
        pods: "server <a>; server <b>; server <c>; sticky cookie route path=/ secure;",
        wanted: unclear(&["secure-over-http"]),
        ..CASE
    },
    Case {
        name: "nginx-sticky-secure-over-tls",
        about: "sticky cookie, secure, asked over https",
        pods: "server <a>; server <b>; server <c>; sticky cookie route path=/ secure;",
        tls: true,
        flags: &["--ca", "<folder>/cert.pem"],
        wanted: STICKY,
        ..CASE
    },
    Case {
        name: "nginx-sticky-one-dead",
        about: "sticky cookie, one of three pods dead, no second try",
        pods: "server <a> max_fails=0; server <b> max_fails=0; server <dead> max_fails=0; sticky cookie route path=/;",
        front: "proxy_next_upstream off; location / { proxy_pass http://pods; }",
        wanted: unclear(&["error-rate"]),
        ..CASE
    },
    Case {
        name: "nginx-sticky-one-dead-next",
        about: "sticky cookie, one of three pods dead, and a second try",
        pods: "server <a>; server <b>; server <dead>; sticky cookie route path=/;",
        wanted: STICKY,
        ..CASE
    },
    Case {
        name: "nginx-sticky-limit-req",
        about: "sticky cookie, and ten requests a second of one address, the others 429",
        more: "limit_req_zone $binary_remote_addr zone=all:1m rate=10r/s; limit_req_status 429;",
        front: "limit_req zone=all burst=30 nodelay; location / { proxy_pass http://pods; }",
        wanted: unclear(&["error-rate"]),
        ..CASE
    },
    Case {
        name: "nginx-sticky-limit-req-burst",
        about: "the same with room for a burst of 2,000",
        more: "limit_req_zone $binary_remote_addr zone=all:1m rate=10r/s; limit_req_status 429;",
        front: "limit_req zone=all burst=2000 nodelay; location / { proxy_pass http://pods; }",
        wanted: STICKY,
        ..CASE
    },
    Case {
        name: "nginx-sticky-leaks",
        about: "sticky cookie, and 7 of 100 requests with a cookie go by turns",
        more: LEAK,
        front: LEAKING,
        wanted: not(&["leaks"]),
        sockets_may_stay: true,
        ..CASE
    },
    Case {
        name: "nginx-sticky-leaks-tolerated",
        about: "the same, and a fifth of moves is put up with; without sockets",
        more: LEAK,
        front: LEAKING,
        flags: &["--max-move-rate", "20%", "--pod-identity", "header:x-sticky-pod", "--skip", "parallel-first,dead-cookie"],
        wanted: STICKY,
        ..CASE
    },
    Case {
        name: "nginx-sticky-sockets-by-turns",
        about: "sticky cookie, and sockets by turns",
        more: "upstream turns { server <a>; server <b>; server <c>; }",
        front: "location / { proxy_pass http://pods; } location /ws/ { proxy_pass http://turns; }",
        wanted: not(&["socket-elsewhere"]),
        ..CASE
    },
    Case {
        name: "nginx-sticky-without-upgrade",
        about: "sticky cookie, and nobody passes the upgrade on",
        front: "location / { proxy_set_header Host $http_host; proxy_pass http://pods; }",
        wanted: unclear(&["upgrade-failed"]),
        ..CASE
    },
    Case {
        name: "nginx-sticky-request-id",
        about: "sticky cookie, and a request's id for the pod's name",
        front: "add_header X-Request-Id $request_id; location / { proxy_pass http://pods; }",
        flags: &["--pod-identity", "header:x-request-id"],
        wanted: unclear(&["identity-unstable"]),
        ..CASE
    },
    Case {
        name: "nginx-sticky-upstream-addr",
        about: "sticky cookie, and the pod's address for its name",
        front: "add_header X-Upstream $upstream_addr; location / { proxy_pass http://pods; }",
        flags: &["--pod-identity", "header:x-upstream"],
        wanted: STICKY,
        ..CASE
    },
    Case {
        name: "nginx-sticky-nameless",
        about: "sticky cookie, and a header that nobody sends for the pod's name",
        flags: &["--pod-identity", "header:x-nobody"],
        wanted: unclear(&["no-identity"]),
        ..CASE
    },
    Case {
        name: "nginx-sticky-workers",
        about: "sticky cookie before pods of two workers",
        apps: Apps::Workers,
        wanted: super::case::Wanted { codes: &["worker-not-sticky"], ..STICKY },
        ..CASE
    },
    Case {
        name: "nginx-sticky-pod-dies",
        about: "sticky cookie, and a pod that dies in the middle",
        meanwhile: Meanwhile::PodKilled,
        flags: &["--rate", "200"],
        wanted: unclear(&["pods-replaced", "pod-terminated"]),
        ..CASE
    },
    Case {
        name: "nginx-sticky-strangers-json",
        about: "sticky cookie before somebody else's app, which tells its name in JSON",
        apps: Apps::Json,
        flags: &["--pod-identity", "json:/host/name"],
        wanted: STICKY,
        ..CASE
    },
    Case {
        name: "nginx-sticky-pod-stops",
        about: "sticky cookie, and a pod that is told to stop in the middle",
        meanwhile: Meanwhile::PodStops,
        flags: &["--rate", "200"],
        wanted: unclear(&["pods-replaced", "goodbye"]),
        ..CASE
    },
    Case {
        name: "nginx-sticky-reload",
        about: "sticky cookie, and a reload in the middle, whose old worker ends its sockets",
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
        about: "sticky cookies of two rules, each with its own path",
        more: "upstream others { server <a>; server <b>; server <c>; sticky cookie route path=/session; }",
        pods: "server <a>; server <b>; server <c>; sticky cookie route path=/whoami;",
        front: "location / { proxy_pass http://pods; } location /session { proxy_pass http://others; }",
        flags: &["--path", "/session", "--pod-identity", "header:x-sticky-pod"],
        wanted: not(&["paths-disagree"]),
        ..CASE
    },
    Case {
        name: "nginx-sticky-two-paths-one-cookie",
        about: "sticky cookies of two rules, both with path=/",
        more: "upstream others { server <a>; server <b>; server <c>; sticky cookie route path=/; }",
        front: "location / { proxy_pass http://pods; } location /session { proxy_pass http://others; }",
        flags: &["--path", "/session"],
        wanted: STICKY,
        ..CASE
    },
    Case {
        name: "nginx-not-by-cookie",
        about: "a hash of the client's address beside a sticky cookie of no use, asked from two",
        pods: "hash $remote_addr; server <a>; server <b>; server <c>;",
        flags: &["--source-ip", "127.0.0.1", "--source-ip", "127.0.0.3"],
        wanted: unclear(&["not-by-cookie"]),
        ..CASE
    },
];
