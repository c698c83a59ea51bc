//! HTTP/1.1 to the letter of RFC 9112.

use anyhow::Result;
use std::process::Command;
use std::time::Duration;
use testkit::app::App;
use testkit::http::{self, half_closed, half_closed_and_lost, raw};
use testkit::{random, wait};
use tokio::io::AsyncWriteExt;

/// Less than the default time for a whole request, with room for a busy machine.
const SOON: Duration = Duration::from_secs(8);

/// A POST that any worker answers.
pub(super) fn post() -> String {
    let path = format!("/submit/{}", random::client_id());
    format!("POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 12\r\n\r\n{{\"text\":\"x\"}}")
}

/// An upgrade, and behind it one frame with a message.
pub(super) fn upgrade_and_frame() -> Vec<u8> {
    let path = format!("/ws/{}", random::client_id());
    let head = format!(
        "GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    // A whole text frame of 12 bytes whose mask changes nothing (RFC 6455 section 5.2).
    [head.as_bytes(), &[0x81, 0x80 | 12, 0, 0, 0, 0], br#"{"text":"x"}"#].concat()
}

/// Requests whose host is missing, ambiguous or malformed (RFC 9112 section 3.2), and whose framing or single headers are.
pub(super) const MALFORMED: &[(&str, u16)] = &[
    ("GET /whoami HTTP/1.1\r\n", 400),
    ("GET /whoami HTTP/1.1\r\nhost: localhost\r\nhost: localhost\r\n", 400),
    ("GET /whoami HTTP/1.1\r\nhost: localhost\r\nhost: evil.example\r\n", 400),
    ("GET /whoami HTTP/1.0\r\nhost: localhost\r\nhost: localhost\r\n", 400),
    ("GET /whoami HTTP/1.1\r\nhost:\r\n", 400),
    ("GET /whoami HTTP/1.1\r\nhost: localhost, localhost\r\n", 400),
    ("GET /whoami HTTP/1.1\r\nhost: localhost:abc\r\n", 400),
    ("GET /whoami HTTP/1.1\r\nhost: localhost:65536\r\n", 400),
    ("GET /whoami HTTP/1.1\r\nhost: localhost:80:80\r\n", 400),
    ("GET /whoami HTTP/1.1\r\nhost: [::1]evil.example\r\n", 400),
    ("GET /whoami HTTP/1.1\r\nhost: [::1\r\n", 400),
    ("GET /whoami HTTP/1.1\r\nhost: [localhost]\r\n", 400),
    ("GET /whoami HTTP/1.1\r\nhost: user@localhost\r\n", 400),
    ("GET /whoami HTTP/1.1\r\nhost: localhost/\r\n", 400),
    ("GET /whoami HTTP/1.1\r\nhost: local host\r\n", 400),
    ("GET /whoami HTTP/1.1\r\nhost: h\u{f6}st.example\r\n", 400),
    ("GET http://localhost/whoami HTTP/1.1\r\n", 400),
    ("GET http://user@localhost/whoami HTTP/1.1\r\nhost: localhost\r\n", 400),
    ("GET http://localhost:abc/whoami HTTP/1.1\r\nhost: localhost\r\n", 400),
    ("GET ftp://localhost/whoami HTTP/1.1\r\nhost: localhost\r\n", 400),
    ("CONNECT localhost:80 HTTP/1.1\r\nhost: localhost:80\r\n", 501),
    ("GET /whoami HTTP/1.1\r\nhost: localhost\r\norigin: http://localhost\r\norigin: http://evil.example\r\n", 400),
    ("GET /whoami HTTP/1.1\r\nhost: localhost\r\nx-sticky-trace: a\r\nx-sticky-trace: b\r\n", 400),
    ("POST /submit/x HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-type: text/plain\r\n", 400),
    ("POST /submit/x HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked, chunked\r\n", 400),
    ("POST /submit/x HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n", 400),
    ("POST /submit/x HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: identity, chunked\r\n", 501),
    ("POST /submit/x HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: gzip\r\ntransfer-encoding: chunked\r\n", 501),
    ("POST /submit/x HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked;q=1\r\n", 400),
    ("POST /submit/x HTTP/1.1\r\nhost: localhost\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n", 400),
    ("POST /submit/x HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\ncontent-length: 5\r\n", 400),
    ("POST /submit/x HTTP/1.0\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n", 400),
    ("POST /submit/x HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1\r\ncontent-length: 2\r\n", 400),
    ("POST /submit/x HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1, 1\r\n", 400),
];

/// Requests that a page of another site could send after its name was pointed at loopback (DNS rebinding).
pub(super) const FOREIGN: &[&str] = &[
    "GET /whoami HTTP/1.1\r\nhost: evil.example\r\n",
    "GET /whoami HTTP/1.1\r\nhost: localhost.evil.example\r\n",
    "GET /whoami HTTP/1.1\r\nhost: 0.0.0.0\r\n",
    "GET http://evil.example/whoami HTTP/1.1\r\nhost: localhost\r\n",
    "GET http://evil.example/whoami HTTP/1.1\r\nhost: evil.example\r\n",
    "GET /whoami HTTP/1.0\r\n",
];

/// Requests that are well formed, in forms that are easily taken for malformed ones.
pub(super) const OWN: &[&str] = &[
    "GET /whoami HTTP/1.1\r\nhost: localhost\r\n",
    "GET /whoami HTTP/1.1\r\nHOST:  LOCALHOST.:8080  \r\n",
    "GET /whoami HTTP/1.1\r\nhost: localhost:\r\n",
    "GET /whoami HTTP/1.1\r\nhost: [::1]:80\r\n",
    "GET /whoami HTTP/1.1\r\nhost: [::ffff:127.0.0.1]\r\n",
    "GET /whoami HTTP/1.0\r\nhost: 127.0.0.1\r\n",
    "GET http://localhost/whoami HTTP/1.1\r\nhost: localhost\r\n",
    // The target's own host counts, and the header is ignored (RFC 9112 section 3.2.2).
    "GET http://localhost/whoami HTTP/1.1\r\nhost: evil.example\r\n",
    "GET /whoami HTTP/1.1\r\nhost: localhost\r\ncookie: a=1\r\ncookie: b=2\r\n",
    "GET /whoami HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: Chunked\r\n",
];

/// Asserts the status of every request above. What follows a head that is refused must not be read as a second request.
pub(super) async fn to_the_letter(url: &str) -> Result<()> {
    let all = [
        MALFORMED.iter().map(|(head, status)| (*head, *status)).collect(),
        FOREIGN.iter().map(|head| (*head, 421)).collect(),
        OWN.iter().map(|head| (*head, 200)).collect::<Vec<_>>(),
    ];
    let mut wrong = Vec::new();
    for (head, status) in all.concat() {
        let body = if head.to_lowercase().contains("chunked") { "0\r\n\r\n" } else { "" };
        let next = if status == 400 || status == 501 { post() } else { String::new() };
        let answer = half_closed(url, format!("{head}\r\n{body}{next}").as_bytes()).await?;
        if !answer.starts_with(&format!("HTTP/1.1 {status} ")) && !answer.starts_with(&format!("HTTP/1.0 {status} ")) {
            wrong.push(format!("{head:?} is answered with {:?}, not {status}", answer.lines().next().unwrap_or_default()));
        } else if answer.matches("HTTP/1.").count() != 1 {
            wrong.push(format!("{head:?} is answered twice: {answer}"));
        }
    }
    assert!(wrong.is_empty(), "{} of the answers are wrong:\n{}", wrong.len(), wrong.join("\n"));
    Ok(())
}

#[tokio::test]
async fn heads_to_the_letter() -> Result<()> {
    let app = App::start(&[]).await?;
    to_the_letter(&app.url).await
}

/// `::ffff:127.0.0.1` is loopback too, whatever an address of IPv6 looks like.
#[tokio::test]
async fn an_ipv6_form_of_loopback_is_guarded_too() -> Result<()> {
    let mut command = Command::new(testkit::bin::sticky_app()?);
    command.args(["--listen", "[::ffff:127.0.0.1]:0", "--admin-listen", "127.0.0.1:0", "--log-format", "json"]);
    let mut app = App::from_command(&mut command).await?;
    let port = app.url.rsplit_once(':').map(|(_, port)| port.to_owned()).unwrap_or_default();
    app.url = format!("http://127.0.0.1:{port}");
    app.ready().await?;
    to_the_letter(&app.url).await
}

/// A client may end its own side once its request is out (RFC 9112 section 9.6), and still has to get the answer.
#[tokio::test]
async fn half_closed_clients_get_their_answers() -> Result<()> {
    let app = App::start(&[]).await?;
    let post = post();
    let lost = half_closed_and_lost(&app.url, post.as_bytes(), "HTTP/1.1 200 ").await;
    let admin = half_closed_and_lost(&app.admin, b"GET /readyz HTTP/1.1\r\nhost: localhost\r\n\r\n", "HTTP/1.1 200 ").await;
    assert_eq!((lost, admin), (0, 0), "of 100 each");
    let sockets = half_closed_sockets_lost(&app.url).await?;
    assert_eq!(sockets, 0, "of 20");
    let three = half_closed(&app.url, format!("{post}{post}{post}").as_bytes()).await?;
    assert_eq!(three.matches("HTTP/1.1 200 ").count(), 3, "pipelined: {three}");
    Ok(())
}

/// How many of 20 clients that half-close behind an upgrade and a frame get no echo of it.
pub(super) async fn half_closed_sockets_lost(url: &str) -> Result<usize> {
    let mut lost = 0;
    for _ in 0..20 {
        let heard = half_closed(url, &upgrade_and_frame()).await?;
        lost += usize::from(!(heard.starts_with("HTTP/1.1 101 ") && heard.contains("]  x\"")));
    }
    Ok(lost)
}

/// A client that is gone, and not only silent, frees what it used at once and not after the time for a whole request.
#[tokio::test]
async fn clients_that_left_are_noticed() -> Result<()> {
    let app = App::start(&["--max-requests", "1", "--request-timeout", "60s"]).await?;
    leave_and_come_back(&app.url).await
}

/// Leaves three times in the middle of a body, and asserts that the only slot is free soon.
pub(super) async fn leave_and_come_back(url: &str) -> Result<()> {
    let post = post();
    for _ in 0..3 {
        let mut gone = http::connect(url).await?;
        gone.write_all(&post.as_bytes()[..post.len() - 1]).await?;
        drop(gone);
        wait::until("the slot is free again", SOON, async || {
            half_closed(url, post.as_bytes()).await.is_ok_and(|answer| answer.starts_with("HTTP/1.1 200 ")).then_some(())
        })
        .await?;
    }
    Ok(())
}

/// A refusal arrives although its client is still sending: closing at once would reset the connection, and the answer with it.
#[tokio::test]
async fn refusals_arrive() -> Result<()> {
    let app = App::start(&[]).await?;
    refusals_arrive_from(&app.url).await
}

pub(super) async fn refusals_arrive_from(url: &str) -> Result<()> {
    let large_head = format!("GET /whoami HTTP/1.1\r\nhost: localhost\r\nx: {}\r\n\r\n", "x".repeat(200_000));
    let body = "x".repeat(200_000);
    let unread = format!("GET /whoami HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: 200000\r\n\r\n{body}");
    let no_host = format!("POST /submit/x HTTP/1.1\r\ncontent-length: 200000\r\n\r\n{body}");
    for (request, status) in [(large_head, 431), (unread, 200), (no_host, 400)] {
        for _ in 0..20 {
            let answer = raw(url, request.as_bytes()).await?;
            assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{}: {answer}", &request[..20]);
        }
    }
    Ok(())
}

/// Names that can't be hosts are refused at the start: they would never match.
#[tokio::test]
async fn allowed_names_are_hosts() -> Result<()> {
    for flag in ["--allowed-host", "--allowed-origin"] {
        let mut process = testkit::process::Process::start(&mut testkit::app::command(&[flag, "https://partner.example"])?)?;
        assert_eq!(process.exit_code(SOON).await?, 2, "{flag}");
        assert!(process.stderr.text().contains("https://partner.example"), "{}", process.stderr.text());
    }
    Ok(())
}
