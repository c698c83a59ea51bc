//! The WebSocket handshake and frames, to the letter of RFC 6455: at a worker, and through the local door.

use anyhow::{Context, Result, bail, ensure};
use std::time::Duration;
use testkit::app::App;
use testkit::local::Local;
use testkit::{http, random, wait};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const LIMIT: Duration = Duration::from_secs(20);
const KEY: &str = "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==";
const VERSION: &str = "sec-websocket-version: 13";
const UPGRADE: &str = "connection: keep-alive, Upgrade\r\nupgrade: WebSocket";

/// Sends a request and reads the head of its answer. The request's first line and `Host` are as they should be.
async fn handshake(url: &str, headers: &[&str]) -> Result<(TcpStream, String)> {
    let mut stream = http::connect(url).await?;
    let head = format!("GET /ws/{} HTTP/1.1\r\nhost: localhost\r\n{}\r\n\r\n", random::client_id(), headers.join("\r\n"));
    stream.write_all(head.as_bytes()).await?;
    let mut answer = Vec::new();
    wait::within("the head of an answer", LIMIT, async {
        while !answer.ends_with(b"\r\n\r\n") {
            answer.push(stream.read_u8().await?);
        }
        anyhow::Ok(())
    })
    .await??;
    Ok((stream, String::from_utf8(answer)?.to_ascii_lowercase()))
}

fn status(head: &str) -> &str {
    head.split(' ').nth(1).unwrap_or_default()
}

/// RFC 6455 sections 4.2.1 and 4.4.
async fn handshakes(url: &str, wrong: &mut Vec<String>) -> Result<()> {
    let key = |value: &str| format!("sec-websocket-key: {value}");
    for (what, headers, expected) in [
        ("as it should be", vec![UPGRADE, VERSION, KEY], "101"),
        ("a key in base64 without canonical last bits", vec![UPGRADE, VERSION, &key("AAAAAAAAAAAAAAAAAAAAAB==")], "101"),
        ("no key", vec![UPGRADE, VERSION], "400"),
        ("an empty key", vec![UPGRADE, VERSION, &key("")], "400"),
        ("a key of 15 bytes", vec![UPGRADE, VERSION, &key("AAAAAAAAAAAAAAAAAAAA")], "400"),
        ("a key of 17 bytes", vec![UPGRADE, VERSION, &key("AAAAAAAAAAAAAAAAAAAAAAA=")], "400"),
        ("a key that is not base64", vec![UPGRADE, VERSION, &key("dGhlIHNhbXBsZSBub25j!Q==")], "400"),
        ("a key in base64url", vec![UPGRADE, VERSION, &key("-_hlIHNhbXBsZSBub25jZQ==")], "400"),
        ("a key without padding", vec![UPGRADE, VERSION, &key("dGhlIHNhbXBsZSBub25jZQ")], "400"),
        ("two keys", vec![UPGRADE, VERSION, KEY, KEY], "400"),
        ("two versions", vec![UPGRADE, VERSION, VERSION, KEY], "400"),
        ("a version of the drafts", vec![UPGRADE, "sec-websocket-version: 8", KEY], "426"),
        ("a list of versions", vec![UPGRADE, "sec-websocket-version: 13, 8", KEY], "426"),
        ("a version with a zero", vec![UPGRADE, "sec-websocket-version: 013", KEY], "426"),
        ("no version", vec![UPGRADE, KEY], "426"),
        ("no upgrade", vec!["connection: upgrade", VERSION, KEY], "426"),
        ("another protocol", vec!["connection: upgrade", "upgrade: websocket2", VERSION, KEY], "426"),
        ("no upgrade in Connection", vec!["connection: keep-alive", "upgrade: websocket", VERSION, KEY], "426"),
        ("a body", vec![UPGRADE, VERSION, KEY, "content-length: 6"], "400"),
        ("a chunked body", vec![UPGRADE, VERSION, KEY, "transfer-encoding: chunked"], "400"),
    ] {
        let (_stream, head) = handshake(url, &headers).await.with_context(|| what.to_owned())?;
        if status(&head) != expected || (expected == "426" && !head.contains("\r\nsec-websocket-version: 13\r\n")) {
            wrong.push(format!("{what}: expected {expected}, got {head}"));
        }
    }
    Ok(())
}

/// The client's end of a socket, which sends what no library would.
struct Raw(TcpStream);

impl Raw {
    async fn open(url: &str) -> Result<Self> {
        let (stream, head) = handshake(url, &[UPGRADE, VERSION, KEY]).await?;
        ensure!(head.contains("\r\nsec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo=\r\n"), "{head}");
        let mut raw = Self(stream);
        let (opcode, hello) = raw.frame().await?.context("no hello")?;
        ensure!(opcode == 0x81 && hello.starts_with(b"{"), "{hello:?}");
        Ok(raw)
    }

    async fn send(&mut self, bytes: &[u8]) -> Result<()> {
        Ok(self.0.write_all(bytes).await?)
    }

