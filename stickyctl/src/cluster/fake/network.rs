//! The way of a port-forward: the upgrade of the API server, in memory.

use super::pod::Listening;
use super::spdy;
use crate::cluster::tunnel::spdy::Transport;
use bytes::Bytes;
use http::request::Parts;
use http::{Method, Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use kube::client::Body;
use std::convert::Infallible;
use tokio::io::duplex;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::Role;

/// Answers the request for a port-forward by a real HTTP connection in memory, so that its upgrade is a real one.
pub(super) async fn forward(head: Parts, listening: Listening) -> Response<Body> {
    let (ours, theirs) = duplex(64 * 1024);
    tokio::spawn(async move {
        let service = service_fn(move |request: Request<Incoming>| upgrade(request, listening.clone()));
        let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(theirs), service).with_upgrades().await;
    });
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(ours)).await.unwrap();
    tokio::spawn(connection.with_upgrades());
    let mut request = Request::new(Full::<Bytes>::default());
    *request.method_mut() = head.method;
    *request.headers_mut() = head.headers;
    request.headers_mut().insert("host", "fake".parse().unwrap());
    let (parts, _) = sender.send_request(request).await.unwrap().into_parts();
    Response::from_parts(parts, Body::empty())
}

/// SPDY inside a WebSocket for GET, plain for POST.
async fn upgrade(mut request: Request<Incoming>, listening: Listening) -> Result<Response<Full<Bytes>>, Infallible> {
    let upgraded = hyper::upgrade::on(&mut request);
    let response = Response::builder().status(101).header("connection", "Upgrade");
    let response = if request.method() == Method::GET {
        assert_eq!(request.headers()["sec-websocket-protocol"], "SPDY/3.1+portforward.k8s.io");
        tokio::spawn(async move {
            let socket = WebSocketStream::from_raw_socket(TokioIo::new(upgraded.await.unwrap()), Role::Server, None).await;
            spdy::answer(Transport::messages(socket), listening).await;
        });
        let key = derive_accept_key(request.headers()["sec-websocket-key"].as_bytes());
        let response = response.header("upgrade", "websocket").header("sec-websocket-accept", key);
        response.header("sec-websocket-protocol", "SPDY/3.1+portforward.k8s.io")
    } else {
        assert_eq!(request.headers()["x-stream-protocol-version"], "portforward.k8s.io");
        tokio::spawn(async move { spdy::answer(Transport::plain(TokioIo::new(upgraded.await.unwrap())), listening).await });
        response.header("upgrade", "SPDY/3.1").header("x-stream-protocol-version", "portforward.k8s.io")
    };
    Ok(response.body(Full::default()).unwrap())
}
