//! Cookies that do not come back, come twice, or come from someone else.

use crate::case::{Case, all, not_sticky, sticky, unclear, verify};
use crate::site::{Affinity, Beside, Sets, Site, Tls, Trust, Upgrade};

fn with(attributes: &'static str) -> Site {
    Site { cookie: Some(attributes), ..Site::default() }
}

fn beside(beside: Beside) -> Site {
    Site { beside, ..Site::default() }
}

const SOCKET: &[&str] = &["--ws-url", "/ws"];

pub(crate) const CASES: &[Case] = &[
    not_sticky("another path", || with("Path=/other"), &["cookie-path-mismatch"]),
    not_sticky("a rule's pattern as path", || with("Path=/(.*)"), &["cookie-path-mismatch"]),
    not_sticky("a prefix is no path", || with("Path=/app"), &["cookie-path-mismatch"]).with(&["/apple"]),
    sticky("its own path", || with("Path=/app")).with(&["/app/le"]).beside(&["cookie-path-mismatch"]),
    unclear("Secure over http", || with("Path=/; Secure"), &["secure-over-http"]),
    sticky("not Secure over http", || with("Path=/; SameSite=Lax")).beside(&["secure-over-http"]),
    not_sticky("SameSite=None without Secure", || with("Path=/; SameSite=None"), &["cookie-refused"]),
    sticky("SameSite=Strict without Secure", || with("Path=/; SameSite=Strict")).beside(&["cookie-refused"]),
    not_sticky("Max-Age=0", || with("Path=/; Max-Age=0"), &["born-expired"]),
    not_sticky("Max-Age=-1", || with("Path=/; Max-Age=-1"), &["born-expired"]),
    not_sticky("a date that has passed", || with("Path=/; Expires=Fri, 27-Nov-20 09:00:00 GMT"), &["born-expired"]),
    sticky("a life ahead", || with("Path=/; Max-Age=60; Expires=Fri, 27-Nov-20 09:00:00 GMT")).beside(&["born-expired"]),
    not_sticky("another domain", || with("Path=/; Domain=other.example"), &["cookie-domain-mismatch"]),
    not_sticky("everybody's domain", || with("Path=/; Domain=example"), &["cookie-domain-mismatch"]).with(&["--host", "shop.example"]),
    not_sticky("a public suffix of two labels", || with("Path=/; Domain=co.uk"), &["cookie-domain-mismatch"]).with(&["--host", "shop.co.uk"]),
    not_sticky("a public suffix of a company's", || with("Path=/; Domain=github.io"), &["cookie-domain-mismatch"])
        .with(&["--host", "shop.github.io"]),
    sticky("a host that is itself a public suffix", || with("Path=/; Domain=github.io"))
        .with(&["--host", "github.io"])
        .beside(&["cookie-domain-mismatch"]),
    sticky("a name below a public suffix", || with("Path=/; Domain=shop.co.uk"))
        .with(&["--host", "www.shop.co.uk"])
        .beside(&["cookie-domain-mismatch"]),
    sticky("its own domain", || with("Path=/; Domain=shop.example")).with(&["--host", "shop.example"]).beside(&["cookie-domain-mismatch"]),
    sticky("two of one name, the last for the pod", || beside(Beside::DeadFirst)).beside(&["cookie-not-honoured"]),
    // A jar keeps the last one, which leads nowhere, so every answer binds the session again.
    not_sticky("two of one name, the last for a dead pod", || beside(Beside::DeadLast), &["cookie-overwritten"]).beside(&["cookie-not-honoured"]),
    not_sticky("the application sets the same name", || beside(Beside::SameName), &["cookie-overwritten"]).beside(&["cookie-not-honoured"]),
    sticky("the application sets another name", || beside(Beside::OtherName)).beside(&[
        "cookie-not-honoured",
        "cookie-overwritten",
        "no-affinity-cookie",
    ]),
    unclear(
        "the same beside one that is Secure over http",
        || Site { cookie: Some("Path=/; Secure"), ..beside(Beside::OtherName) },
        &["secure-over-http"],
    ),
    not_sticky(
        "the same beside one of another path",
        || Site { cookie: Some("Path=/other"), ..beside(Beside::OtherName) },
        &["cookie-path-mismatch"],
    ),
    unclear("a file with one browser's", || Site { affinity: Affinity::Ring, ..Site::default() }, &["sessions-together"])
        .with(&["--cookie", "@tests/verify/data/route.cookies"])
        .beside(&["single-backend-path", "unbalanced-control"]),
    sticky("a file with another", || Site { affinity: Affinity::Ring, ..Site::default() })
        .with(&["--cookie", "@tests/verify/data/theme.cookies", "--sessions", "30"])
        .beside(&["sessions-together", "too-few-probes"]),
    sticky("on every answer, sockets asked too", Site::default).with(SOCKET).beside(&["no-cookie-on-upgrade", "socket-elsewhere", "upgrade-failed"]),
    not_sticky("on pages only", || Site { sets: Sets::NotUpgrades, ..Site::default() }, &["no-cookie-on-upgrade"])
        .with(SOCKET)
        .beside(&["socket-elsewhere"]),
    not_sticky("on the 101 only", || Site { sets: Sets::OnlyUpgrades, ..Site::default() }, &["no-affinity-cookie"]).with(SOCKET),
    not_sticky("never", || Site { cookie: None, ..Site::default() }, &["no-affinity-cookie"]).with(SOCKET),
    // Two rules, each with its own path: the page's cookie is not sent to the socket.
    not_sticky("page and socket have a cookie each", || Site { socket_cookie: Some("Path=/ws"), ..with("Path=/page") }, &["socket-elsewhere"])
        .with(&["/page", "--ws-url", "/ws"])
        .beside(&["no-cookie-on-upgrade"]),
    sticky("page and socket have one cookie", || Site { upgrade: Upgrade::AsRequests, ..with("Path=/") }).with(&["/page", "--ws-url", "/ws"]),
];

