//! Asks the app through the front door, as a browser would, over a tunnel to the front door's pods.
//!
//! A front door needs some seconds to learn of a route and of pods, so everything is asked again until it works, and the last
//! reason is kept.

use super::doors::Found;
use super::tunnel::http::{Conn, Reply};
use super::tunnel::{Target, connect};
use crate::exit::{Exit, Failure};
use futures_util::StreamExt;
use http::HeaderValue;
use http::header::{COOKIE, SET_COOKIE};
use kube::Client;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};
use tokio_tungstenite::client_async;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

const PAUSE: Duration = Duration::from_millis(200);
/// Fresh sessions between two looks at how far it got: all of 16 that are chosen by chance are met so in 99 of 100 rounds.
const ROUND: usize = 128;
/// The most that a handshake and a first frame take.
const SOCKET: Duration = Duration::from_secs(5);

/// What a fresh session met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The pod that answered; `app` where pods are not exposed.
    pub pod: String,
    /// Its worker, where workers are exposed.
    pub worker: Option<u16>,
    /// Name of the cookie that was set, if one was.
    pub cookie: Option<String>,
}

/// How sessions that are told apart are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// Pods.
    Pod,
    /// Workers, as `pod:worker`.
    Worker,
}

/// Opens a session and its socket, and waits for the socket's first frame; again until it works. `host` is the Ingress's.
///
/// # Errors
/// [`Exit::TimedOut`] with the last reason. [`Exit::Failed`] where the route sends everybody to TLS, which is not asked here.
pub async fn answer(client: &Client, door: &Found, host: Option<&str>, deadline: Instant) -> Result<Answer, Failure> {
    let (target, host) = (Target::from(door), name(host));
    let doing = format!("asking the app through {} in namespace {}", door.title(), door.namespace);
    until(&doing, deadline, async || once(client, &target, &host).await).await
}

/// Opens fresh sessions until `want` different pods or workers have answered. Only those of `among` count, unless it is empty:
/// pods that are leaving answer too.
///
/// # Errors
/// [`Exit::TimedOut`] with the number that answered, and the last reason.
pub async fn spread(
    client: &Client,
    door: &Found,
    host: Option<&str>,
    (want, by, among): (usize, By, &BTreeSet<String>),
    deadline: Instant,
) -> Result<BTreeSet<String>, Failure> {
    let (target, host) = (Target::from(door), name(host));
    let mut seen = BTreeSet::new();
    let doing = format!("reaching {want} {} through {}", if by == By::Pod { "pods" } else { "workers" }, door.title());
    until(&doing, deadline, async || {
        // One connection for all: without a cookie every request is a session of its own to the front door.
        let mut conn = open(client, &target).await.map_err(Reason::Wait)?;
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
        Err(Reason::Wait(format!("{} answered: {}", names.len(), names.join(", "))))
    })
    .await
}

/// Why it did not work.
enum Reason {
    /// It may work in a moment.
    Wait(String),
    /// It never will.
    Stop(String),
}

