//! The local door under hostile clients.

use crate::http::{half_closed_sockets_lost, leave_and_come_back, post, refusals_arrive_from, to_the_letter};
use anyhow::Result;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};
use testkit::http::{self, half_closed, half_closed_and_lost, raw};
use testkit::local::{Local, Runtime};
use testkit::process::Process;
use testkit::session::Session;
use testkit::{random, wait};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const SOON: Duration = Duration::from_secs(10);

#[tokio::test]
async fn half_closed_clients_get_their_answers() -> Result<()> {
    let local = Local::start(&[]).await?;
    let post = post();
    let lost = half_closed_and_lost(&local.url, post.as_bytes(), "HTTP/1.1 200 ").await;
    assert_eq!(lost, 0, "of 100");
    let sockets = half_closed_sockets_lost(&local.url).await?;
    assert_eq!(sockets, 0, "of 20");
    let three = half_closed(&local.url, format!("{post}{post}{post}").as_bytes()).await?;
    assert_eq!(three.matches("HTTP/1.1 200 ").count(), 3, "pipelined: {three}");
    Ok(())
}

#[tokio::test]
async fn clients_that_left_are_noticed() -> Result<()> {
    let local = Local::start(&["--mode", "1x1", "--max-requests", "1", "--request-timeout", "60s"]).await?;
    leave_and_come_back(&local.url).await
}

#[tokio::test]
async fn refusals_arrive() -> Result<()> {
    let local = Local::start(&[]).await?;
    refusals_arrive_from(&local.url).await
}

#[tokio::test]
async fn heads_to_the_letter() -> Result<()> {
    let local = Local::start(&[]).await?;
    to_the_letter(&local.url).await
}

#[tokio::test]
async fn an_ipv6_form_of_loopback_is_guarded_too() -> Result<()> {
    let folder = Runtime::new()?;
    let mut process = Process::start(&mut folder.command(&["up", "--local", "--port", "0", "--listen", "::ffff:127.0.0.1"])?)?;
    let url = process.line("the URL", SOON, |line| line.starts_with("http://[").then(|| line.to_owned())).await?;
    let port = url.trim_end_matches('/').rsplit_once(':').map(|(_, port)| port.to_owned()).unwrap_or_default();
    let url = format!("http://127.0.0.1:{port}");
    wait::until("it answers", SOON, async || half_closed(&url, post().as_bytes()).await.ok().filter(|answer| !answer.is_empty())).await?;
    to_the_letter(&url).await
}

