//! A session against a server that each test plays itself, frame by frame.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::Transport;
use super::frame::{self, Decoder, Frame, GOAWAY, PING, RST_STREAM, SYN_REPLY, SYN_STREAM};
use super::session::{Refused, Session};
use super::stream::{Stream, Told};
use bytes::{Bytes, BytesMut};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

/// The other side of a session.
struct Server {
    io: DuplexStream,
    decoder: Decoder,
}

impl Server {
    fn new() -> (Arc<Session>, Self) {
        let (near, far) = duplex(1024 * 1024);
        (Session::over(Transport::plain(near)), Self { io: far, decoder: Decoder::default() })
    }

    /// The next frame, apart from PINGs, which it answers.
    async fn frame(&mut self) -> Option<Frame> {
        loop {
            match self.decoder.next().unwrap() {
                Some(Frame::Control { kind: PING, body, .. }) => self.control(PING, &body).await,
                Some(frame) => return Some(frame),
                None => {
                    let mut chunk = [0; 4_096];
                    let read = self.io.read(&mut chunk).await.unwrap();
                    if read == 0 {
                        return None;
                    }
                    self.decoder.push(&chunk[..read]);
                }
            }
        }
    }

    async fn control(&mut self, kind: u16, body: &[u8]) {
        let mut out = BytesMut::new();
        frame::control(&mut out, kind, 0, body);
        let _ = self.io.write_all(&out).await;
    }

    async fn data(&mut self, id: u32, bytes: &[u8], fin: bool) {
        let mut out = BytesMut::new();
        frame::data(&mut out, id, bytes, fin);
        self.io.write_all(&out).await.unwrap();
    }

    /// Accepts the next pair of streams; their ids.
    async fn accept(&mut self) -> (u32, u32) {
        let (error, data) = (self.opened().await, self.opened().await);
        for id in [error, data] {
            self.control(SYN_REPLY, &id.to_be_bytes()).await;
        }
        assert_eq!(self.frame().await, Some(ended(error)), "nothing is sent on the error stream");
        (error, data)
    }

    async fn opened(&mut self) -> u32 {
        match self.frame().await.unwrap() {
            Frame::Control { kind: SYN_STREAM, body, .. } => frame::number(SYN_STREAM, &body, 0).unwrap(),
            other => panic!("{other:?}"),
        }
    }
}

fn ended(id: u32) -> Frame {
    Frame::Data { id, bytes: Bytes::new(), fin: true }
}

fn reset(id: u32) -> Frame {
    Frame::Control { kind: RST_STREAM, flags: 0, body: [id.to_be_bytes(), frame::CANCEL.to_be_bytes()].concat().into() }
}

async fn open(session: &Arc<Session>, server: &mut Server) -> (Stream, Told, u32, u32) {
    let (opened, (error, data)) = tokio::join!(session.open(80), server.accept());
    let (stream, told) = opened.unwrap();
    (stream, told, error, data)
}

#[tokio::test]
async fn each_direction_ends_by_itself() {
    let (session, mut server) = Server::new();
    let (mut stream, told, error, id) = open(&session, &mut server).await;
    assert_eq!((error, id), (1, 3));
    stream.write_all(b"question").await.unwrap();
    stream.shutdown().await.unwrap();
    assert_eq!(server.frame().await, Some(Frame::Data { id, bytes: Bytes::from_static(b"question"), fin: false }));
    assert_eq!(server.frame().await, Some(ended(id)));
    server.data(id, b"answer", false).await;
    server.data(error, b"", true).await;
    server.data(id, b"", true).await;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert_eq!((answer.as_str(), told.text().await), ("answer", None));
    drop(stream);
    // Both directions ended, so there is nothing to reset.
    drop(session);
    assert!(matches!(server.frame().await, Some(Frame::Control { kind: GOAWAY, .. })));
    assert_eq!(server.frame().await, None);
}

