//! What a port-forward reaches: the WebSocket of the API server, and the HTTP server of a pod behind it, all in memory.

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use http::request::Parts;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use kube::client::Body;
use std::convert::Infallible;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
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

type Handler = Arc<dyn Fn(&Asked) -> Answers + Send + Sync>;

pub(super) struct Listener {
    pub(super) pod: String,
    pub(super) port: u16,
    pub(super) answers: Handler,
}

/// The end of one port-forward; without answers nothing listens there.
pub(super) struct Listening {
    pub(super) pod: String,
    pub(super) port: u16,
    pub(super) answers: Option<Handler>,
}

/// Answers the request for a port-forward by a real HTTP connection in memory, so that its upgrade is a real one.
pub(super) async fn forward(head: Parts, listening: Listening) -> Response<Body> {
    let (ours, theirs) = duplex(64 * 1024);
    let listening = Arc::new(listening);
    tokio::spawn(async move {
        let service = service_fn(move |request: Request<Incoming>| upgrade(request, listening.clone()));
        let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(theirs), service).with_upgrades().await;
    });
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(ours)).await.unwrap();
    tokio::spawn(connection.with_upgrades());
    let mut request = Request::new(Full::<Bytes>::default());
    *request.headers_mut() = head.headers;
    request.headers_mut().insert("host", "fake".parse().unwrap());
    let (parts, _) = sender.send_request(request).await.unwrap().into_parts();
    Response::from_parts(parts, Body::empty())
}

async fn upgrade(mut request: Request<Incoming>, listening: Arc<Listening>) -> Result<Response<Full<Bytes>>, Infallible> {
    let key = derive_accept_key(request.headers()["sec-websocket-key"].as_bytes());
    let upgraded = hyper::upgrade::on(&mut request);
    tokio::spawn(async move {
        let socket = WebSocketStream::from_raw_socket(TokioIo::new(upgraded.await.unwrap()), Role::Server, None).await;
        channels(socket, &listening).await;
    });
    let response = Response::builder().status(101).header("upgrade", "websocket").header("connection", "Upgrade");
    let response = response.header("sec-websocket-accept", key).header("sec-websocket-protocol", "v4.channel.k8s.io");
    Ok(response.body(Full::default()).unwrap())
}

/// Channel 0 is data, channel 1 is for errors; each begins with the port's number.
async fn channels<S>(socket: WebSocketStream<S>, listening: &Listening)
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
{
    let (mut sink, mut stream) = socket.split();
    let port = listening.port.to_le_bytes();
    for channel in [0, 1] {
        let _ = sink.send(Message::binary(vec![channel, port[0], port[1]])).await;
    }
    let Some(answers) = listening.answers.clone() else {
        let mut error = vec![1];
        error.extend(format!("error forwarding port {} to pod x: dial tcp4 127.0.0.1: connect: connection refused", listening.port).bytes());
        let _ = sink.send(Message::binary(error)).await;
        // The kubelet goes on reading: what is still on its way to it breaks nothing.
        let _ = sink.send(Message::Close(None)).await;
        while let Some(Ok(_)) = stream.next().await {}
        return;
    };
    let (near, far) = duplex(64 * 1024);
    tokio::spawn(serve(far, listening.pod.clone(), answers));
    let (mut read, mut write) = tokio::io::split(near);
    let up = async {
        while let Some(Ok(message)) = stream.next().await {
            match message {
                Message::Binary(bytes) if bytes.first() == Some(&0) && write.write_all(&bytes[1..]).await.is_err() => return,
                Message::Close(_) => return,
                _ => {}
            }
        }
    };
    let down = async {
        let mut chunk = [0; 4096];
        while let Ok(read @ 1..) = read.read(&mut chunk).await {
            let mut frame = vec![0];
            frame.extend(&chunk[..read]);
            if sink.send(Message::binary(frame)).await.is_err() {
                return;
            }
        }
        let _ = sink.close().await;
    };
    tokio::select! {
        () = up => {}
        () = down => {}
    }
}

/// A pod's HTTP server.
async fn serve(stream: tokio::io::DuplexStream, pod: String, answers: Handler) {
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