/// What is the client's own mistake is answered as the app answers it, and never blamed on a pod.
#[tokio::test]
async fn a_client_s_mistakes_are_its_own() -> Result<()> {
    let local = Local::start(&["--request-timeout", "1s"]).await?;
    let path = format!("/submit/{}", random::client_id());
    let head = format!("POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n");
    let large = "x".repeat(200_000);
    let mistakes = [
        (format!("{head}transfer-encoding: chunked\r\n\r\nzz\r\n{{}}\r\n0\r\n\r\n"), 400, "bad-body"),
        (format!("{head}transfer-encoding: chunked\r\n\r\n2\r\n{{}}xx0\r\n\r\n"), 400, "bad-body"),
        (format!("{head}transfer-encoding: chunked\r\n\r\n2\r\n{{}}\r\n"), 400, "bad-body"),
        (format!("{head}content-length: 100\r\n\r\n{{\"text\""), 400, "bad-body"),
        (format!("{head}content-length: 200000\r\n\r\n{large}"), 413, "too-large"),
        (format!("{head}transfer-encoding: chunked\r\n\r\n30d40\r\n{large}\r\n0\r\n\r\n"), 413, "too-large"),
        (format!("{head}x: {}\r\n\r\n", "x".repeat(20 * 1_024)), 431, ""),
        (format!("{head}x: {}\r\n\r\n", "x".repeat(200 * 1_024)), 431, ""),
    ];
    let mut wrong = Vec::new();
    for (request, status, code) in &mistakes {
        for _ in 0..5 {
            let answer = half_closed(&local.url, request.as_bytes()).await?;
            if !answer.starts_with(&format!("HTTP/1.1 {status} ")) || !answer.contains(code) {
                wrong.push(format!("{status} {code} expected for {:?}: {answer:?}", &request[request.len().saturating_sub(40)..]));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));

    // A body that doesn't come is no lost pod either.
    let slow = raw(&local.url, format!("{head}content-length: 100\r\n\r\n{{").as_bytes()).await?;
    assert!(slow.starts_with("HTTP/1.1 408 "), "{slow}");
    // The largest head of the app passes the door too, which adds headers of its own.
    let fits = format!("GET /whoami HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\nx: {}\r\n\r\n", "x".repeat(16_000));
    let answer = raw(&local.url, fits.as_bytes()).await?;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    Ok(())
}

/// A pod that is gone is not the client's mistake, even if the client has not sent everything by then.
#[tokio::test]
async fn a_lost_pod_is_a_lost_pod() -> Result<()> {
    let local = Local::start(&["--mode", "1x1"]).await?;
    let path = format!("/submit/{}", random::client_id());
    let head = format!("POST {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: application/json\r\n");
    let mut stream = http::connect(&local.url).await?;
    stream.write_all(format!("{head}content-length: 12\r\nexpect: 100-continue\r\n\r\n").as_bytes()).await?;
    // The door asks for the body once a pod has the head.
    let mut go_on = [0; 25];
    wait::within("the door asks for the body", SOON, stream.read_exact(&mut go_on)).await??;
    assert_eq!(&go_on, b"HTTP/1.1 100 Continue\r\n\r\n");
    local.ctl(&["kill", "app-1"]).await?;
    let mut answer = String::new();
    wait::within("an answer", SOON, stream.read_to_string(&mut answer)).await??;
    assert!(answer.starts_with("HTTP/1.1 502 ") && answer.contains("pod-lost"), "{answer}");
    Ok(())
}

/// The door keeps to the limits of time that its flags name, as the app does.
#[tokio::test]
async fn half_a_head_is_not_waited_for() -> Result<()> {
    let local = Local::start(&["--header-timeout", "1s", "--keep-alive", "3s"]).await?;
    let began = Instant::now();
    let answer = raw(&local.url, b"GET /whoami HTTP/1.1\r\nhost: loc").await?;
    assert_eq!(answer, "");
    assert!(began.elapsed() >= Duration::from_millis(900), "{:?}", began.elapsed());

    let mut kept = http::Kept::open(&local.url).await?;
    let whoami = || http::get(format!("{}/whoami", local.url));
    assert_eq!(kept.send(whoami()).await?.status, 200);
    let began = Instant::now();
    wait::until("the idle connection is closed", SOON, async || kept.closed().then_some(())).await?;
    assert!(began.elapsed() >= Duration::from_secs(2), "the time for a head is not the time between requests: {:?}", began.elapsed());
    Ok(())
}

/// A cookie of another site on the same machine may have any bytes (browsers share cookies between ports).
#[tokio::test]
async fn bytes_in_a_neighbour_s_cookie_do_not_unbind_a_session() -> Result<()> {
    let local = Local::start(&[]).await?;
    let session = Session::visit(&local.url).await?;
    let first = session.sticky("submit", "x").await?;
    let sticky = session.jar.header();
    let mut pods = BTreeSet::new();
    for _ in 0..9 {
        let mut stream = http::connect(&local.url).await?;
        let head = [b"GET /whoami HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncookie: n=\xe4; ", sticky.as_bytes(), b"\r\n\r\n"].concat();
        stream.write_all(&head).await?;
        let mut answer = Vec::new();
        wait::within("an answer", SOON, stream.read_to_end(&mut answer)).await??;
        let answer = String::from_utf8_lossy(&answer).into_owned();
        pods.insert(answer.lines().find_map(|line| line.strip_prefix("x-sticky-pod: ")).unwrap_or_default().to_owned());
    }
    assert_eq!(pods, [first.pod()].into());
    Ok(())
}

/// Headers that `Connection` names are for the door alone (RFC 9110 section 7.6.1), whatever a client names there.
#[tokio::test]
async fn hop_by_hop_headers_stop_at_the_door() -> Result<()> {
    let local = Local::start(&[]).await?;
    let head = "GET /whoami HTTP/1.1\r\nhost: localhost\r\nconnection: close, cookie, host\r\ncookie: a=1\r\n\r\n";
    let answer = raw(&local.url, head.as_bytes()).await?;
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.contains("\"cookies\":[]"), "{answer}");
    Ok(())
}
