//! Probes of sites that consist of a few lines of bytes.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod logged;
mod steady;

use super::answer::MOST_BODY;
use super::asking::Asking;
use super::book::{Book, Seat};
use super::session::template::Template;
use super::shoot::open;
use super::target::{self, Target};
use super::way::Way;
use http::HeaderValue;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};
use sticky_affinity::identity::Source;
use sticky_affinity::plan::Sample;
use sticky_affinity::scenario::Chosen;
use sticky_affinity::seen::{How, Outcome, Who};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{Request, Response};

/// A way to ask for `json:/host` at an address.
fn asking(address: String, timeout: Duration) -> Asking {
    Asking {
        socket: None,
        marking: None,
        captures: Vec::new(),
        lost_when: Vec::new(),
        follow: false,
        target: Target::plain(address, timeout),
        pod: "json:/host".parse().unwrap(),
        worker: Source::worker(),
        sample: Sample::default(),
        chosen: Chosen::new(&[], &[]).unwrap(),
        idle: None,
        reuse: false,
        shared: false,
        app: false,
        seed: 1,
        rate: 200.0,
        over: Duration::ZERO,
        show_values: false,
    }
}

/// Opens a socket where `serve` takes the connection, and gives what was seen of it, and whether its cookie is in the jar.
async fn opened<F: Future<Output = ()> + Send + 'static>(
    timeout: Duration,
    serve: impl FnOnce(TcpStream) -> F + Send + 'static,
) -> (sticky_affinity::seen::Socket, bool) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let asking = asking(listener.local_addr().unwrap().to_string(), timeout);
    let served = tokio::spawn(async move { serve(listener.accept().await.unwrap().0).await });
    let socket = target::Socket {
        target: asking.target.clone(),
        path: Some(Template::literal("/ws")),
        origin: None,
        subprotocol: None,
        send: None,
        names_in_texts: true,
        largest: MOST_BODY,
    };
    let (book, state) = (Arc::new(Book::new(asking.sample)), asking.state(0));
    let held = open(&asking, &socket, &book, (0, Seat::Idle(0), Way::default()), &state).await;
    if let Some(held) = held {
        // What has its end by itself has it by now or soon.
        let _ = tokio::time::timeout(Duration::from_millis(300), held.ended()).await;
        held.close().await;
    }
    served.abort();
    let has = state.jar.into_inner().unwrap().header(&asking.target.place("/"), SystemTime::now()).is_some();
    (book.run().idle.pop().unwrap(), has)
}

/// Accepts a socket with a cookie.
async fn accepted(stream: TcpStream) -> WebSocketStream<TcpStream> {
    #[allow(clippy::result_large_err, reason = "the library names this type")]
    let with_cookie = |_: &Request, mut response: Response| {
        response.headers_mut().insert("set-cookie", HeaderValue::from_static("route=a; Path=/"));
        Ok(response)
    };
    tokio_tungstenite::accept_hdr_async(stream, with_cookie).await.unwrap()
}

/// The 101 and its cookie are not lost over it, and it takes no longer than a probe may.
#[tokio::test]
async fn a_socket_that_never_says_whose_it_is_is_open() {
    let began = Instant::now();
    let (socket, has_cookie) = opened(Duration::from_secs(60), |stream| async move {
        let mut socket = accepted(stream).await;
        futures_util::SinkExt::send(&mut socket, Message::text("hello")).await.unwrap();
        std::future::pending().await
    })
    .await;
    assert_eq!((&socket.opened.outcome, has_cookie), (&Outcome::Nameless { status: 101 }, true), "{socket:?}");
    assert!(began.elapsed() < Duration::from_secs(10) && socket.opened.offered.len() == 1, "{socket:?}");
    assert_eq!(socket.end.map(|end| end.how), Some(How::Ours));
    let timeout = Duration::from_millis(400);
    let (socket, has_cookie) = opened(timeout, |stream| async move {
        let _socket = accepted(stream).await;
        std::future::pending().await
    })
    .await;
    assert_eq!((&socket.opened.outcome, has_cookie), (&Outcome::Nameless { status: 101 }, true), "{socket:?}");
    assert!(socket.opened.took < timeout * 2, "{socket:?}");
}

/// It ended while it was waited for, which is its end and no failure to open.
#[tokio::test]
async fn a_socket_that_ends_before_it_says_whose_it_is() {
    let (socket, has_cookie) = opened(Duration::from_secs(60), |stream| async move { drop(accepted(stream).await) }).await;
    assert_eq!((&socket.opened.outcome, has_cookie), (&Outcome::Nameless { status: 101 }, true), "{socket:?}");
    assert!(matches!(socket.end.as_ref().map(|end| &end.how), Some(How::Cut(_))), "{socket:?}");
    let (socket, _) = opened(Duration::from_secs(60), |stream| async move { accepted(stream).await.close(None).await.unwrap() }).await;
    assert_eq!(socket.end.map(|end| end.how), Some(How::Goodbye { code: 1005, reason: String::new() }));
}

/// Our limit is no end of the site's.
#[tokio::test]
async fn a_message_that_is_too_large_for_this_run() {
    let (socket, _) = opened(Duration::from_secs(60), |stream| async move {
        let mut socket = accepted(stream).await;
        futures_util::SinkExt::send(&mut socket, Message::text("{\"host\": \"a\"}")).await.unwrap();
        // The other side has heard enough before all of it is said.
        let _ = futures_util::SinkExt::send(&mut socket, Message::text("x".repeat(300 << 10))).await;
        std::future::pending().await
    })
    .await;
    assert_eq!((socket.opened.pod(), socket.end.map(|end| end.how)), (Some("a"), Some(How::Ours)));
}

#[tokio::test]
async fn a_refusal_says_whose_it_is() {
    for (status, named) in [("401 Unauthorized", true), ("503 Service Unavailable", true), ("400 Bad Request", false)] {
        let (socket, _) = opened(Duration::from_secs(60), move |mut stream| async move {
            let _ = stream.read(&mut [0; 4_096]).await.unwrap();
            let body = if named { "{\"host\": \"a\"}" } else { "no" };
            stream.write_all(format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n{body}", body.len()).as_bytes()).await.unwrap();
            std::future::pending().await
        })
        .await;
        let who = named.then(|| Who { pod: "a".to_owned(), worker: None });
        let number = status[..3].parse().unwrap();
        assert_eq!((socket.opened.outcome, socket.refused_by), (Outcome::Nameless { status: number }, who), "{status}");
    }
}
