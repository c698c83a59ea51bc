//! A site that misbehaves on request: pods behind a proxy, in one process on loopback. Every rule of the proxy is a field.

use futures_util::{SinkExt, StreamExt};
use http::header::{COOKIE, SET_COOKIE};
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::net::TcpListener;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::Role;

/// What decides where a request goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Affinity {
    /// The pod that the cookie names; a value that names none gets a new one.
    Persistent,
    /// A hash of the cookie, whatever it is; the first answer's cookie is a random key.
    Ring,
    /// A hash of a cookie that the first answer's pod chose without knowing where it leads.
    HashOfForeignCookie,
    /// The connection.
    Connection,
    /// The client's address.
    Source,
    /// Another header that the client always sends.
    Nothing,
}

/// Who gets a request that nothing decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Balance {
    /// One after another.
    Turns,
    /// One after another by weights, smoothly.
    Weighted(&'static [u64]),
    /// By chance.
    Random,
}

/// What becomes of an upgrade to a WebSocket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Upgrade {
    /// As any request.
    AsRequests,
    /// Its 101 sets no cookie.
    WithoutCookie,
    /// Its cookie is not read.
    Elsewhere,
    /// Refused with 400.
    Refused,
    /// As any request, and only its texts say who it is.
    ByText,
}

/// The site.
#[derive(Debug, Clone)]
pub struct Site {
    pub pods: u64,
    pub affinity: Affinity,
    pub balance: Balance,
    /// Attributes of the cookie; none: no cookie is set.
    pub cookie: Option<&'static str>,
    /// One request with a cookie in so many goes elsewhere.
    pub leak: Option<u64>,
    /// One request in so many is the proxy's own 502.
    pub errors: Option<u64>,
    /// A cache answers all but the first request.
    pub cached: bool,
    /// An identity of each request's own.
    pub fresh_identity: bool,
    /// No identity at all.
    pub silent: bool,
    /// After so many requests every pod has another name.
    pub replaced_after: Option<u64>,
    /// Workers of a pod, by turns.
    pub workers: u64,
    pub upgrade: Upgrade,
}

impl Default for Site {
    fn default() -> Self {
        Self {
            pods: 3,
            affinity: Affinity::Persistent,
            balance: Balance::Turns,
            cookie: Some("Path=/; HttpOnly"),
            leak: None,
            errors: None,
            cached: false,
            fresh_identity: false,
            silent: false,
            replaced_after: None,
            workers: 1,
            upgrade: Upgrade::AsRequests,
        }
    }
}

#[derive(Debug, Default)]
struct State {
    requests: AtomicU64,
    turn: AtomicU64,
    noise: AtomicU64,
}

