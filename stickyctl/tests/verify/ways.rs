//! Ways to reach a site: tunnels, names, TLS, HTTP/2.

use crate::case::{Case, all, sticky, unclear, verify};
use crate::site::{Site, Tls, Trust};

const fn tls(http2: bool, trust: Trust) -> Option<Tls> {
    Some(Tls { http2, trust })
}

pub(crate) const CASES: &[Case] = &[
    unclear("connections that are never answered", || Site { hangs: Some(4), ..Site::default() }, &["transport"])
        .with(&["--timeout", "500ms", "--sessions", "4", "--requests", "4", "--only", "spread"])
        .beside(&["error-rate"]),
    sticky("over TLS, by its own authority", || Site { tls: tls(false, Trust::Right), ..Site::default() }).beside(&["transport"]),
    unclear("over TLS, by somebody else's", || Site { tls: tls(false, Trust::Wrong), ..Site::default() }, &["transport"]).with(FEW),
    sticky("over TLS, unchecked", || Site { tls: tls(false, Trust::Everybody), ..Site::default() }),
    sticky("Secure, over TLS", || Site { tls: tls(false, Trust::Right), cookie: Some("Path=/; Secure"), ..Site::default() })
        .beside(&["secure-over-http"]),
    sticky("sockets over TLS", || Site { tls: tls(false, Trust::Right), ..Site::default() }).with(&["--ws-url", "/ws"]),
    sticky("HTTP/2 over TLS", || Site { tls: tls(true, Trust::Right), ..Site::default() }).with(&["--http2"]),
    unclear("no HTTP/2 over TLS", || Site { tls: tls(false, Trust::Right), ..Site::default() }, &["transport"]).with(FEW_HTTP2),
    sticky("HTTP/2, and sockets over HTTP/1.1", || Site { http2: true, ..Site::default() }).with(&["--http2", "--ws-url", "/ws"]),
    unclear("no HTTP/2", Site::default, &["transport"]).with(FEW_HTTP2),
    sticky("a virtual host", || Site { host: Some("shop.example"), cookie: Some("Path=/; Domain=shop.example"), ..Site::default() }),
    unclear("another host than it knows", || Site { host: Some("shop.example"), ..Site::default() }, &["error-rate"])
        .with(&["--host", "other.example"]),
];

const FEW: &[&str] = &["--sessions", "3", "--requests", "2"];
const FEW_HTTP2: &[&str] = &["--http2", "--sessions", "3", "--requests", "2"];

#[tokio::test]
async fn ways_to_a_site() {
    all(CASES).await;
}

#[tokio::test]
async fn what_is_wrong_with_the_way_is_said() {
    for (site, flags, says) in [
        (Site { tls: tls(false, Trust::Wrong), ..Site::default() }, FEW, "certificate"),
        (Site { tls: tls(false, Trust::Right), ..Site::default() }, FEW_HTTP2, "HTTP/2"),
        (Site::default(), FEW_HTTP2, "HTTP/2"),
    ] {
        let done = verify(&site.serve().await, flags).await;
        assert!(done.detail("transport").contains(says), "{says}: {}", done.details());
    }
}

/// An address defaults to the URL's port, and a name may have the port that users see.
#[tokio::test]
async fn addresses_and_names_with_and_without_a_port() {
    let mut site = Site { host: Some("shop.example"), ..Site::default() }.serve().await;
    site.flags.clear();
    for flags in [&["--connect", "127.0.0.1"][..], &["--connect", "127.0.0.1", "--host", "Shop.Example:8443"]] {
        let done = verify(&site, flags).await;
        assert_eq!((done.code, done.reasons()), (Some(0), vec![]), "{}", done.details());
    }
}

/// Few requests are lost, and none of them counts as a move.
#[tokio::test]
async fn a_tunnel_that_breaks_and_comes_back() {
    for breaks_at in [15, 70] {
        let done = verify(&Site { tunnel: Some(breaks_at), ..Site::default() }.serve().await, &["--rate", "100"]).await;
        let lost = done.report["lost"].as_u64().unwrap();
        assert_eq!((done.code, done.reasons(), &done.report["moved_requests"]["seen"]), (Some(0), vec![], &0.into()), "{}", done.details());
        // Those that the tunnel refused, and those under way: more than 8 only where this machine is slow.
        assert!((5..=5 + 12).contains(&lost), "{lost}");
    }
    // Sockets through the tunnel come back to their pod.
    let done = verify(&Site { tunnel: Some(90), ..Site::default() }.serve().await, &["--ws-url", "/ws"]).await;
    assert_eq!((done.code, done.reasons()), (Some(0), vec!["proxy-recycled"]), "{}", done.details());
    assert!(done.detail("proxy-recycled").contains("10 of 10 came back"), "{}", done.details());
}

#[tokio::test]
async fn nobody_is_there() {
    let mut site = Site::default().serve().await;
    site.url = "http://127.0.0.1:1/".to_owned();
    let done = verify(&site, &["--timeout", "2s", "--sessions", "3", "--requests", "2"]).await;
    assert_eq!((done.code, done.reasons()), (Some(6), vec!["transport"]), "{}", done.details());
    assert!(done.detail("transport").contains("connecting to 127.0.0.1:1"), "{}", done.details());
}
