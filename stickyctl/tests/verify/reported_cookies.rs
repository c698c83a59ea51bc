//! Cookies as people's sites really set them.

use crate::case::{Case, NOT_STICKY, STICKY, UNCLEAR, all, command, done, verify};
use crate::site::{Tls, Trust};
use crate::stub::{Asked, Reply, Stub};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

const SOCKET: &[&str] = &["--ws-url", "/ws"];
const TLS: Tls = Tls { http2: false, trust: Trust::Right };

/// Three pods with a cookie each; `lines` are their `Set-Cookie` lines, and `pairs` what a browser sends for them.
fn by(lines: [&'static [u8]; 3], pairs: [&'static [u8]; 3]) -> Stub {
    let mut turn = 0;
    Stub::new(move |asked| match (0..3).find(|pod| sent(asked) == pairs[*pod]) {
        Some(pod) => Reply::pod(pod as u64, asked),
        None => {
            turn += 1;
            Reply::pod(turn % 3, asked).cookie(lines[turn as usize % 3])
        }
    })
}

/// The same lines without affinity.
fn beside(lines: [&'static [u8]; 3]) -> Stub {
    Stub::new(move |asked| Reply::pod(asked.number % 3, asked).cookie(lines[asked.number as usize % 3]))
}

/// The `Cookie` header, byte for byte.
fn sent(asked: &Asked) -> &[u8] {
    asked.headers.get("cookie").map_or(b"", |cookie| cookie.as_bytes())
}

const PODS: [&[u8]; 3] = [b"pod=0", b"pod=1", b"pod=2"];

const UTF_8: [&[u8]; 3] = [b"pod=K\xc3\xb6ln; Path=/", b"pod=\xe2\x82\xac; Path=/", b"pod=\xc3\xa4; Path=/"];
const UTF_8_SENT: [&[u8]; 3] = [b"pod=K\xc3\xb6ln", b"pod=\xe2\x82\xac", b"pod=\xc3\xa4"];
const LATIN_1: [&[u8]; 3] = [b"pod=K\xf6ln; Path=/", b"pod=\xff; Path=/", b"pod=\xe4; Path=/"];
const LATIN_1_SENT: [&[u8]; 3] = [b"pod=K\xf6ln", b"pod=\xff", b"pod=\xe4"];
const PARTITIONED: [&[u8]; 3] = [b"pod=0; Path=/; Partitioned", b"pod=1; Path=/; Partitioned", b"pod=2; Path=/; Partitioned"];
const CHIPS: [&[u8]; 3] =
    [b"pod=0; Path=/; Partitioned; Secure", b"pod=1; Path=/; Partitioned; Secure", b"pod=2; Path=/; Partitioned; Secure; SameSite=None"];
const TAB: [&[u8]; 3] = [b"pod=a\t0; Path=/", b"pod=a\t1; Path=/", b"pod=a\t2; Path=/"];
const TAB_SENT: [&[u8]; 3] = [b"pod=a\t0", b"pod=a\t1", b"pod=a\t2"];
const HTTP_ONLY: [&[u8]; 3] = [b"__Http-pod=0; Path=/; Secure", b"__Http-pod=1; Path=/; Secure", b"__Http-pod=2; Path=/; Secure"];
const HTTP_ONLY_SENT: [&[u8]; 3] = [b"__Http-pod=0", b"__Http-pod=1", b"__Http-pod=2"];

/// Affinity by a cookie that expires an hour after the server's time, which the answer states or not.
fn by_its_clock(date: Option<&'static str>) -> Stub {
    let mut turn = 0;
    Stub::new(move |asked| match asked.number_in("pod") {
        Some(pod) => Reply::pod(pod, asked),
        None => {
            turn += 1;
            let reply = Reply::pod(turn % 3, asked).cookie(format!("pod={}; Path=/; Expires=Wed, 01 Jan 2020 01:00:00 GMT", turn % 3));
            date.into_iter().fold(reply, |reply, date| reply.header("date", date))
        }
    })
}

pub(crate) const CASES: &[Case] = &[
    // dotnet/runtime#32482: a proxy sets a value in UTF-8, and a client that expects ASCII loses the session.
    Case::stub("a value in UTF-8", || by(UTF_8, UTF_8_SENT), STICKY, &[]).with(SOCKET).beside(&["no-affinity-cookie"]),
    // Kludex/starlette#2217: values are encoded as Latin-1. Browsers send them back all the same (whatwg/cookiestore#189).
    Case::stub("a value in Latin-1", || by(LATIN_1, LATIN_1_SENT), STICKY, &[]).with(SOCKET).beside(&["no-affinity-cookie"]),
    Case::stub("a value in UTF-8 that nobody reads", || beside(UTF_8), NOT_STICKY, &["cookie-not-honoured"]).beside(&["no-affinity-cookie"]),
    // The proxy decodes the value on its way, and no longer knows it.
    Case::stub("a value in Latin-1 that is expected in UTF-8", || by(LATIN_1, UTF_8_SENT), NOT_STICKY, &["cookie-not-honoured"])
        .beside(&["no-affinity-cookie"]),
    Case::stub("a cookie without a name", || by([b"=a; Path=/", b"b; Path=/", b"=\"c\"; Path=/"], [b"a", b"b", b"\"c\""]), STICKY, &[]),
    // TecharoHQ/anubis#1680: Partitioned is set whether or not the cookie is Secure, and browsers drop it.
    Case::stub("Partitioned without Secure", || by(PARTITIONED, PODS).over_tls(TLS), NOT_STICKY, &["cookie-refused"]),
    Case::stub("Partitioned without Secure over http", || by(PARTITIONED, PODS), NOT_STICKY, &["cookie-refused"]).beside(&["secure-over-http"]),
    Case::stub("Partitioned and Secure", || by(CHIPS, PODS).over_tls(TLS), STICKY, &[]).beside(&["cookie-refused"]),
    Case::stub("Partitioned and Secure over http", || by(CHIPS, PODS), UNCLEAR, &["secure-over-http"]).beside(&["cookie-refused"]),
    Case::stub("a tab in the value", || by(TAB, TAB_SENT), NOT_STICKY, &["cookie-refused"]),
    Case::stub("__Http- without HttpOnly", || by(HTTP_ONLY, HTTP_ONLY_SENT).over_tls(TLS), NOT_STICKY, &["cookie-refused"]),
    // httpwg/http-extensions#3113: browsers add the difference of the clocks.
    Case::stub("a server in 2020", || by_its_clock(Some("Wed, 01 Jan 2020 00:00:00 GMT")), STICKY, &[]).beside(&["born-expired"]),
    Case::stub(
        "a date that is over by the server's clock, too",
        || by_its_clock(Some("Wed, 01 Jan 2020 02:00:00 GMT")),
        NOT_STICKY,
        &["born-expired"],
    ),
    Case::stub("a date of 2020 and the right clock", || by_its_clock(None), NOT_STICKY, &["born-expired"]),
];

#[tokio::test]
async fn cookies_as_sites_set_them() {
    all(CASES).await;
}

/// The report shows names and values that are not UTF-8 as text, and no value unless it may.
#[tokio::test]
async fn the_report_has_bytes_as_text() {
    let lines: [&[u8]; 3] = [b"\xe4=secret\xff; Path=/", b"\xe4=secret\xff; Path=/", b"\xe4=secret\xff; Path=/"];
    let site = beside(lines).serve().await;
    let done = verify(&site, &["--show-values"]).await;
    let cookie = &done.report["cookies"][0];
    assert_eq!((cookie["name"].as_str(), cookie["values"][0].as_str()), (Some("\u{fffd}"), Some("secret\u{fffd}")), "{}", done.stdout);
    assert!(!verify(&site, &[]).await.stdout.contains("secret"));
    let site = by(CHIPS, PODS).over_tls(TLS).serve().await;
    let done = verify(&site, &["-o", "table"]).await;
    assert!(done.stdout.contains("Path=/ Secure Partitioned  set "), "{}", done.stdout);
}

/// Every form of a file of cookies is sent as a browser would send it.
#[tokio::test]
async fn files_of_cookies() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cookies");
    let flag = format!("@{}", path.display());
    let jar = "# Netscape HTTP Cookie File\n#HttpOnly_127.0.0.1\tFALSE\t/\tFALSE\t0\tlogin\tsecret\nshop.example\tTRUE\t/\tFALSE\t0\tother\tsecret\n";
    for (file, header) in [
        (&b"login=secret\ntheme=dark\n"[..], &b"login=secret; theme=dark"[..]),
        (b"login=secret; theme=dark", b"login=secret; theme=dark"),
        (b"COOKIE: login=secret; theme=d\xe4rk", b"login=secret; theme=d\xe4rk"),
        (jar.as_bytes(), b"login=secret"),
    ] {
        std::fs::write(&path, file).unwrap();
        let heard: Arc<Mutex<BTreeSet<Vec<u8>>>> = Arc::default();
        let hears = Arc::clone(&heard);
        let site = Stub::new(move |asked| {
            hears.lock().unwrap().insert(sent(asked).to_vec());
            Reply::pod(asked.number % 3, asked)
        });
        let done = verify(&site.serve().await, &["--cookie", &flag]).await;
        assert_eq!(done.code, Some(3), "{}", done.stderr);
        let wanted: BTreeSet<Vec<u8>> = [header.to_vec(), Vec::new()].into();
        assert_eq!(*heard.lock().unwrap(), wanted, "controls send none");
    }
    let site = beside(PODS).serve().await;
    for (file, says) in [
        ("Set-Cookie: login=secret; Path=/", "line 1 is from an answer"),
        ("secret", "Cookie: NAME=VALUE; NAME=VALUE"),
        ("shop.example\tTRUE\t/\tFALSE\t0\tother\tsecret\n", "1 for other hosts"),
    ] {
        std::fs::write(&path, file).unwrap();
        let done = done(command(&site, &["--cookie", &flag]).output().await.unwrap());
        assert!(done.code == Some(2) && done.stderr.contains(says) && !done.stderr.contains("secret"), "{}", done.stderr);
    }
}
