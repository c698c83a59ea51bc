//! The front door: a reverse proxy with cookie affinity and without pooled connections to pods.

use super::remote::{self, Controls};
use super::route::{COOKIE, Candidate, Choice, choose};
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::header::{CONNECTION, COOKIE as COOKIE_HEADER, HOST, HeaderName, HeaderValue, SET_COOKIE, UPGRADE};
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use std::hash::RandomState;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};
use sticky_app::server::{Bounds, ClientBody, Handed, Problem, Stream, check_head, serve_connection};
use sticky_core::choice::Issuer;
use sticky_core::limits::Limits;
use sticky_core::names::header;
use sticky_core::topology::{Affinity, Door as Configured, DoorView};
use sticky_core::trace::{Hop, Kind};
use sticky_core::wire::json;
use tokio::io::DuplexStream;
use tokio::net::TcpListener;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio_util::sync::CancellationToken;

/// Bytes in flight between the door and a worker, each way.
const PIPE: usize = 16 * 1_024;

/// The pods, as the front door uses them.
pub(super) trait Backends: Send + Sync + 'static {
    /// The candidates for the next request.
    fn candidates(&self) -> Vec<Candidate>;
    /// Hands a connection to a pod.
    ///
    /// # Errors
    /// The connection, if the pod accepts none.
    fn hand(&self, pod: &str, connection: Handed) -> Result<(), Handed>;
}

pub(super) struct Door<B> {
    backends: Arc<B>,
    view: watch::Receiver<DoorView>,
    controls: Option<Controls>,
    turn: AtomicUsize,
    hash: RandomState,
    bounds: Bounds,
    room: Arc<Semaphore>,
}

impl<B: Backends> Door<B> {
    /// A front door for `backends`, within the limits of one worker. It closes connections beyond `max_connections` at once, and lets
    /// its page change `controls`.
    #[must_use]
    pub(super) fn new(backends: Arc<B>, view: watch::Receiver<DoorView>, controls: Option<Controls>, limits: &Limits) -> Arc<Self> {
        Arc::new(Self {
            room: Arc::new(Semaphore::new(limits.max_connections.min(Semaphore::MAX_PERMITS))),
            bounds: Bounds::of(limits),
            backends,
            view,
            controls,
            turn: AtomicUsize::new(0),
            hash: RandomState::new(),
        })
    }

    /// Accepts connections until `stop`.
    pub(super) async fn serve(self: Arc<Self>, listener: TcpListener, stop: CancellationToken) {
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                accepted = listener.accept() => match accepted {
                    Ok((stream, peer)) => match self.room.clone().try_acquire_owned() {
                        Ok(permit) => {
                            let _ = stream.set_nodelay(true);
                            tokio::spawn(self.clone().connection(Stream::Left(stream), peer, Arc::new(permit)));
                        }
                        Err(_) => tracing::warn!("the limit of open files allows no more connections; closed one"),
                    },
                    Err(error) => {
                        tracing::warn!(%error, "accepting a connection failed");
                        tokio::time::sleep(Duration::from_millis(50)).await;
                    }
                }
            }
        }
    }

    async fn connection(self: Arc<Self>, stream: Stream, peer: SocketAddr, permit: Arc<OwnedSemaphorePermit>) {
        let answer = |request| async { self.pass(request, peer, permit.clone()).await.unwrap_or_else(IntoResponse::into_response) };
        serve_connection(stream, self.bounds, std::future::pending(), answer).await;
    }

    async fn pass(&self, mut request: Request<ClientBody>, peer: SocketAddr, permit: Arc<OwnedSemaphorePermit>) -> Result<Response, Problem> {
        check_head(&mut request)?;
        if request.uri().path() == remote::PATH {
            return remote::answer(self.controls.as_ref(), request).await;
        }
        let Configured { affinity, issuer, .. } = self.view.borrow().door;
        let began = Instant::now();
        let candidates = self.backends.candidates();
        // Cookies of other sites on this machine come along, and may have any bytes.
        let cookies: Vec<_> = request.headers().get_all(COOKIE_HEADER).iter().map(|v| String::from_utf8_lossy(v.as_bytes())).collect();
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        let choice = choose(&candidates, &cookies.join("; "), affinity, issuer, turn, &self.hash);
        let Some((chosen, stream)) = self.connect(&candidates, &choice, peer) else {
            return Err(Problem::new(503, "no-pod", "no pod accepts connections right now; try again").retry_after(1));
        };
        let traced = request.headers().contains_key(header::TRACE);
        let client_upgrade = request.headers().contains_key(UPGRADE).then(|| hyper::upgrade::on(&mut request));
        forward_headers(request.headers_mut(), peer);
        let posted = began.elapsed();
        let mut answer = exchange(stream, request, &candidates[chosen].pod).await?;
        if answer.status() == StatusCode::SWITCHING_PROTOCOLS {
            if let Some(client) = client_upgrade {
                bridge(client, hyper::upgrade::on(&mut answer), permit);
            }
        } else {
            // `Connection` is hop by hop: the pod's connection ends, the client's stays open.
            answer.headers_mut().remove(CONNECTION);
        }
        answer.headers_mut().remove(DOOR_HEADER);
        if traced && let Some(hops) = hops(&candidates[chosen].pod, answer.headers(), posted, began.elapsed()) {
            answer.headers_mut().insert(DOOR_HEADER, hops);
        }
        if affinity == Affinity::Cookie && issuer == Issuer::Proxy && choice.bound != Some(chosen) {
            let cookie = format!("{COOKIE}={}; Path=/; HttpOnly; SameSite=Lax", candidates[chosen].token);
            if let Ok(cookie) = HeaderValue::from_str(&cookie) {
                answer.headers_mut().append(SET_COOKIE, cookie);
            }
        }
        Ok(answer.map(Body::new))
    }

    /// Connects to the first pod that accepts the connection.
    fn connect(&self, candidates: &[Candidate], choice: &Choice, peer: SocketAddr) -> Option<(usize, DuplexStream)> {
        let (ours, theirs) = tokio::io::duplex(PIPE);
        let mut connection = Handed { stream: theirs, peer: peer.ip() };
        for &place in &choice.order {
            match self.backends.hand(&candidates[place].pod, connection) {
                Ok(()) => return Some((place, ours)),
                Err(back) => connection = back,
            }
        }
        None
    }
}