async fn until<T>(doing: &str, deadline: Instant, mut attempt: impl AsyncFnMut() -> Result<T, Reason>) -> Result<T, Failure> {
    let mut last = "nothing was answered".to_owned();
    loop {
        match tokio::time::timeout_at(deadline.into(), attempt()).await {
            Ok(Ok(done)) => return Ok(done),
            Ok(Err(Reason::Stop(why))) => return Err(Failure::new(Exit::Failed, format!("{doing}: {why}"))),
            Ok(Err(Reason::Wait(why))) => last = why,
            Err(_) => {}
        }
        if Instant::now() + PAUSE >= deadline {
            return Err(Failure::new(Exit::TimedOut, format!("{doing}: {last}")).try_this("stickyctl status    pods, route and front door"));
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn open(client: &Client, target: &Target) -> Result<Conn, String> {
    let pods = target.ready(client).await?;
    Conn::open(client, pods.first().ok_or("no pod of the front door is ready")?).await
}

#[derive(Deserialize)]
struct Session {
    client_id: String,
}

async fn once(client: &Client, target: &Target, host: &str) -> Result<Answer, Reason> {
    let mut conn = open(client, target).await.map_err(Reason::Wait)?;
    let (answer, cookie) = whoami(&mut conn, host).await?;
    let session = conn.get(host, "/session", cookie.as_deref()).await.map_err(Reason::Wait)?;
    if session.status != 200 {
        return Err(Reason::Wait(format!("GET /session: {}", refusal(&session))));
    }
    let session: Session = serde_json::from_slice(&session.body).map_err(|error| Reason::Wait(format!("GET /session: {error}")))?;
    match tokio::time::timeout(SOCKET, socket(client, target, host, &session.client_id, cookie.as_deref())).await {
        Ok(opened) => opened.map_err(|why| Reason::Wait(format!("the WebSocket: {why}")))?,
        Err(_) => return Err(Reason::Wait(format!("the WebSocket: no frame within {} s", SOCKET.as_secs()))),
    }
    Ok(answer)
}

/// Who answers a request without a cookie, and the cookies that it sets, as a later request sends them.
async fn whoami(conn: &mut Conn, host: &str) -> Result<(Answer, Option<String>), Reason> {
    let reply = conn.get(host, "/whoami", None).await.map_err(Reason::Wait)?;
    if let Some(to) = reply.header("location").filter(|to| reply.status / 100 == 3 && to.starts_with("https:")) {
        return Err(Reason::Stop(format!("the route is for TLS only, and was asked without: status {} to {to}", reply.status)));
    }
    if reply.status != 200 {
        return Err(Reason::Wait(format!("GET /whoami: {}", refusal(&reply))));
    }
    read(&reply).map_err(Reason::Wait)
}

/// Who answers a POST. A front door reuses its newest connection to a pod, and so meets one worker again and again; the app closes
/// it after a POST where it has several.
async fn submit(conn: &mut Conn, host: &str) -> Result<Answer, Reason> {
    // Any well-formed id is a session.
    let reply = conn.post(host, "/submit/aaaaaaaaaaaaaaaaaaaaaaaaaa", r#"{"text":"who answers?"}"#).await.map_err(Reason::Wait)?;
    let pod = reply.header("x-sticky-pod").filter(|_| reply.status == 200);
    let pod = pod.ok_or_else(|| Reason::Wait(format!("POST /submit: {}", refusal(&reply))))?.to_owned();
    Ok(Answer { pod, worker: reply.header("x-sticky-worker").and_then(|worker| worker.parse().ok()), cookie: None })
}

#[derive(Deserialize)]
struct Whoami {
    pod: String,
    worker: Option<u16>,
}

fn read(reply: &Reply) -> Result<(Answer, Option<String>), String> {
    let who: Whoami = serde_json::from_slice(&reply.body).map_err(|_| "GET /whoami: something else than sticky-app answered".to_owned())?;
    // Of two with one name the last counts (a front door whose first pick failed sends both).
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
    Ok((answer, (!header.is_empty()).then(|| header.join("; "))))
}

fn refusal(reply: &Reply) -> String {
    match reply.status {
        404 => "status 404: the front door does not know the route yet".to_owned(),
        502..=504 => format!("status {}: the front door has no pod of the app that answers", reply.status),
        status => format!("status {status}"),
    }
}

async fn socket(client: &Client, target: &Target, host: &str, id: &str, cookie: Option<&str>) -> Result<(), String> {
    let pods = target.ready(client).await?;
    let (link, trouble) = connect(client, pods.first().ok_or("no pod of the front door is ready")?).await?;
    let mut request = format!("ws://{host}/ws/{id}").into_client_request().map_err(|error| error.to_string())?;
    if let Some(cookie) = cookie {
        request.headers_mut().insert(COOKIE, HeaderValue::from_str(cookie).map_err(|error| error.to_string())?);
    }
    let (mut socket, _) = match client_async(request, link).await {
        Ok(opened) => opened,
        Err(error) => return Err(trouble.reason().await.unwrap_or_else(|| error.to_string())),
    };
    match socket.next().await {
        Some(Ok(Message::Text(_))) => {}
        Some(Ok(other)) => return Err(format!("a first frame that is no text: {other:?}")),
        Some(Err(error)) => return Err(error.to_string()),
        None => return Err("it ended without a frame".to_owned()),
    }
    // It was open; how it ends is no answer to the question.
    let _ = socket.close(None).await;
    Ok(())
}

/// The name that a request for this Ingress carries. A wildcard stands for one label.
fn name(host: Option<&str>) -> String {
    host.map_or_else(|| "localhost".to_owned(), |host| host.replace('*', "any"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use http::HeaderMap;

    fn reply(status: u16, cookies: &[&str], body: &str) -> Reply {
        let mut headers = HeaderMap::new();
        for cookie in cookies {
            headers.append(SET_COOKIE, cookie.parse().unwrap());
        }
        Reply { status, headers, body: body.to_owned().into() }
    }

    #[test]
    fn who_answered_and_what_goes_back() {
        let body = r#"{"pod":"app-1","worker":2,"version":"0.1.0","cookies":[]}"#;
        let (answer, cookie) = read(&reply(200, &["sticky=dead; Path=/", "sticky=a.b|c; Path=/; HttpOnly", "b=1"], body)).unwrap();
        assert_eq!(answer, Answer { pod: "app-1".to_owned(), worker: Some(2), cookie: Some("sticky".to_owned()) });
        assert_eq!(cookie.as_deref(), Some("b=1; sticky=a.b|c"));
        let (answer, cookie) = read(&reply(200, &[], r#"{"pod":"app"}"#)).unwrap();
        assert_eq!((answer.pod.as_str(), answer.worker, cookie), ("app", None, None));
        assert!(read(&reply(200, &[], "<html>")).unwrap_err().contains("something else"));
    }

    #[test]
    fn names() {
        assert_eq!(
            (name(None), name(Some("demo.example")), name(Some("*.example"))),
            ("localhost".into(), "demo.example".into(), "any.example".into())
        );
        assert!(refusal(&reply(404, &[], "")).contains("route") && refusal(&reply(503, &[], "")).contains("no pod"));
    }

    #[tokio::test]
    async fn the_last_reason_is_kept_and_a_final_one_ends_it() {
        let soon = || Instant::now() + PAUSE * 2;
        let late = until::<()>("asking", soon(), async || Err(Reason::Wait("404".to_owned()))).await.unwrap_err();
        assert_eq!((late.exit, late.what.as_str()), (Exit::TimedOut, "asking: 404"));
        let over = until::<()>("asking", soon(), async || Err(Reason::Stop("TLS".to_owned()))).await.unwrap_err();
        assert_eq!(over.exit, Exit::Failed);
        let mut tries = 0;
        let done = until("asking", soon(), async || {
            tries += 1;
            if tries == 1 { Err(Reason::Wait(String::new())) } else { Ok(tries) }
        });
        assert_eq!(done.await.unwrap(), 2);
    }
}
