//! Cookies that do not come back, come twice, or come from somebody else.

use crate::case::{Case, all, not_sticky, sticky, unclear, verify};
use crate::site::{Beside, Sets, Site, Upgrade};

fn with(attributes: &'static str) -> Site {
    Site { cookie: Some(attributes), ..Site::default() }
}

fn beside(beside: Beside) -> Site {
    Site { beside, ..Site::default() }
}

const SOCKET: &[&str] = &["--ws-url", "/ws"];

pub const CASES: &[Case] = &[
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
    sticky("its own domain", || with("Path=/; Domain=shop.example")).with(&["--host", "shop.example"]).beside(&["cookie-domain-mismatch"]),
    sticky("two of one name, the last for the pod", || beside(Beside::DeadFirst)).beside(&["cookie-not-honoured"]),
    // A jar keeps the last one, which leads nowhere: each answer binds anew.
    not_sticky("two of one name, the last for a dead pod", || beside(Beside::DeadLast), &["cookie-not-honoured"]),
    not_sticky("the application sets the same name", || beside(Beside::SameName), &["cookie-not-honoured"]),
    sticky("the application sets another name", || beside(Beside::OtherName)).beside(&["cookie-not-honoured", "no-affinity-cookie"]),
    sticky("on every answer, sockets asked too", Site::default).with(SOCKET).beside(&["no-cookie-on-upgrade", "socket-elsewhere", "upgrade-failed"]),
    not_sticky("on pages only", || Site { sets: Sets::NotUpgrades, ..Site::default() }, &["no-cookie-on-upgrade"])
        .with(SOCKET)
        .beside(&["socket-elsewhere"]),
    not_sticky("on the 101 only", || Site { sets: Sets::OnlyUpgrades, ..Site::default() }, &["no-affinity-cookie"]).with(SOCKET),
    not_sticky("never", || Site { cookie: None, ..Site::default() }, &["no-affinity-cookie"]).with(SOCKET),
    // Two rules, each with the path of its own location: the page's cookie does not go to the socket.
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
        (Site { sets: Sets::OnlyUpgrades, ..Site::default() }, "the 101 of sockets only"),
        (Site { cookie: None, ..Site::default() }, "was ever offered"),
    ] {
        let done = verify(&site.serve().await, SOCKET).await;
        assert!(done.detail("no-affinity-cookie").ends_with(says), "{}", done.details());
    }
}

/// What becomes of a cookie that does not come back is told beside it.
#[tokio::test]
async fn the_table_says_what_becomes_of_a_cookie() {
    for (attributes, says) in [
        ("Path=/other", "cookie    route  Path=/other  for another path, offered "),
        ("Path=/; SameSite=None", "  refused by browsers, offered "),
        ("Path=/; Secure", "  kept away from plain http, offered "),
        ("Path=/; Max-Age=0", "  over when it comes, offered "),
        ("Path=/; Domain=other.example", "  for another domain, offered "),
        ("Path=/; Expires=Wed, 01 Jan 2121 00:00:00 GMT", "cookie    route  Path=/ Expires  lives 2"),
        ("Path=/; Max-Age=60", "cookie    route  Path=/ Max-Age=60  offered "),
    ] {
        let done = verify(&with(attributes).serve().await, &["-o", "table"]).await;
        assert!(done.stdout.contains(says), "{attributes}: {}", done.stdout);
        let codes = done.stdout.lines().filter(|line| line.starts_with("  More: stickyctl explain ")).count();
        assert_eq!(codes, usize::from(done.code != Some(0)), "{}", done.stdout);
    }
}