/// The only pod of a front door, for [`pass_on`].
struct Single<F>(F);

impl<F: Fn(Handed) + Send + Sync + 'static> Backends for Single<F> {
    fn candidates(&self) -> Vec<Candidate> {
        vec![Candidate { pod: "app-1".to_owned(), token: "token".to_owned(), draining: false }]
    }

    fn hand(&self, _pod: &str, connection: Handed) -> Result<(), Handed> {
        (self.0)(connection);
        Ok(())
    }
}

/// Serves one client as the front door does, until its connection ends. `hand` gets a connection for each request. For fuzzing.
#[doc(hidden)]
pub async fn pass_on(client: DuplexStream, hand: impl Fn(Handed) + Send + Sync + 'static) {
    let view = DoorView { door: Configured { affinity: Affinity::Cookie, ..Configured::default() }, control: false };
    let door = Door::new(Arc::new(Single(hand)), watch::channel(view).1, None, &Limits::default());
    let Ok(permit) = door.room.clone().try_acquire_owned() else { return };
    let nobody = SocketAddr::from(([192, 0, 2, 1], 1));
    door.connection(Stream::Right(client), nobody, Arc::new(permit)).await;
}

const DOOR_HEADER: HeaderName = HeaderName::from_static(header::DOOR);

async fn exchange(stream: DuplexStream, request: Request<ClientBody>, pod: &str) -> Result<http::Response<Incoming>, Problem> {
    let broken = Arc::new(OnceLock::new());
    let request = request.map(|body| {
        let broken = broken.clone();
        body.map_err(move |error| {
            let _ = broken.set(Problem::bad_body(&error));
            error
        })
    });
    let answered = async {
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection.with_upgrades());
        sender.send_request(request).await
    };
    answered.await.map_err(|error: hyper::Error| match broken.get() {
        Some(mistake) => mistake.clone(),
        None => {
            tracing::debug!(%error, pod, "a pod ended a request early");
            Problem::new(502, "pod-lost", "the pod went away before it answered").retry_after(1)
        }
    })
}

fn bridge(client: hyper::upgrade::OnUpgrade, pod: hyper::upgrade::OnUpgrade, permit: Arc<OwnedSemaphorePermit>) {
    tokio::spawn(async move {
        if let (Ok(client), Ok(pod)) = (client.await, pod.await) {
            let (mut client, mut pod) = (TokioIo::new(client), TokioIo::new(pod));
            // Either side may end first, cleanly or not; dropping both ends closes the other.
            let _ = tokio::io::copy_bidirectional(&mut client, &mut pod).await;
            drop(permit);
        }
    });
}

/// Adds `X-Forwarded-*` and removes hop-by-hop headers, as a proxy must (RFC 9110 section 7.6.1).
fn forward_headers(headers: &mut HeaderMap, peer: SocketAddr) {
    let named: Vec<_> = headers.get_all(CONNECTION).iter().filter_map(|v| v.to_str().ok()).flat_map(|v| v.split(',')).collect();
    let named: Vec<HeaderName> = named.into_iter().filter_map(|name| name.trim().parse().ok()).collect();
    headers.remove(CONNECTION);
    for name in named {
        if name == UPGRADE && headers.contains_key(UPGRADE) {
            headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
        } else if name != HOST {
            headers.remove(name);
        }
    }
    for name in ["keep-alive", "proxy-connection", "te", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto"] {
        headers.remove(name);
    }
    if let Ok(address) = HeaderValue::from_str(&peer.ip().to_string()) {
        headers.insert("x-forwarded-for", address);
    }
    if let Some(host) = headers.get(HOST).cloned() {
        headers.insert("x-forwarded-host", host);
    }
    headers.insert("x-forwarded-proto", HeaderValue::from_static("http"));
}

/// The door's own hops of a request, as a header. The worker is known from the answer alone.
fn hops(pod: &str, answer: &HeaderMap, posted: Duration, answered: Duration) -> Option<HeaderValue> {
    let worker = answer.get(header::WORKER).and_then(|v| v.to_str().ok());
    let place = worker.map_or_else(|| pod.to_owned(), |worker| format!("{pod}:{worker}"));
    let hop = |from: &str, to: &str, kind, at: Duration| Hop {
        from: from.to_owned(),
        to: Some(to.to_owned()),
        kind,
        at_us: u64::try_from(at.as_micros()).unwrap_or(u64::MAX),
        by: "door".to_owned(),
    };
    let hops = [hop("door", &place, Kind::Post, posted), hop(&place, "door", Kind::Answer, answered)];
    HeaderValue::from_str(&json(&hops)).ok()
}
