//! The admin port under slow and idle clients.

use anyhow::Result;
use std::time::Duration;
use testkit::app::App;
use testkit::{http, wait};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const SOON: Duration = Duration::from_secs(20);

fn open_files(pid: i32) -> usize {
    std::fs::read_dir(format!("/proc/{pid}/fd")).map_or(0, Iterator::count)
}

/// More connections than it has places, idle and with unfinished heads, while probes come in.
#[tokio::test]
async fn slow_and_idle_clients_keep_no_probe_out() -> Result<()> {
    let app = App::start(&[]).await?;
    let before = open_files(app.process.pid());
    let mut held = Vec::new();
    for n in 0..300 {
        let mut stream = http::connect(&app.admin).await?;
        // The server may have closed it to make room.
        let _ = match n % 3 {
            0 => Ok(()),
            1 => stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: lo").await,
            _ => stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n").await,
        };
        held.push(stream);
        if n % 50 == 0 {
            for path in ["/healthz", "/readyz", "/metrics"] {
                assert_eq!(http::get(format!("{}{path}", app.admin)).send().await?.status, 200, "{path} with {n} connections");
            }
        }
    }
    wait::until("few are left", SOON, async || (open_files(app.process.pid()) <= before + 66).then_some(())).await?;
    // The places that are left are given back, too.
    wait::until("none is left", SOON, async || (open_files(app.process.pid()) <= before + 2).then_some(())).await?;
    let mut end = Vec::new();
    for stream in &mut held {
        // A reset is an end too.
        let _ = wait::within("the end of a connection", SOON, stream.read_to_end(&mut end)).await?;
    }
    Ok(())
}

/// A name could be one that a site lets lead here (DNS rebinding); an address can't.
#[tokio::test]
async fn it_answers_to_addresses_and_to_names_that_are_allowed() -> Result<()> {
    let app = App::start(&["--allowed-host", "metrics.example"]).await?;
    let ask = |host: &str| http::get(format!("{}/metrics", app.admin)).header("host", host).send();
    for host in ["127.0.0.1:9090", "localhost:9090", "10.1.2.3:9090", "[fd00::1]:9090", "metrics.example"] {
        assert_eq!(ask(host).await?.status, 200, "{host}");
    }
    let answer = ask("evil.example:9090").await?;
    assert_eq!((answer.status, answer.error_code()?.as_str()), (421, "foreign-host"));
    Ok(())
}

#[tokio::test]
async fn a_long_head_is_refused() -> Result<()> {
    let app = App::start(&[]).await?;
    let head = format!("GET /healthz HTTP/1.1\r\nhost: localhost\r\nx: {}\r\n\r\n", "y".repeat(20_000));
    let answer = http::raw(&app.admin, head.as_bytes()).await?;
    assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");
    Ok(())
}
