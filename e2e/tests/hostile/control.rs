//! `POST /control` of the local front door, in the hands of other sites.

use anyhow::Result;
use hyper::Method;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;
use testkit::http::{self, Answer, Ask, half_closed, raw};
use testkit::local::Local;
use testkit::session::Session;
use testkit::{wait, ws};

const SOON: Duration = Duration::from_secs(10);

/// The request that the page of `local` sends.
fn control(local: &Local, change: &Value) -> Ask {
    http::post(format!("{}/control", local.url), change).header("origin", &local.url)
}

#[track_caller]
fn refused(answer: &Answer, status: u16, code: &str, what: &str) {
    let got = answer.error_code().unwrap_or_else(|e| panic!("{what}: {e:#}: {}", answer.text()));
    assert_eq!((answer.status, got.as_str()), (status, code), "{what}");
    assert_eq!(answer.header("access-control-allow-origin"), "", "{what}");
}

async fn unchanged(local: &Local) -> Result<()> {
    let status: Value = serde_json::from_str(&local.ctl(&["status", "-o", "json"]).await?.stdout)?;
    let pods: Vec<&str> = status["pods"].as_array().into_iter().flatten().filter_map(|pod| pod["pod"].as_str()).collect();
    assert_eq!((&status["mode"], pods.as_slice()), (&json!("3x1"), &["app-1", "app-2", "app-3"][..]));
    assert_eq!(status["door"]["affinity"], "cookie");
    Ok(())
}

#[tokio::test]
async fn no_other_site_changes_anything() -> Result<()> {
    let local = Local::start(&[]).await?;
    let (scale, port) = (json!({"scale": 1}), local.url.rsplit(':').next().unwrap_or_default().to_owned());
    let from = |origin: &str| control(&local, &scale).without("origin").header("origin", origin).send();
    refused(&control(&local, &scale).without("origin").send().await?, 403, "foreign-origin", "no Origin");
    for origin in [
        "http://evil.example".to_owned(),
        format!("http://evil.example:{port}"),
        "null".to_owned(),
        "http://127.0.0.1".to_owned(),
        "http://127.0.0.1:1".to_owned(),
        format!("http://localhost:{port}"),
        format!("https://127.0.0.1:{port}"),
        format!("http://127.0.0.1:{port}.evil.example"),
        format!("http://127.0.0.1:{port}/"),
    ] {
        refused(&from(&origin).await?, 403, "foreign-origin", &origin);
    }

    // A name of their own that leads to loopback: then Origin and Host agree.
    let rebound = format!("evil.example:{port}");
    let request = control(&local, &scale).without("origin").header("origin", &format!("http://{rebound}")).header("host", &rebound);
    refused(&request.send().await?, 403, "foreign-host", "DNS rebinding");
    let absolute = format!(
        "POST http://{rebound}/control HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\norigin: {}\r\ncontent-type: application/json\r\ncontent-length: 11\r\n\r\n{{\"scale\":1}}",
        local.url
    );
    let answer = half_closed(&local.url, absolute.as_bytes()).await?;
    assert!(answer.starts_with("HTTP/1.1 403 ") && answer.contains("foreign-host"), "{answer}");

    // What a form, a script without CORS, or a link can send.
    for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""] {
        let request = control(&local, &scale).without("content-type").header("content-type", kind);
        refused(&request.send().await?, 403, "not-json", kind);
    }
    refused(&control(&local, &scale).without("content-type").send().await?, 403, "not-json", "no type");
    for method in [Method::GET, Method::PUT, Method::OPTIONS, Method::DELETE] {
        let request = http::ask(method.clone(), format!("{}/control", local.url)).header("origin", &local.url);
        let answer = request.header("access-control-request-method", "POST").send().await?;
        refused(&answer, 405, "wrong-method", method.as_str());
        assert_eq!(answer.header("allow"), "POST");
    }
    for header in ["x-forwarded-for", "forwarded", "via"] {
        refused(&control(&local, &scale).header(header, "203.0.113.7").send().await?, 403, "proxied", header);
    }
    unchanged(&local).await
}

