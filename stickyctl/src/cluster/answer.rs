//! Asks the app through the front door, as a browser would, over a port-forward to the front door's pods.
//!
//! A front door takes some seconds to learn about a route and its pods, so everything is retried until it works. The last failure
//! becomes the error.

use super::doors::Found;
use super::tunnel::http::Conn;
use super::tunnel::pool::connect;
use super::tunnel::{Error as TunnelError, PodPort, Target};
use crate::exit::{Exit, Explained};
use crate::http1::Reply;
use crate::poll::{Deadline, until};
use futures_util::StreamExt;
use http::HeaderValue;
use http::header::{COOKIE, SET_COOKIE};
use kube::Client;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tokio_tungstenite::client_async;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

const PAUSE: Duration = Duration::from_millis(200);
/// Fresh sessions per connection: 128 that are spread at random over 16 pods reach all of them in 99 of 100 rounds.
const ROUND: usize = 128;
/// Timeout for the handshake and the first frame together.
const SOCKET: Duration = Duration::from_secs(5);

/// Shown for routes with a certificate, which are not tested.
pub(crate) const TLS: &str = "not tested: the route uses TLS";

/// Who answered a fresh session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The pod; `app` if the app does not expose its pods.
    pub pod: String,
    /// The worker, if the app exposes its workers.
    pub worker: Option<u16>,
    /// Name of the cookie that was set.
    pub cookie: Option<String>,
}

/// What [`spread`] counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// Different pods, whichever of their workers answers.
    Pod,
    /// Different workers, as `pod:worker`.
    Worker,
}

/// Why the app does not answer through the front door.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The deadline passed; it might still work later.
    #[error("{doing}: not within {}: {last}", crate::output::short(*timeout))]
    Late {
        /// As in "asking the app through Traefik 3.6.12 in namespace traefik".
        doing: String,
        /// The whole time that all tries had.
        timeout: Duration,
        /// Why the last try failed, or that there was no answer at all.
        last: String,
    },
    /// The front door redirects every plain request to TLS, which is not tested here.
    #[error("{doing}: the route accepts only TLS, and plain HTTP was redirected: status {status} to {to}")]
    Tls {
        /// As in [`Self::Late`].
        doing: String,
        /// 3xx.
        status: u16,
        /// The `Location` header: an `https:` URL.
        to: String,
    },
}

impl Explained for Error {
    fn exit(&self) -> Exit {
        match self {
            Self::Late { .. } => Exit::TimedOut,
            Self::Tls { .. } => Exit::Failed,
        }
    }

    fn next_steps(&self) -> Vec<String> {
        match self {
            Self::Late { .. } => vec!["stickyctl status    shows pods, route and front door".to_owned()],
            Self::Tls { .. } => Vec::new(),
        }
    }
}

/// Opens a session and its WebSocket, and waits for the socket's first frame. Retries until it works. `host` is the Ingress's host.
///
/// # Errors
/// [`Error`].
pub async fn answer(client: &Client, door: &Found, host: Option<&str>, deadline: Deadline) -> Result<Answer, Error> {
    let (target, host) = (Target::from(door), name(host));
    let doing = format!("asking the app through {} in namespace {}", door.title(), door.namespace);
    patiently(&doing, deadline, async || once(client, &target, &host).await).await
}