impl Site {
    /// Begins to serve; the URL.
    pub async fn serve(self) -> String {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address: SocketAddr = listener.local_addr().unwrap();
        let (site, state) = (Arc::new(self), Arc::new(State::default()));
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let (site, state) = (Arc::clone(&site), Arc::clone(&state));
                // What a connection without any other rule would be bound to.
                let own = site.choose(&state);
                tokio::spawn(async move {
                    let serve = service_fn(move |request| {
                        let answer = site.answer(request, &state, own);
                        async move { Ok::<_, Infallible>(answer) }
                    });
                    let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), serve).with_upgrades().await;
                });
            }
        });
        format!("http://{address}/")
    }

    fn choose(&self, state: &State) -> u64 {
        match self.balance {
            Balance::Turns => state.turn.fetch_add(1, Ordering::SeqCst) % self.pods,
            Balance::Random => hash(state.noise.fetch_add(1, Ordering::SeqCst)) % self.pods,
            Balance::Weighted(weights) => {
                let mut at = state.turn.fetch_add(1, Ordering::SeqCst) * 7 % weights.iter().sum::<u64>();
                for (pod, weight) in weights.iter().enumerate() {
                    if at < *weight {
                        return pod as u64;
                    }
                    at -= weight;
                }
                0
            }
        }
    }

    fn answer(&self, mut request: Request<Incoming>, state: &State, connection: u64) -> Response<Full<Bytes>> {
        let number = state.requests.fetch_add(1, Ordering::SeqCst) + 1;
        let every = |n: Option<u64>| n.is_some_and(|n| hash(number).is_multiple_of(n));
        if every(self.errors) {
            return Response::builder().status(502).body(Full::from("<h1>Bad Gateway</h1>")).unwrap();
        }
        let key = request.headers().get("sec-websocket-key").map(|key| derive_accept_key(key.as_bytes()));
        let is_socket = key.is_some();
        if is_socket && self.upgrade == Upgrade::Refused {
            return Response::builder().status(400).body(Full::default()).unwrap();
        }
        let cookies = request.headers().get_all(COOKIE).into_iter().filter_map(|line| line.to_str().ok()).flat_map(|line| line.split("; "));
        let sent = cookies.filter_map(|pair| pair.strip_prefix("route=")).next();
        // A ring takes any text for a key.
        let sent = sent.and_then(|value| value.parse::<u64>().ok().or_else(|| (self.affinity == Affinity::Ring).then_some(value.len() as u64)));
        let sent = sent.filter(|_| !is_socket || self.upgrade != Upgrade::Elsewhere);
        let mut set = None;
        let mut pod = match (self.affinity, sent) {
            (Affinity::Persistent, Some(pod)) if pod < self.pods => pod,
            (Affinity::Ring | Affinity::HashOfForeignCookie, Some(key)) => hash(key) % self.pods,
            (Affinity::Persistent, _) => {
                let pod = self.choose(state);
                set = Some(pod);
                pod
            }
            (Affinity::Ring, None) => {
                let key = hash(number);
                set = Some(key);
                hash(key) % self.pods
            }
            (Affinity::HashOfForeignCookie, None) => {
                set = Some(hash(number));
                self.choose(state)
            }
            (Affinity::Connection, _) => connection,
            (Affinity::Source, _) => 1,
            (Affinity::Nothing, _) => {
                set = Some(number);
                self.choose(state)
            }
        };
        if sent.is_some() && every(self.leak) {
            pod = (pod + 1) % self.pods;
        }
        let mut answer = Response::builder();
        if self.cached && number > 1 {
            answer = answer.header("age", "12");
            pod = 0;
        }
        let set = set.filter(|_| !is_socket || !matches!(self.upgrade, Upgrade::WithoutCookie | Upgrade::Elsewhere));
        if let (Some(value), Some(attributes)) = (set, self.cookie) {
            answer = answer.header(SET_COOKIE, format!("route={value}; {attributes}"));
        }
        let generation = self.replaced_after.map_or(0, |after| number / after);
        let name = if self.fresh_identity { format!("req-{number}") } else { format!("web-{pod}-{generation}") };
        if let Some(key) = key {
            let (upgraded, text) = (hyper::upgrade::on(&mut request), format!("{{\"host\": \"{name}\"}}"));
            tokio::spawn(async move {
                let stream = TokioIo::new(upgraded.await.unwrap());
                let mut socket = WebSocketStream::from_raw_socket(stream, Role::Server, None).await;
                while let Some(Ok(message)) = socket.next().await {
                    if message.is_text() {
                        socket.send(Message::text(text.clone())).await.unwrap();
                    }
                }
            });
            answer = answer.status(101).header("connection", "upgrade").header("upgrade", "websocket").header("sec-websocket-accept", key);
            if self.upgrade != Upgrade::ByText {
                answer = answer.header("x-pod", &name);
            }
            return answer.body(Full::default()).unwrap();
        }
        if !self.silent {
            answer = answer.header("x-pod", &name).header("x-worker", (hash(number) % self.workers).to_string());
        }
        let body = if self.silent { "hello".to_owned() } else { format!("{{\"host\": \"{name}\"}}\nHostname: {name}\n") };
        answer.body(Full::from(body)).unwrap()
    }
}

/// Mixes a number (splitmix64): what is even looks random, and is the same in every run.
fn hash(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
