//! Every error response: its status, its code, and the shape of its body.

use crate::wire::target::{Kind, Target};
use anyhow::Result;
use hyper::Method;
use serde_json::json;
use testkit::http::{self, Answer, Kept};
use testkit::random;

/// A short header timeout: the cases include heads that never end, which would be slow with the default.
pub(super) const FLAGS: &[&str] = &["--header-timeout", "2s"];

const ROUTES: [&str; 3] = ["submit", "without-redis", "with-redis"];

#[track_caller]
fn refused(answer: &Answer, status: u16, code: &str, what: &str) {
    let got = answer.error_code().unwrap_or_else(|e| panic!("{what}: {e:#}"));
    assert_eq!((answer.status, got.as_str()), (status, code), "{what}: {}", answer.text());
    assert!(answer.header("content-type").starts_with("application/json"), "{what}: {:?}", answer.headers);
    answer.place().unwrap_or_else(|e| panic!("{what}: {e:#}"));
}

pub(super) async fn bodies(target: &Target) -> Result<()> {
    for route in ROUTES {
        let url = target.at(&format!("/{route}/{}", random::client_id()));
        let with = |kind: &str, body: &'static str| {
            let ask = http::ask(Method::POST, &url).body(body);
            if kind.is_empty() { ask.send() } else { ask.header("content-type", kind).send() }
        };
        for body in ["{", "", "[]", "null", "1", r#"{"text":1}"#, r#"{"text":null}"#, r#"{"text":"\ud800"}"#, r#"{"op":1}"#, "{} x"] {
            refused(&with("application/json", body).await?, 400, "bad-json", &format!("{route} {body}"));
        }
        let not_utf8 = http::ask(Method::POST, &url).header("content-type", "application/json").body(&b"{\"text\":\"\xff\"}"[..]).send().await?;
        refused(&not_utf8, 400, "bad-json", "not UTF-8");
        for body in [r#"{"op":"shout"}"#, r#"{"op":"ECHO"}"#, r#"{"op":""}"#] {
            refused(&with("application/json", body).await?, 422, "unknown-op", &format!("{route} {body}"));
        }
        for kind in ["", "text/plain", "application/x-www-form-urlencoded", "application/jsonx", "text/json"] {
            refused(&with(kind, r#"{"text":"x"}"#).await?, 415, "wrong-content-type", &format!("{route} {kind}"));
        }
        for kind in ["application/json; charset=utf-8", "Application/JSON", "application/json;charset=UTF-8"] {
            assert_eq!(with(kind, r#"{"text":"x"}"#).await?.status, 200, "{route} {kind}");
        }
    }
    Ok(())
}

pub(super) async fn sizes(target: &Target) -> Result<()> {
    for route in ROUTES {
        let url = target.at(&format!("/{route}/{}", random::client_id()));
        assert_eq!(http::post(&url, &json!({"text": "x".repeat(4_096)})).send().await?.status, 200, "{route}: the limit itself");
        refused(&http::post(&url, &json!({"text": "x".repeat(4_097)})).send().await?, 413, "too-large", "one byte of text too many");
        refused(&http::post(&url, &json!({"text": "é".repeat(2_049)})).send().await?, 413, "too-large", "bytes, not characters");
        refused(&http::post(&url, &json!({"text": "", "rest": "x".repeat(17_000)})).send().await?, 413, "too-large", "a body over its limit");
        let full = format!("{:<1$}", r#"{"text":"x"}"#, 16 * 1_024);
        assert_eq!(
            http::ask(Method::POST, &url).header("content-type", "application/json").body(full).send().await?.status,
            200,
            "{route}: a body of the limit itself"
        );
    }
    // Without a length, the body is read up to the limit. If the length is too large, it isn't read at all.
    let path = format!("/submit/{}", random::client_id());
    let head = format!("POST {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: application/json\r\n");
    let chunk = format!("4400\r\n{}\r\n0\r\n\r\n", "x".repeat(0x4400));
    let answer = http::raw(&target.url, format!("{head}transfer-encoding: chunked\r\n\r\n{chunk}").as_bytes()).await?;
    assert!(answer.starts_with("HTTP/1.1 413") && answer.contains("too-large"), "{answer}");
    let answer = http::raw(&target.url, format!("{head}content-length: 99999999\r\n\r\n").as_bytes()).await?;
    assert!(answer.starts_with("HTTP/1.1 413") && answer.contains("too-large"), "{answer}");
    Ok(())
}

pub(super) async fn malformed_ids(target: &Target) -> Result<()> {
    let good = random::client_id();
    let bad = [
        "abc".to_owned(),
        "a".repeat(25),
        "a".repeat(27),
        "a".repeat(400),
        good.to_uppercase(),
        format!("{}0", &good[1..]),
        format!("{}1", &good[1..]),
        format!("{}8", &good[1..]),
        format!("{}-", &good[1..]),
        format!("{}%C3%A9", &good[2..]),
        format!("{}%20", &good[1..]),
        format!("{good}%00"),
        format!("%2e%2e%2f{}", &good[3..]),
        "%00".to_owned(),
        "%ff".to_owned(),
    ];
    for id in &bad {
        for route in ROUTES {
            let answer = http::post(target.at(&format!("/{route}/{id}")), &json!({"text": "x"})).send().await?;
            refused(&answer, 400, "bad-id", &format!("/{route}/{id}"));
        }
        refused(&http::upgrade(target.at(&format!("/ws/{id}"))).send().await?, 400, "bad-id", &format!("/ws/{id}"));
    }
    Ok(())
}

pub(super) async fn methods(target: &Target) -> Result<()> {
    let id = random::client_id();
    let allowed = |answer: &Answer| {
        let mut all: Vec<_> = answer.header("allow").split(',').map(|m| m.trim().to_owned()).filter(|m| !m.is_empty()).collect();
        all.sort();
        all
    };
    for path in ["/", "/session", "/whoami", "/topology", "/readme", "/static/style.css"] {
        for method in [Method::POST, Method::PUT, Method::DELETE, Method::PATCH] {
            let answer = http::ask(method.clone(), target.at(path)).send().await?;
            refused(&answer, 405, "wrong-method", &format!("{method} {path}"));
            assert_eq!(allowed(&answer), ["GET", "HEAD"], "{method} {path}");
        }
    }
    for route in ROUTES {
        for method in [Method::GET, Method::PUT, Method::DELETE] {
            let answer = http::ask(method.clone(), target.at(&format!("/{route}/{id}"))).send().await?;
            refused(&answer, 405, "wrong-method", &format!("{method} /{route}"));
            assert_eq!(allowed(&answer), ["POST"], "{method} /{route}");
        }
        assert_eq!(http::ask(Method::HEAD, target.at(&format!("/{route}/{id}"))).send().await?.status, 405, "HEAD /{route}");
    }
    let answer = http::post(target.at(&format!("/ws/{id}")), &json!({})).send().await?;
    refused(&answer, 405, "wrong-method", "POST /ws");
    assert!(allowed(&answer).contains(&"GET".to_owned()), "{:?}", answer.headers);
    Ok(())
}

pub(super) async fn unknown_routes(target: &Target) -> Result<()> {
    let id = random::client_id();
    let paths = [
        "/nothing".to_owned(),
        "/submit".to_owned(),
        "/submit/".to_owned(),
        "/ws".to_owned(),
        format!("/submit/{id}/more"),
        format!("/ws/{id}/"),
        "/healthz".to_owned(),
        "/readyz".to_owned(),
        "/metrics".to_owned(),
        "/static/".to_owned(),
        "/static/none.css".to_owned(),
        "/Session".to_owned(),
        "//".to_owned(),
        format!("/unknown/{id}"),
        "/static/index.html/x".to_owned(),
    ];
    for path in paths {
        refused(&http::get(target.at(&path)).send().await?, 404, "not-found", &path);
    }
    // Only the front door of a local demo has controls, and it lets no request to them through.
    if matches!(target.kind, Kind::App1 | Kind::App4) {
        for method in [Method::GET, Method::POST] {
            let url = target.at("/control");
            let ask = http::ask(method, &url).header("origin", &target.url).header("content-type", "application/json").body(r#"{"scale":1}"#);
            refused(&ask.send().await?, 404, "not-found", "/control");
        }
    }
    // A query doesn't change the route.
    assert_eq!(http::get(target.at("/session?x=/../")).send().await?.status, 200);
    Ok(())
}

/// Paths that would escape a folder of files. They are sent raw, because clients normalize them.
pub(super) async fn paths_that_climb(target: &Target) -> Result<()> {
    let paths = [
        "/static/../../../etc/passwd",
        "/static/%2e%2e/%2e%2e/etc/passwd",
        "/static/..%2f..%2fetc%2fpasswd",
        "/static//etc/passwd",
        "/static/%00",
        "/static/....//x",
        "/../etc/passwd",
        "/static/..\\..\\etc\\passwd",
        "/static/%5c..%5cpage.css",
        "/static/./page.css",
        "/submit/../whoami",
    ];
    for path in paths {
        let answer = http::raw(&target.url, format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").as_bytes()).await?;
        assert!(answer.starts_with("HTTP/1.1 404") || answer.starts_with("HTTP/1.1 400"), "{path}: {answer}");
        assert!(!answer.contains("root:"), "{path}: {answer}");
    }
    Ok(())
}

/// The 426 names the missing header, which helps to find the proxy that dropped it.
pub(super) async fn plain_gets_of_a_socket(target: &Target) -> Result<()> {
    let url = target.at(&format!("/ws/{}", random::client_id()));
    for (missing, status, code) in [
        ("connection", 426, "upgrade-required"),
        ("upgrade", 426, "upgrade-required"),
        ("sec-websocket-version", 426, "upgrade-required"),
        ("sec-websocket-key", 400, "bad-handshake"),
    ] {
        let answer = http::upgrade(&url).without(missing).send().await?;
        refused(&answer, status, code, missing);
        assert!(answer.error_message()?.to_lowercase().contains(missing), "{missing}: {}", answer.text());
    }
    let answer = http::get(&url).send().await?;
    refused(&answer, 426, "upgrade-required", "plain GET");
    // RFC 9110 section 15.5.22: the answer has to name the protocol.
    assert!(answer.header("upgrade").eq_ignore_ascii_case("websocket"), "{:?}", answer.headers);
    let answer = http::upgrade(&url).without("connection").header("connection", "keep-alive").send().await?;
    refused(&answer, 426, "upgrade-required", "Connection: keep-alive alone");
    let answer = http::upgrade(&url).without("upgrade").header("upgrade", "h2c").send().await?;
    refused(&answer, 426, "upgrade-required", "Upgrade: h2c");
    Ok(())
}

/// A client that doesn't send HTTP gets an answer or a closed connection, and other clients aren't affected.
pub(super) async fn rubbish_instead_of_http(target: &Target) -> Result<()> {
    let mut neighbour = Kept::open(&target.url).await?;
    assert_eq!(neighbour.send(http::get(target.at("/whoami"))).await?.status, 200);
    let long = format!("GET /{} HTTP/1.1\r\nhost: localhost\r\n\r\n", "x".repeat(600_000));
    let many = format!("GET / HTTP/1.1\r\nhost: localhost\r\n{}\r\n", "a: b\r\n".repeat(500));
    let both = "POST /submit/x HTTP/1.1\r\nhost: localhost\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n0\r\n\r\n";
    for bytes in [
        "\r\n\r\n\0\0\0\0",
        "\x16\x03\x01\x02\0\x01\0\x01",
        "GET\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "GET / HTTP/1.1\r\nhost : localhost\r\n\r\n",
        &long,
        &many,
        both,
    ] {
        // The server may close before it has read everything, so an error on our side counts as closed.
        if let Ok(answer) = http::raw(&target.url, bytes.as_bytes()).await {
            assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{:?}: {answer}", &bytes[..bytes.len().min(40)]);
        }
    }
    assert_eq!(http::get(target.at("/whoami")).send().await?.status, 200);
    Ok(())
}