/// Opens fresh sessions until `want` different pods or workers have answered. Only those of `among` count, unless it is empty:
/// terminating pods answer too.
///
/// # Errors
/// [`Error`].
pub async fn spread(
    client: &Client,
    door: &Found,
    host: Option<&str>,
    (want, by, among): (usize, By, &BTreeSet<String>),
    deadline: Deadline,
) -> Result<BTreeSet<String>, Error> {
    let (target, host) = (Target::from(door), name(host));
    let mut seen = BTreeSet::new();
    let doing = format!("reaching {want} {} through {}", if by == By::Pod { "pods" } else { "workers" }, door.title());
    patiently(&doing, deadline, async || {
        // One connection for all of them: without a cookie the front door treats every request as a new session.
        let mut conn = Conn::open(client, &pod(client, &target).await?).await?;
        for _ in 0..ROUND {
            let answer = match by {
                By::Pod => whoami(&mut conn, &host).await?.0,
                By::Worker => submit(&mut conn, &host).await?,
            };
            if among.is_empty() || among.contains(&answer.pod) {
                seen.insert(match (by, answer.worker) {
                    (By::Worker, Some(worker)) => format!("{}:{worker}", answer.pod),
                    _ => answer.pod,
                });
            }
            if seen.len() >= want {
                return Ok(seen.clone());
            }
        }
        let names: Vec<&str> = seen.iter().map(String::as_str).collect();
        Err(Reason::Wait(format!("only {} answered: {}", names.len(), names.join(", "))))
    })
    .await
}

/// Why one attempt failed.
enum Reason {
    /// It may work in a moment.
    Wait(String),
    /// It never will: a redirect to TLS.
    Tls { status: u16, to: String },
}

impl<E: Into<TunnelError>> From<E> for Reason {
    fn from(error: E) -> Self {
        Self::Wait(error.into().to_string())
    }
}

async fn patiently<T>(doing: &str, deadline: Deadline, mut attempt: impl AsyncFnMut() -> Result<T, Reason>) -> Result<T, Error> {
    let mut last = "there was no answer".to_owned();
    let done = until(deadline, PAUSE, async || match tokio::time::timeout_at(deadline.end(), attempt()).await {
        Ok(Ok(done)) => Ok(Some(done)),
        Ok(Err(Reason::Tls { status, to })) => Err(Error::Tls { doing: doing.to_owned(), status, to }),
        Ok(Err(Reason::Wait(why))) => {
            last = why;
            Ok(None)
        }
        Err(_) => Ok(None),
    });
    done.await?.ok_or_else(|| Error::Late { doing: doing.to_owned(), timeout: deadline.timeout(), last })
}

async fn pod(client: &Client, target: &Target) -> Result<PodPort, Reason> {
    let ready = target.ready(client).await?;
    ready.into_iter().next().ok_or_else(|| Reason::Wait("no pod of the front door is ready".to_owned()))
}

#[derive(Deserialize)]
struct Session {
    client_id: String,
}

async fn once(client: &Client, target: &Target, host: &str) -> Result<Answer, Reason> {
    let mut conn = Conn::open(client, &pod(client, target).await?).await?;
    let (answer, cookie) = whoami(&mut conn, host).await?;
    let session = conn.get(host, "/session", cookie.as_deref()).await?;
    if session.status != 200 {
        return Err(Reason::Wait(format!("GET /session: {}", refusal(&session))));
    }
    let session: Session = serde_json::from_slice(&session.body).map_err(|error| Reason::Wait(format!("GET /session: {error}")))?;
    let pod = pod(client, target).await?;
    match tokio::time::timeout(SOCKET, socket(client, &pod, host, &session.client_id, cookie.as_deref())).await {
        Ok(opened) => opened.map_err(|why| Reason::Wait(format!("the WebSocket: {why}")))?,
        Err(_) => return Err(Reason::Wait(format!("the WebSocket: no frame within {} s", SOCKET.as_secs()))),
    }
    Ok(answer)
}

/// Who answers a request without a cookie, and the cookies of the answer as a later request sends them.
async fn whoami(conn: &mut Conn, host: &str) -> Result<(Answer, Option<String>), Reason> {
    let reply = conn.get(host, "/whoami", None).await?;
    if let Some(to) = reply.header("location").filter(|to| reply.status / 100 == 3 && to.starts_with("https:")) {
        return Err(Reason::Tls { status: reply.status, to: to.to_owned() });
    }
    if reply.status != 200 {
        return Err(Reason::Wait(format!("GET /whoami: {}", refusal(&reply))));
    }
    read(&reply).ok_or_else(|| Reason::Wait("GET /whoami: something other than sticky-app answered".to_owned()))
}

