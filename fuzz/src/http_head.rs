//! What a client sends to the local front door, and what a pod gets of it.

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::header::{CONNECTION, CONTENT_LENGTH, HOST, HeaderMap, TRANSFER_ENCODING, UPGRADE};
use hyper::{Request, Response};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use sticky_app::server::{Bounds, ClientBody, Handed, Stream, check_head, serve_connection};
use sticky_core::limits::Limits;
use stickyctl::local::pass_on;
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;

const LIMIT: Duration = Duration::from_secs(5);

thread_local! {
    static RUNTIME: Runtime = Builder::new_current_thread().enable_time().build().unwrap();
}

pub fn check(data: &[u8]) {
    RUNTIME.with(|runtime| runtime.block_on(async { tokio::time::timeout(LIMIT, connection(data)).await.unwrap() }));
}

async fn connection(data: &[u8]) {
    let (mut client, server) = duplex(data.len().max(64 * 1_024));
    client.write_all(data).await.unwrap();
    client.shutdown().await.unwrap();
    let asked = Arc::new(AtomicUsize::new(0));
    let pods = Arc::new(Mutex::new(JoinSet::new()));
    let (seen, tasks) = (asked.clone(), pods.clone());
    let hand = move |handed: Handed| drop(tasks.lock().unwrap().spawn(pod(handed, seen.clone())));
    let mut answers = Vec::new();
    let (read, ()) = tokio::join!(client.read_to_end(&mut answers), pass_on(server, hand));
    read.unwrap();
    let mut pods = std::mem::take(&mut *pods.lock().unwrap());
    while let Some(pod) = pods.join_next().await {
        pod.unwrap();
    }
    assert!(answers.is_empty() || answers.starts_with(b"HTTP/1."), "{:?}", String::from_utf8_lossy(&answers));
    let finals = asked.load(Ordering::Relaxed);
    assert!(finals == 0 || !answers.is_empty(), "{finals} requests reached the pod, and the client got nothing");
}

/// The door opens a connection for each request: a second one on it was smuggled.
async fn pod(handed: Handed, asked: Arc<AtomicUsize>) {
    let bounds = Bounds { max_head: 64 * 1_024, ..Bounds::of(&Limits::default()) };
    let count = AtomicUsize::new(0);
    serve_connection(Stream::Right(handed.stream), bounds, std::future::pending(), |request: Request<ClientBody>| {
        assert_eq!(count.fetch_add(1, Ordering::Relaxed), 0, "smuggled: {request:?}");
        asked.fetch_add(1, Ordering::Relaxed);
        answer(request)
    })
    .await;
}

async fn answer(mut request: Request<ClientBody>) -> Response<Full<Bytes>> {
    let headers = request.headers();
    assert!(headers.get_all(HOST).iter().count() <= 1, "{headers:?}");
    assert!(!(headers.contains_key(CONTENT_LENGTH) && headers.contains_key(TRANSFER_ENCODING)), "{headers:?}");
    assert_eq!(single(headers, "x-forwarded-for"), Some("192.0.2.1"), "{headers:?}");
    assert_eq!(headers.get("x-forwarded-host"), headers.get(HOST), "{headers:?}");
    assert!(["keep-alive", "proxy-connection", "te"].iter().all(|name| !headers.contains_key(*name)), "{headers:?}");
    assert!(headers.get(CONNECTION).is_none_or(|value| value == "upgrade" && headers.contains_key(UPGRADE)), "{headers:?}");
    let passed = check_head(&mut request);
    assert!(passed.is_ok(), "the door passed on what a worker refuses: {request:?} {passed:?}");
    // A client may break off in its body.
    let _ = request.into_body().collect().await;
    Response::new(Full::from("ok"))
}

fn single<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    values.next().filter(|_| values.next().is_none())?.to_str().ok()
}
