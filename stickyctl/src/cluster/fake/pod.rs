//! What a port-forward reaches: the HTTP server of a pod, in memory.

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::convert::Infallible;
use std::sync::Arc;
use tokio::sync::Notify;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::Role;

/// A request that a pod gets.
pub(crate) struct Asked {
    pub(crate) pod: String,
    pub(crate) path: String,
}

/// What a pod does about it.
pub(crate) enum Answers {
    /// An answer; the headers come first.
    Http(u16, Vec<(&'static str, String)>, String),
    /// A WebSocket with a first text frame.
    Socket(&'static str),
    /// No answer, ever.
    Silence,
}

pub(super) type Handler = Arc<dyn Fn(&Asked) -> Answers + Send + Sync>;

pub(super) struct Listener {
    pub(super) pod: String,
    pub(super) port: u16,
    pub(super) answers: Handler,
}

/// What a port-forward reaches.
#[derive(Clone)]
pub(super) struct Listening {
    pub(super) pod: String,
    /// Who listens on a port at the moment.
    pub(super) find: Arc<dyn Fn(u16) -> Option<Handler> + Send + Sync>,
    /// Ends all port-forwards that are open.
    pub(super) cut: Arc<Notify>,
}

/// A pod's HTTP server.
pub(super) async fn serve(stream: tokio::io::DuplexStream, pod: String, answers: Handler) {
    let service = service_fn(move |mut request: Request<Incoming>| {
        let asked = Asked { pod: pod.clone(), path: request.uri().path().to_owned() };
        let answer = answers(&asked);
        async move {
            match answer {
                Answers::Http(status, headers, body) => {
                    let mut response = Response::builder().status(status);
                    for (name, value) in headers {
                        response = response.header(name, value);
                    }
                    Ok::<_, Infallible>(response.body(Full::<Bytes>::from(body)).unwrap())
                }
                Answers::Silence => std::future::pending().await,
                Answers::Socket(text) => {
                    let key = derive_accept_key(request.headers()["sec-websocket-key"].as_bytes());
                    let upgraded = hyper::upgrade::on(&mut request);
                    tokio::spawn(async move {
                        let socket = WebSocketStream::from_raw_socket(TokioIo::new(upgraded.await.unwrap()), Role::Server, None);
                        let mut socket = socket.await;
                        let _ = socket.send(Message::text(text)).await;
                        while let Some(Ok(_)) = socket.next().await {}
                    });
                    let response = Response::builder().status(101).header("upgrade", "websocket").header("connection", "Upgrade");
                    Ok(response.header("sec-websocket-accept", key).body(Full::default()).unwrap())
                }
            }
        }
    });
    let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).with_upgrades().await;
}