#[tokio::test]
async fn a_stream_that_is_dropped_is_reset_and_what_still_comes_is_ignored() {
    let (session, mut server) = Server::new();
    let (stream, _told, _, id) = open(&session, &mut server).await;
    drop(stream);
    assert_eq!(server.frame().await, Some(ended(id)));
    assert_eq!(server.frame().await, Some(reset(id)));
    server.data(id, b"late", true).await;
    let (mut last, _told, _, id) = open(&session, &mut server).await;
    last.write_all(b"bye").await.unwrap();
    drop(last);
    assert_eq!(server.frame().await, Some(Frame::Data { id, bytes: Bytes::from_static(b"bye"), fin: false }), "what was written is sent");
    assert_eq!((server.frame().await, server.frame().await), (Some(ended(id)), Some(reset(id))));
    let (mut other, _told, _, id) = open(&session, &mut server).await;
    server.data(id, b"x", false).await;
    assert_eq!(other.read_u8().await.unwrap(), b'x');
}

#[tokio::test]
async fn a_reason_comes_with_the_end() {
    let (session, mut server) = Server::new();
    let (mut stream, told, error, id) = open(&session, &mut server).await;
    server.data(error, b"connection ", false).await;
    server.data(error, &[b"refused".as_slice(), &[b'.'; 10_000]].concat(), true).await;
    server.data(id, b"", true).await;
    assert_eq!(stream.read(&mut [0]).await.unwrap(), 0);
    let text = told.text().await.unwrap();
    assert!(text.starts_with("connection refused...") && text.len() == 4_096, "{}", text.len());
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_is_refused_or_not_answered() {
    let (session, mut server) = Server::new();
    let refuse = async {
        let (error, data) = (server.opened().await, server.opened().await);
        server.control(SYN_REPLY, &error.to_be_bytes()).await;
        server.control(RST_STREAM, &[data.to_be_bytes(), frame::REFUSED.to_be_bytes()].concat()).await;
    };
    let (opened, ()) = tokio::join!(session.open(80), refuse);
    assert_eq!(opened.unwrap_err(), Refused::Failed);
    assert_eq!(session.open(80).await.unwrap_err(), Refused::Failed, "no answer");
    assert!(!session.closed());
}

#[tokio::test]
async fn what_the_server_opens_is_refused_and_its_pings_are_answered() {
    let (session, mut server) = Server::new();
    server.control(SYN_STREAM, &[&2_u32.to_be_bytes()[..], &[0; 6]].concat()).await;
    let refused = [2_u32.to_be_bytes(), frame::REFUSED.to_be_bytes()].concat();
    assert_eq!(server.frame().await, Some(Frame::Control { kind: RST_STREAM, flags: 0, body: refused.into() }));
    // `frame` answers every PING, so one of its own is read here.
    server.control(PING, &2_u32.to_be_bytes()).await;
    server.control(0xfff, &[1; 1_000]).await;
    let pong = loop {
        match server.decoder.next().unwrap() {
            Some(Frame::Control { kind: PING, body, .. }) if body[3] == 2 => break body,
            Some(_) => {}
            None => {
                let mut chunk = [0; 4_096];
                let read = server.io.read(&mut chunk).await.unwrap();
                server.decoder.push(&chunk[..read]);
            }
        }
    };
    assert_eq!(&pong[..], [0, 0, 0, 2]);
    open(&session, &mut server).await;
}

#[tokio::test]
async fn a_server_that_asks_and_does_not_read_loses_its_session() {
    let (near, mut far) = duplex(4_096);
    let session = Session::over(Transport::plain(near));
    let mut pings = BytesMut::new();
    for n in 1..10_000_u32 {
        frame::control(&mut pings, PING, 0, &(n * 2).to_be_bytes());
    }
    let _ = tokio::time::timeout(Duration::from_secs(10), far.write_all(&pings)).await.unwrap();
    while !session.closed() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn after_goaway_what_is_open_goes_on_and_what_was_not_seen_fails() {
    let (session, mut server) = Server::new();
    let (mut stream, _told, _, id) = open(&session, &mut server).await;
    let leave = async {
        let error = server.opened().await;
        server.control(GOAWAY, &[id.to_be_bytes(), [0; 4]].concat()).await;
        error
    };
    let (opened, _) = tokio::join!(session.open(80), leave);
    assert_eq!(opened.unwrap_err(), Refused::Failed);
    assert!(session.closed());
    assert_eq!(session.open(80).await.unwrap_err(), Refused::Full);
    server.data(id, b"still", true).await;
    let mut text = String::new();
    stream.read_to_string(&mut text).await.unwrap();
    assert_eq!(text, "still");
}

#[tokio::test(start_paused = true)]
async fn a_session_ends_with_what_cannot_be_read_with_its_connection_and_by_silence() {
    let (session, mut server) = Server::new();
    let (mut stream, told, ..) = open(&session, &mut server).await;
    server.io.write_all(&[0xff; 8]).await.unwrap();
    assert_eq!((stream.read(&mut [0]).await.unwrap(), told.text().await), (0, None));
    assert!(session.closed());
    assert_eq!(session.open(80).await.unwrap_err(), Refused::Full);

    let (session, mut server) = Server::new();
    let (mut stream, ..) = open(&session, &mut server).await;
    drop(server);
    assert_eq!(stream.read(&mut [0]).await.unwrap(), 0);

    let (session, mut server) = Server::new();
    let (mut stream, ..) = open(&session, &mut server).await;
    let began = tokio::time::Instant::now();
    assert_eq!(stream.read(&mut [0]).await.unwrap(), 0);
    assert_eq!(began.elapsed().as_secs(), 30);
    drop((session, server));
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_takes_nothing_loses_its_connection_if_others_wait() {
    let (session, mut server) = Server::new();
    let (slow, _told, _, first) = open(&session, &mut server).await;
    let (mut quick, _other, _, second) = open(&session, &mut server).await;
    let flood = vec![7; 300 * 1024];
    server.data(first, &flood, false).await;
    server.data(second, b"x", false).await;
    let began = tokio::time::Instant::now();
    let waited = async {
        while !session.busy() {
            tokio::task::yield_now().await;
        }
        let byte = quick.read_u8().await.unwrap();
        (byte, began.elapsed())
    };
    let ((byte, waited), sent) = tokio::join!(waited, server.frame());
    assert_eq!((byte, sent), (b'x', Some(reset(first))));
    assert_eq!(waited.as_secs(), 15);
    assert!(!session.busy());

    // Alone, it may take its time.
    drop((slow, quick));
    assert_eq!((server.frame().await, server.frame().await), (Some(ended(second)), Some(reset(second))));
    let (mut alone, _told, _, third) = open(&session, &mut server).await;
    server.data(third, &flood, true).await;
    tokio::time::sleep(Duration::from_secs(20)).await;
    let mut got = Vec::new();
    alone.read_to_end(&mut got).await.unwrap();
    assert_eq!(got.len(), flood.len());
}

#[tokio::test]
async fn it_takes_so_many_connections_and_all_of_them_work() {
    let (session, mut server) = Server::new();
    let echo = tokio::spawn(async move {
        let mut accepted = 0;
        while let Some(frame) = server.frame().await {
            match frame {
                Frame::Control { kind: SYN_STREAM, body, .. } => {
                    server.control(SYN_REPLY, &body[..4]).await;
                    accepted += 1;
                }
                Frame::Data { id, bytes, fin } if id % 4 == 3 => server.data(id, &bytes, fin).await,
                _ => {}
            }
        }
        accepted
    });
    let mut held = Vec::new();
    for _ in 0..128 {
        held.push(session.open(80).await.unwrap());
    }
    assert_eq!((session.room(), session.open(80).await.unwrap_err()), (0, Refused::Full));
    let mut all = tokio::task::JoinSet::new();
    for (n, (mut stream, _told)) in held.into_iter().enumerate() {
        all.spawn(async move {
            let sent = vec![n as u8; 100_000];
            let (mut read, mut write) = tokio::io::split(&mut stream);
            let mut got = Vec::new();
            let (read, write) = tokio::join!(read.read_to_end(&mut got), async {
                write.write_all(&sent).await?;
                write.shutdown().await
            });
            assert!(read.is_ok() && write.is_ok() && got == sent, "{n}: {} bytes", got.len());
        });
    }
    all.join_all().await;
    assert_eq!(session.room(), 128);
    drop(session);
    assert_eq!(echo.await.unwrap(), 256);
}