    /// The server's next frame: its first byte and its payload. `None` if the connection has ended, which must not be a reset.
    async fn frame(&mut self) -> Result<Option<(u8, Vec<u8>)>> {
        wait::within("a frame of the server", LIMIT, async {
            let first = match self.0.read_u8().await {
                Ok(first) => first,
                Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => return Ok(None),
                Err(error) => bail!("the connection was cut: {error}"),
            };
            let length = match self.0.read_u8().await? {
                short @ 0..=125 => usize::from(short),
                126 => usize::from(self.0.read_u16().await?),
                other => bail!("a server's frame with the second byte {other}"),
            };
            let mut payload = vec![0; length];
            self.0.read_exact(&mut payload).await?;
            Ok(Some((first, payload)))
        })
        .await?
    }

    /// The code and reason of the server's close frame, after which the connection ends. Counts the texts and pongs before it.
    async fn end(mut self) -> Result<End> {
        let mut end = End::default();
        while let Some((first, payload)) = self.frame().await? {
            match first {
                0x81 => end.texts += 1,
                0x8a => end.pongs += 1,
                0x89 => {}
                0x88 if end.code.is_none() => {
                    end.code = Some(payload.first_chunk().map_or(1005, |code| u16::from_be_bytes(*code)));
                    end.reason = String::from_utf8(payload.get(2..).unwrap_or_default().to_vec())?;
                    // Where it was the server's wish, it waits for this; else it may be gone.
                    let _ = self.send(&frame(0x88, &payload)).await;
                }
                other => bail!("an unexpected frame: {other:#x}"),
            }
        }
        Ok(end)
    }
}

#[derive(Debug, Default)]
struct End {
    code: Option<u16>,
    reason: String,
    texts: usize,
    pongs: usize,
}

/// A masked frame.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let length = match payload.len() {
        short @ 0..=125 => vec![0x80 | short as u8],
        middle @ 126..=65_535 => [&[0xfe][..], &(middle as u16).to_be_bytes()].concat(),
        long => [&[0xff][..], &(long as u64).to_be_bytes()].concat(),
    };
    with_length(first, &length, payload)
}

fn with_length(first: u8, length: &[u8], payload: &[u8]) -> Vec<u8> {
    let mask = [0x37, 0xfa, 0x21, 0x3d];
    let masked = payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask);
    [first].into_iter().chain(length.iter().copied()).chain(mask).chain(masked).collect()
}

fn close(code: u16, reason: &[u8]) -> Vec<u8> {
    frame(0x88, &[&code.to_be_bytes(), reason].concat())
}

const TEXT: &[u8] = r#"{"text":"κόσμε"}"#.as_bytes();