/// Who answers a POST. A front door reuses its newest connection to a pod, so it keeps reaching the same worker; an app with
/// several workers closes the connection after a POST.
async fn submit(conn: &mut Conn, host: &str) -> Result<Answer, Reason> {
    // Any well-formed id is a session.
    let reply = conn.post(host, "/submit/aaaaaaaaaaaaaaaaaaaaaaaaaa", r#"{"text":"who answers?"}"#).await?;
    let pod = reply.header("x-sticky-pod").filter(|_| reply.status == 200);
    let pod = pod.ok_or_else(|| Reason::Wait(format!("POST /submit: {}", refusal(&reply))))?.to_owned();
    Ok(Answer { pod, worker: reply.header("x-sticky-worker").and_then(|worker| worker.parse().ok()), cookie: None })
}

#[derive(Deserialize)]
struct Whoami {
    pod: String,
    worker: Option<u16>,
}

fn read(reply: &Reply) -> Option<(Answer, Option<String>)> {
    let who: Whoami = serde_json::from_slice(&reply.body).ok()?;
    // Of two with one name the last counts: a front door whose first choice failed sends both.
    let mut cookies = BTreeMap::new();
    let mut first = None;
    for line in reply.headers.get_all(SET_COOKIE).iter().filter_map(|value| value.to_str().ok()) {
        if let Some((name, value)) = line.split(';').next().and_then(|pair| pair.trim().split_once('=')) {
            first.get_or_insert_with(|| name.to_owned());
            cookies.insert(name, value);
        }
    }
    let header: Vec<String> = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let answer = Answer { pod: who.pod, worker: who.worker, cookie: first };
    Some((answer, (!header.is_empty()).then(|| header.join("; "))))
}

fn refusal(reply: &Reply) -> String {
    match reply.status {
        404 => "status 404: the front door does not have the route yet".to_owned(),
        502..=504 => format!("status {}: the front door reaches no pod of the app", reply.status),
        status => format!("status {status}"),
    }
}

/// Why a WebSocket did not open, or had no first frame.
#[derive(Debug, thiserror::Error)]
enum SocketError {
    #[error(transparent)]
    Tunnel(#[from] TunnelError),
    #[error(transparent)]
    Handshake(#[from] tokio_tungstenite::tungstenite::Error),
    #[error("the cookie is not a header value")]
    Cookie(#[from] http::header::InvalidHeaderValue),
    #[error("the first frame is not text: {0:?}")]
    Frame(Message),
    #[error("it ended without a frame")]
    Silent,
}

async fn socket(client: &Client, pod: &PodPort, host: &str, id: &str, cookie: Option<&str>) -> Result<(), SocketError> {
    let (link, trouble) = connect(client, pod).await?;
    let mut request = format!("ws://{host}/ws/{id}").into_client_request()?;
    if let Some(cookie) = cookie {
        request.headers_mut().insert(COOKIE, HeaderValue::from_str(cookie)?);
    }
    let (mut socket, _) = match client_async(request, link).await {
        Ok(opened) => opened,
        Err(error) => return Err(trouble.reason().await.map_or(SocketError::Handshake(error), |why| TunnelError::Ended(why).into())),
    };
    match socket.next().await {
        Some(Ok(Message::Text(_))) => {}
        Some(Ok(other)) => return Err(SocketError::Frame(other)),
        Some(Err(error)) => return Err(error.into()),
        None => return Err(SocketError::Silent),
    }
    // It was open; how it closes doesn't matter.
    let _ = socket.close(None).await;
    Ok(())
}

/// The Host of a request for this Ingress. A wildcard stands for one label.
fn name(host: Option<&str>) -> String {
    host.map_or_else(|| "localhost".to_owned(), |host| host.replace('*', "any"))
}

#[cfg(test)]
mod tests;
