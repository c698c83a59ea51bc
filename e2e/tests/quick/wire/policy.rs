//! Which requests are allowed, and the headers on every answer.

use crate::wire::target::Target;
use anyhow::Result;
use hyper::Method;
use serde_json::json;
use testkit::session::Session;
use testkit::{http, random, ws};

pub(super) const FLAGS: &[&str] = &["--allowed-origin", "partner.example", "--allowed-host", "demo.test"];

pub(super) async fn origins(target: &Target) -> Result<()> {
    let id = random::client_id();
    let port = target.url.rsplit_once(':').unwrap().1;
    let own = [
        "http://127.0.0.1".to_owned(),
        format!("http://127.0.0.1:{port}"),
        "http://127.0.0.1:1".to_owned(),
        "https://127.0.0.1".to_owned(),
        "https://partner.example".to_owned(),
        "http://partner.example:8443".to_owned(),
    ];
    let foreign = [
        "http://evil.example",
        "null",
        "http://localhost",
        "http://127.0.0.1.evil.example",
        "http://127.0.0.2",
        "127.0.0.1",
        "",
        "https://sub.partner.example",
        "file://",
    ];
    for route in ["submit", "without-redis", "with-redis"] {
        let post = |origin: &str| http::post(target.at(&format!("/{route}/{id}")), &json!({"text": "x"})).header("origin", origin).send();
        for origin in &own {
            assert_eq!(post(origin).await?.status, 200, "{route} {origin}");
        }
        for origin in foreign {
            let answer = post(origin).await?;
            assert_eq!((answer.status, answer.error_code()?.as_str()), (403, "foreign-origin"), "{route} {origin}");
        }
    }
    for origin in &own {
        let mut socket = ws::socket(&target.url, &id).origin(origin).open().await?;
        assert!(socket.echo("x").await?["text"].is_string());
        socket.close().await?;
    }
    for origin in foreign {
        let answer = http::upgrade(target.at(&format!("/ws/{id}"))).header("origin", origin).send().await?;
        assert_eq!((answer.status, answer.error_code()?.as_str()), (403, "foreign-origin"), "/ws {origin}");
    }
    // Reading is public: browsers send no Origin when they load a page, and a foreign Origin gets the same answer.
    assert_eq!(http::get(target.at("/")).header("origin", "http://evil.example").send().await?.status, 200);
    Ok(())
}

pub(super) async fn hosts(target: &Target) -> Result<()> {
    let id = random::client_id();
    let port = target.url.rsplit_once(':').unwrap().1;
    let own = [
        "localhost".to_owned(),
        format!("localhost:{port}"),
        "127.0.0.1".to_owned(),
        "127.0.0.1:1".to_owned(),
        format!("[::1]:{port}"),
        "LOCALHOST".to_owned(),
        "demo.test".to_owned(),
        "demo.test:80".to_owned(),
    ];
    for host in own {
        assert_eq!(http::get(target.at("/whoami")).header("host", &host).send().await?.status, 200, "{host}");
    }
    for host in ["evil.example", "evil.example:8080", "127.0.0.1.evil.example", "localhost.evil.example", "192.168.1.1", "other.demo.test"] {
        for path in ["/", "/session", "/whoami", "/topology", "/readme", "/static/style.css", "/nothing"] {
            let answer = http::get(target.at(path)).header("host", host).send().await?;
            assert_eq!((answer.status, answer.error_code()?.as_str()), (421, "foreign-host"), "{host} {path}");
        }
        let answer = http::post(target.at(&format!("/submit/{id}")), &json!({})).header("host", host).send().await?;
        assert_eq!((answer.status, answer.error_code()?.as_str()), (421, "foreign-host"), "{host}");
        // A matching Origin doesn't help: the host name itself isn't ours.
        let answer = http::upgrade(target.at(&format!("/ws/{id}"))).header("host", host).header("origin", &format!("http://{host}")).send().await?;
        assert_eq!((answer.status, answer.error_code()?.as_str()), (421, "foreign-host"), "{host}");
    }
    let answer = http::raw(&target.url, b"GET /whoami HTTP/1.1\r\nconnection: close\r\n\r\n").await?;
    assert!(answer.starts_with("HTTP/1.1 421") || answer.starts_with("HTTP/1.1 400"), "no Host at all: {answer}");
    Ok(())
}

pub(super) async fn upgrade_headers_in_any_case(target: &Target) -> Result<()> {
    for (connection, upgrade) in [
        ("keep-alive, Upgrade", "websocket"),
        ("Keep-Alive, upgrade", "WebSocket"),
        ("upgrade", "WEBSOCKET"),
        ("UPGRADE", "websocket"),
        ("foo ,  Upgrade , bar", "websocket"),
    ] {
        let id = random::client_id();
        let mut socket = ws::socket(&target.url, &id).header("connection", connection).header("upgrade", upgrade).open().await?;
        assert_eq!(socket.echo("x").await?["text"], format!("[{}]  x", socket.identity()), "{connection} {upgrade}");
    }
    Ok(())
}

pub(super) async fn identity_on_every_answer(target: &Target) -> Result<()> {
    let id = random::client_id();
    let submit = target.at(&format!("/submit/{id}"));
    let socket = target.at(&format!("/ws/{id}"));
    let asks = [
        (http::get(target.at("/")), 200),
        (http::get(target.at("/session")), 200),
        (http::get(target.at("/whoami")), 200),
        (http::get(target.at("/topology")), 200),
        (http::get(target.at("/readme")), 200),
        (http::get(target.at("/static/style.css")), 200),
        (http::post(&submit, &json!({})), 200),
        (http::post(target.at(&format!("/without-redis/{id}")), &json!({})), 200),
        (http::post(target.at(&format!("/with-redis/{id}")), &json!({})), 200),
        (http::ask(Method::POST, &submit).header("content-type", "application/json").body("{"), 400),
        (http::post(target.at("/submit/x"), &json!({})), 400),
        (http::post(&submit, &json!({})).header("origin", "http://evil.example"), 403),
        (http::get(target.at("/nothing")), 404),
        (http::get(&submit), 405),
        (http::post(&submit, &json!({"text": "x".repeat(5_000)})), 413),
        (http::post(&submit, &json!({"rest": "x".repeat(20_000)})), 413),
        (http::ask(Method::POST, &submit).body("{}"), 415),
        (http::get(target.at("/")).header("host", "evil.example"), 421),
        (http::post(&submit, &json!({"op": "x"})), 422),
        (http::get(&socket), 426),
        (http::upgrade(&socket).header("origin", "null"), 403),
        (http::upgrade(&socket), 101),
    ];
    for (ask, status) in asks {
        let what = format!("{ask:?}");
        let answer = ask.send().await?;
        assert_eq!(answer.status, status, "{what}: {}", answer.text());
        answer.place().unwrap_or_else(|e| panic!("{what}: {e:#}"));
    }
    Ok(())
}

/// Identities and answers are for one visitor at one moment, so no cache may store them.
pub(super) async fn nothing_is_stored(target: &Target) -> Result<()> {
    let session = Session::visit(&target.url).await?;
    for path in ["/", "/session", "/whoami", "/topology"] {
        let answer = http::get(target.at(path)).send().await?;
        assert_eq!(answer.header("cache-control"), "no-store", "{path}");
    }
    for route in ["submit", "without-redis", "with-redis"] {
        let answer = session.sticky(route, "x").await?;
        assert_eq!(answer.header("cache-control"), "no-store", "{route}");
        assert_eq!(answer.header("content-type").split(';').next(), Some("application/json"));
    }
    Ok(())
}