/// What is sent, and the code that ends the socket. One text before it is always answered.
fn violations() -> Vec<(String, Vec<u8>, u16)> {
    let mut all: Vec<(String, Vec<u8>, u16)> = vec![
        ("unmasked text".into(), [&[0x81, TEXT.len() as u8], TEXT].concat(), 1002),
        ("unmasked ping".into(), vec![0x89, 0], 1002),
        ("length 125 in two bytes".into(), with_length(0x81, &[0xfe, 0, 125], &[b'x'; 125]), 1002),
        ("length 5 in eight bytes".into(), with_length(0x81, &[0xff, 0, 0, 0, 0, 0, 0, 0, 5], b"xxxxx"), 1002),
        ("length 65,535 in eight bytes".into(), with_length(0x82, &[0xff, 0, 0, 0, 0, 0, 0, 0xff, 0xff], b""), 1002),
        ("length 2^63".into(), with_length(0x81, &[0xff, 0x80, 0, 0, 0, 0, 0, 0, 0], b""), 1002),
        ("length 2^62".into(), with_length(0x81, &[0xff, 0x40, 0, 0, 0, 0, 0, 0, 0], b""), 1009),
        ("message too long".into(), frame(0x81, &[b'x'; 16 * 1_024 + 1]), 1009),
        ("message too long, in parts".into(), [frame(0x01, &[b'x'; 16_000]), frame(0x80, &[b'x'; 16_000])].concat(), 1009),
        ("ping of 126 bytes".into(), frame(0x89, &[0; 126]), 1002),
        ("ping of 20,000 bytes, only announced".into(), with_length(0x89, &[0xfe, 0x4e, 0x20], b""), 1002),
        ("close of 126 bytes".into(), close(1000, &[b'x'; 124]), 1002),
        ("close of one byte".into(), frame(0x88, b"\x03"), 1002),
        ("close with a reason that is not UTF-8".into(), close(1000, b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xed\xa0\x80"), 1007),
        ("continuation of nothing".into(), frame(0x80, b"x"), 1002),
        ("continuation of a finished message".into(), [frame(0x01, b"{"), frame(0x80, b"}"), frame(0x80, b"x")].concat(), 1002),
        ("text in a text".into(), [frame(0x01, b"x"), frame(0x81, b"y")].concat(), 1002),
        ("binary in a text".into(), [frame(0x01, b"x"), frame(0x82, b"y")].concat(), 1002),
        ("binary".into(), frame(0x82, b"x"), 1003),
        ("text that is not UTF-8".into(), frame(0x81, b"\xff"), 1007),
        ("half a character".into(), frame(0x81, b"\xf0\x9f\x92"), 1007),
        ("half a character in parts".into(), [frame(0x01, b"\xf0\x9f"), frame(0x00, b""), frame(0x80, b"\x92")].concat(), 1007),
        ("a surrogate".into(), frame(0x81, b"\xed\xa0\x80"), 1007),
        ("above U+10FFFF, in a frame that never ends".into(), frame(0x81, &[&b"\xf4\x90"[..], &[b'x'; 100]].concat())[..8].to_vec(), 1007),
        ("an overlong slash, in a message that never ends".into(), frame(0x01, b"\xc0\xaf"), 1007),
    ];
    for bits in [0x10, 0x20, 0x40, 0x70] {
        all.push((format!("reserved bits {bits:#x}"), frame(0x81 | bits, TEXT), 1002));
        all.push((format!("reserved bits {bits:#x} in a close"), frame(0x88 | bits, b"\x03\xe8"), 1002));
    }
    for opcode in [3, 4, 5, 6, 7, 11, 12, 13, 14, 15] {
        all.push((format!("opcode {opcode}"), frame(0x80 | opcode, b""), 1002));
        all.push((format!("opcode {opcode} in parts"), frame(opcode, b"x"), 1002));
    }
    for opcode in [8, 9, 10] {
        all.push((format!("control frame {opcode} in parts"), frame(opcode, b""), 1002));
    }
    for code in [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535] {
        all.push((format!("close with {code}"), close(code, b""), 1002));
    }
    for code in [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 3000, 3999, 4000, 4999] {
        all.push((format!("close with {code} is no violation"), close(code, b"bye"), code));
    }
    all.push(("close without a code is no violation".into(), frame(0x88, b""), 1005));
    all.push(("close with the longest reason is no violation".into(), close(1000, &[b'x'; 123]), 1000));
    all
}

async fn frames(url: &str, wrong: &mut Vec<String>) -> Result<()> {
    for (what, bytes, code) in violations() {
        let mut raw = Raw::open(url).await?;
        raw.send(&[frame(0x81, TEXT), frame(0x89, b"ping"), bytes].concat()).await?;
        let end = raw.end().await;
        let reason = |end: &End| what.ends_with("no violation") || !end.reason.is_empty();
        if !end.as_ref().is_ok_and(|end| (end.code, end.texts >= 1, end.pongs, reason(end)) == (Some(code), true, 1, true)) {
            wrong.push(format!("{what}: expected {code}, got {end:?}"));
        }
    }
    Ok(())
}

/// Frames in parts, empty ones, and control frames between them, byte by byte.
async fn allowed(url: &str) -> Result<()> {
    let (one, two) = TEXT.split_at(10);
    let parts = [frame(0x01, one), frame(0x89, &[0xff; 125]), frame(0x00, b""), frame(0x8a, b"unasked"), frame(0x80, two), frame(0x81, b"")].concat();
    let mut raw = Raw::open(url).await?;
    for byte in &parts {
        raw.send(&[*byte]).await?;
    }
    ensure!(raw.frame().await? == Some((0x8a, vec![0xff; 125])));
    let (first, echo) = raw.frame().await?.context("no echo")?;
    ensure!(first == 0x81 && String::from_utf8(echo)?.contains("κόσμε"));
    raw.send(&close(1001, b"")).await?;
    let end = raw.end().await?;
    ensure!((end.code, end.texts) == (Some(1001), 1), "the empty text has its own answer: {end:?}");
    Ok(())
}

/// The close frame arrives although its client goes on sending: closing with unread bytes would reset the connection.
async fn sent_after_close(url: &str) -> Result<()> {
    for first in [close(1000, b"bye"), close(1005, b""), frame(0x82, b"x"), frame(0x83, b"x")] {
        let mut raw = Raw::open(url).await?;
        // The server may stop reading at any time.
        let _ = raw.send(&[first, vec![0xff; 256 * 1_024]].concat()).await;
        let end = raw.end().await?;
        ensure!(end.code.is_some(), "{end:?}");
    }
    Ok(())
}

async fn letter(url: &str) -> Result<()> {
    let mut wrong = Vec::new();
    handshakes(url, &mut wrong).await?;
    frames(url, &mut wrong).await?;
    ensure!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
    allowed(url).await?;
    sent_after_close(url).await
}

#[tokio::test]
async fn at_a_worker() -> Result<()> {
    letter(&App::start(&[]).await?.url).await
}

#[tokio::test]
async fn through_the_local_door() -> Result<()> {
    letter(&Local::start(&[]).await?.url).await
}