#[tokio::test]
async fn what_becomes_of_cookies() {
    all(CASES).await;
}

#[tokio::test]
async fn the_reason_says_where_a_cookie_came() {
    for (site, says) in [
        (Site { sets: Sets::OnlyUpgrades, ..Site::default() }, "only the 101 responses of sockets set a cookie"),
        (Site { cookie: None, ..Site::default() }, "no answer set a cookie"),
    ] {
        let done = verify(&site.serve().await, SOCKET).await;
        assert!(done.detail("no-affinity-cookie").ends_with(says), "{}", done.details());
    }
}

/// A forged cookie is sent as the site's own would be, whatever its attributes: once, and the cookie in its answer replaces it.
#[tokio::test]
async fn a_dead_cookie_has_the_attributes_of_the_sites_own() {
    let tls = Some(Tls { http2: false, trust: Trust::Right });
    let host = |cookie| Site { host: Some("www.shop.example"), cookie: Some(cookie), ..Site::default() };
    for (what, site, flags, says) in [
        ("a parent's domain", host("Path=/; Domain=shop.example"), &[][..], "replaced at once"),
        ("a path of its own", with("Path=/app"), &["/app"], "replaced at once"),
        ("__Host-", Site { tls, cookie_name: "__Host-route", ..with("Path=/; Secure") }, &[], "replaced at once"),
        ("__Secure-", Site { tls, cookie_name: "__Secure-route", ..with("Path=/; Secure; Domain=shop.example") }, &[], "replaced at once"),
        // Only a forged cookie can be replaced.
        ("a key, and the application's beside it", Site { affinity: Affinity::Ring, ..beside(Beside::OtherName) }, &[], "used as a key"),
        ("a key", Site { affinity: Affinity::Ring, ..Site::default() }, &[], "used as a key and not replaced"),
    ] {
        let done = verify(&site.serve().await, flags).await;
        let (outcome, detail) = done.scenario("dead-cookie");
        assert!(detail.starts_with(says) && !detail.contains("after that") && outcome != "fail", "{what}: {outcome} {detail} {}", done.details());
    }
}

/// The table shows why a cookie does not come back.
#[tokio::test]
async fn the_table_says_what_becomes_of_a_cookie() {
    for (attributes, says) in [
        ("Path=/other", "cookie    route  Path=/other  for another path, set "),
        ("Path=/; SameSite=None", "  rejected by browsers, set "),
        ("Path=/; Secure", "  not sent over plain http, set "),
        ("Path=/; Max-Age=0", "  expired on arrival, set "),
        ("Path=/; Domain=other.example", "  for another domain, set "),
        ("Path=/; Expires=Wed, 01 Jan 2121 00:00:00 GMT", "cookie    route  Path=/ Expires  lifetime 34560000 s"),
        ("Path=/; Max-Age=60", "cookie    route  Path=/ Max-Age=60  set "),
    ] {
        let done = verify(&with(attributes).serve().await, &["-o", "table"]).await;
        assert!(done.stdout.contains(says), "{attributes}: {}", done.stdout);
        let codes = done.stdout.lines().filter(|line| line.contains(": stickyctl explain ")).count();
        assert_eq!(codes, usize::from(done.code != Some(0)), "{}", done.stdout);
    }
}