#[tokio::test]
async fn bodies_that_are_no_change() -> Result<()> {
    let local = Local::start(&[]).await?;
    let send = |body: String| control(&local, &json!({})).body(body).send();
    for body in [
        "",
        "{",
        "{}",
        "[]",
        "null",
        "5",
        r#""scale""#,
        r#"["scale",1]"#,
        r#"{"scale":1} x"#,
        r#"{"scale":"1"}"#,
        r#"{"scale":-1}"#,
        r#"{"scale":1.5}"#,
        r#"{"scale":65536}"#,
        r#"{"scale":1,"mode":"1x1"}"#,
        r#"{"scale":1,"scale":2}"#,
        r#"{"scale":1,"why":""}"#,
        r#"{"Scale":1}"#,
        r#"{"down":true}"#,
        r#"{"mode":3}"#,
        r#"{"affinity":"unknown"}"#,
        r#"{"affinity":"Cookie"}"#,
        r#"{"affinity":null}"#,
        "{\"kill\":\"\u{fffd}\"",
        "\u{feff}{}",
    ] {
        refused(&send(body.to_owned()).await?, 400, "bad-change", body);
    }
    for (body, status, code) in [
        (r#"{"scale":0}"#, 400, "bad-scale"),
        (r#"{"scale":65}"#, 400, "bad-scale"),
        (r#"{"mode":"1x65"}"#, 400, "bad-mode"),
        (r#"{"mode":"x"}"#, 400, "bad-mode"),
        (r#"{"kill":"app-99"}"#, 409, "unknown-pod"),
        (r#"{"kill":"app-1:7"}"#, 409, "unknown-pod"),
        (r#"{"kill":"app-1:x"}"#, 409, "unknown-pod"),
    ] {
        refused(&send(body.to_owned()).await?, status, code, body);
    }
    let large = format!(r#"{{"kill":"{}"}}"#, "x".repeat(2_000));
    refused(&send(large.clone()).await?, 413, "too-large", "a large body");
    let head = "POST /control HTTP/1.1\r\nhost: 127.0.0.1\r\norigin: http://127.0.0.1\r\ncontent-type: application/json\r\n";
    let chunked = format!("{head}transfer-encoding: chunked\r\n\r\n{:x}\r\n{large}\r\n0\r\n\r\n", large.len());
    let answer = half_closed(&local.url, chunked.as_bytes()).await?;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    // One that never comes ends soon.
    let slow = raw(&local.url, format!("{head}content-length: 11\r\n\r\n{{").as_bytes()).await?;
    assert!(slow.starts_with("HTTP/1.1 408 ") && slow.contains("slow-body"), "{slow}");
    unchanged(&local).await
}

/// Where another name leads to the demo, nobody has controls, and no map promises any.
#[tokio::test]
async fn no_controls_under_another_name() -> Result<()> {
    let local = Local::start(&["--allowed-host", "demo.example"]).await?;
    assert!(local.topology().await?["door"].get("control").is_none());
    for origin in [local.url.as_str(), "http://demo.example"] {
        let host = origin.trim_start_matches("http://");
        let request = http::post(format!("{}/control", local.url), &json!({"scale": 1})).header("origin", origin).header("host", host);
        refused(&request.send().await?, 403, "control-off", origin);
    }
    Ok(())
}

/// What the page's buttons do, as the page does it.
#[tokio::test]
async fn its_own_page_changes_everything() -> Result<()> {
    let local = Local::start(&["--drain-delay", "200ms", "--drain-window", "300ms"]).await?;
    assert_eq!(local.topology().await?["door"]["control"], true);
    let session = Session::visit(&local.url).await?;
    let mut map = ws::socket(&local.url, &session.id).map().cookie(&session.jar.header()).open().await?;
    let change = async |change: Value| -> Result<Value> {
        let answer = control(&local, &change).send().await?;
        assert_eq!((answer.status, answer.header("cache-control")), (200, "no-store"), "{change}: {}", answer.text());
        let status = answer.json()?;
        assert_eq!(status["schema"], "stickyctl.status/v1");
        Ok(status)
    };
    let settled = async |shape: (usize, usize)| wait::until("it settles", SOON, async || (local.shape().await.ok()? == shape).then_some(())).await;

    // Affinity: the next request, the next frame of the map and the next question know it.
    let status = change(json!({"affinity": "off"})).await?;
    assert_eq!(status["door"]["affinity"], "off");
    loop {
        let frame = map.next_topology().await?;
        if frame["door"]["affinity"] == "off" {
            assert_eq!(frame["door"]["control"], true);
            break;
        }
    }
    let mut pods = BTreeSet::new();
    for _ in 0..6 {
        pods.insert(session.sticky("submit", "x").await?.pod());
    }
    assert_eq!(pods.len(), 3, "in turn, cookie or not");
    change(json!({"affinity": "cookie"})).await?;
    let bound = session.sticky("submit", "x").await?.pod();
    for _ in 0..3 {
        assert_eq!(session.sticky("submit", "x").await?.pod(), bound);
    }
    wait::until("every worker says so", SOON, async || (local.topology().await.ok()?["door"]["affinity"] == "cookie").then_some(())).await?;

    assert_eq!(change(json!({"scale": 2})).await?["mode"], "2x1");
    settled((2, 1)).await?;
    assert_eq!(change(json!({"mode": "1x4"})).await?["mode"], "1x4");
    settled((1, 4)).await?;
    let pod = local.topology().await?["pods"][0]["pod"].as_str().unwrap_or_default().to_owned();
    change(json!({"kill": format!("{pod}:0")})).await?;
    change(json!({"kill": pod})).await?;
    wait::until("another pod replaces it", SOON, async || {
        let topology = local.topology().await.ok()?;
        (topology["pods"][0]["pod"] != pod.as_str() && local.shape().await.ok()? == (1, 4)).then_some(())
    })
    .await
}
