//! nginx's base configuration, and the cases of Debian's nginx: hashes, some of which are affinity, and some only look like it.

use super::case::{Case, Door, STICKY, not, unclear};

/// The configuration of a case: `pods` goes into the upstream, `front` into the server, and `more` into the http block.
#[must_use]
pub(super) fn frame(case: &Case, port: u16) -> String {
    let Case { pods, front, more, .. } = case;
    let (tls, keys) = if case.tls { (" ssl", "ssl_certificate <folder>/cert.pem; ssl_certificate_key <folder>/key.pem;") } else { ("", "") };
    crate::nginx::frame(&format!(
        r"
    map $http_upgrade $hop {{ default upgrade; '' close; }}
    {more}
    upstream pods {{ {pods} }}
    server {{
        listen 127.0.0.1:{port}{tls};
        {keys}
        proxy_set_header Host $http_host;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection $hop;
        {front}
    }}"
    ))
}

const CASE: Case = Case::of(Door::Nginx, "server <a>; server <b>; server <c>;", "location / { proxy_pass http://pods; }");

/// Hashes by the cookie's value. The first request is hashed by the value that its answer sets.
const KEY: &str = r#"
    map $cookie_route $key { '' $request_id; default $cookie_route; }
    map $cookie_route $offer { '' "route=$request_id; Path=/"; default ''; }
"#;

const HASH: &str = "hash $key consistent; server <a>; server <b>; server <c>;";

pub(super) const CASES: &[Case] = &[
    Case {
        name: "nginx-hash-of-own-key",
        about: "hash of a key that nginx generates, uses for the first request, and sets as a cookie on every response",
        pods: HASH,
        more: KEY,
        front: "add_header Set-Cookie $offer always; location / { proxy_pass http://pods; }",
        wanted: STICKY,
        ..CASE
    },
    Case {
        name: "nginx-add-header-without-always",
        about: "the same without `always`: add_header does not set it on a 101",
        pods: HASH,
        more: KEY,
        front: "add_header Set-Cookie $offer; location / { proxy_pass http://pods; }",
        wanted: not(&["no-cookie-on-upgrade"]),
        ..CASE
    },
    Case {
        name: "nginx-hash-of-own-key-expired",
        about: "the same with an Expires date in the past",
        pods: HASH,
        more: r#"
            map $cookie_route $key { '' $request_id; default $cookie_route; }
            map $cookie_route $offer { '' "route=$request_id; Path=/; Expires=Thu, 01 Jan 2015 00:00:00 GMT"; default ''; }
        "#,
        front: "add_header Set-Cookie $offer always; location / { proxy_pass http://pods; }",
        wanted: not(&["born-expired"]),
        ..CASE
    },
    Case {
        name: "nginx-hash-of-a-foreign-key",
        about: "hash of a cookie, first request round robin (the setup of the Python demo that this project grew from)",
        pods: "hash $cookie_route consistent; server <a>; server <b>; server <c>;",
        more: r#"
            map $cookie_route $offer { '' "route=$request_id; Path=/"; default ''; }
            map $cookie_route $pool { '' turns; default pods; }
            upstream turns { server <a>; server <b>; server <c>; }
        "#,
        front: "add_header Set-Cookie $offer always; location / { proxy_pass http://$pool; }",
        wanted: not(&["bound-late"]),
        ..CASE
    },
    Case {
        name: "nginx-userid",
        about: "hash of userid's cookie, received or just set",
        pods: "hash $uid_got$uid_set consistent; server <a>; server <b>; server <c>;",
        front: "userid on; userid_name uid; userid_path /; location / { proxy_pass http://pods; }",
        wanted: STICKY,
        ..CASE
    },
    Case {
        name: "nginx-userid-got-only",
        about: "hash of userid's cookie, received only: one pod answers all first requests",
        pods: "hash $uid_got consistent; server <a>; server <b>; server <c>;",
        front: "userid on; userid_name uid; userid_path /; location / { proxy_pass http://pods; }",
        wanted: not(&["bound-late"]),
        sockets_may_stay: true,
        ..CASE
    },
    Case {
        name: "nginx-cookie-that-decides-nothing",
        about: "round robin, and a cookie that has no effect",
        more: r#"map $cookie_route $offer { '' "route=$request_id; Path=/"; default ''; }"#,
        front: "add_header Set-Cookie $offer always; location / { proxy_pass http://pods; }",
        wanted: not(&["cookie-not-honoured"]),
        ..CASE
    },
    Case {
        name: "nginx-ip-hash",
        about: "ip_hash, requested from one address",
        pods: "ip_hash; server <a>; server <b>; server <c>;",
        wanted: unclear(&["single-backend-path"]),
        ..CASE
    },
    Case { name: "nginx-turns", about: "round robin", wanted: not(&["no-affinity-cookie"]), ..CASE },
    Case {
        name: "nginx-least-conn",
        about: "least_conn",
        pods: "least_conn; server <a>; server <b>; server <c>;",
        wanted: not(&["no-affinity-cookie"]),
        ..CASE
    },
    Case { name: "nginx-random", about: "random", pods: "random; server <a>; server <b>; server <c>;", wanted: not(&["no-affinity-cookie"]), ..CASE },
];
