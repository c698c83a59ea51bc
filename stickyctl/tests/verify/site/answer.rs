//! The answer to a request.

use super::choose::{Chosen, Way, hash};
use super::state::{Busy, State};
use super::{App, Beside, Cache, Ends, Identity, Login, SECRET, Sets, Site, Upgrade, Workers};
use http::header::{AUTHORIZATION, COOKIE, HOST, LOCATION, ORIGIN, SET_COOKIE};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

pub(crate) type Answer = Response<Full<Bytes>>;

fn page(status: StatusCode, text: &'static str) -> Answer {
    Response::builder().status(status).body(Full::from(text)).unwrap()
}

/// A cookie of a request; of several with one name the first, as proxies read it.
fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let pairs = headers.get_all(COOKIE).into_iter().filter_map(|line| line.to_str().ok()).flat_map(|line| line.split("; "));
    pairs.filter_map(|pair| pair.split_once('=')).find(|(key, _)| *key == name).map(|(_, value)| value)
}

impl Site {
    pub(crate) async fn answer(self: Arc<Self>, state: Arc<State>, way: Way, mut request: Request<Incoming>) -> io::Result<Answer> {
        let number = state.count();
        state.queries.lock().unwrap().insert(request.uri().query().unwrap_or_default().to_owned());
        let key = request.headers().get("sec-websocket-key").map(|key| derive_accept_key(key.as_bytes()));
        if key.is_some() {
            state.upgrades.fetch_add(1, Ordering::SeqCst);
            state.upgraded.lock().unwrap().push(Instant::now());
            state.origins.lock().unwrap().extend(request.headers().get(ORIGIN).and_then(|origin| origin.to_str().ok()).map(str::to_owned));
        }
        if matches!(self.ends, Ends::Cut(at) | Ends::CutOne(at) | Ends::Goodbye(at) | Ends::TooMuch(at) if at == number) {
            state.end_sockets();
        }
        let (every, path) = (|n: Option<u64>| n.is_some_and(|n| hash(number).is_multiple_of(n)), request.uri().path().to_owned());
        if every(self.hangs) {
            std::future::pending::<()>().await;
        }
        if every(self.drops) {
            return Err(io::Error::other("it ends without an answer"));
        }
        if let Some(refused) = self.refuses(&request) {
            return Ok(refused);
        }
        if let Some(to) = self.redirects {
            return Ok(Response::builder().status(StatusCode::FOUND).header(LOCATION, to).body(Full::default()).unwrap());
        }
        if every(self.errors) {
            return Ok(self.error(number, page(StatusCode::BAD_GATEWAY, "<h1>Bad Gateway</h1>")));
        }
        if every(self.too_many) {
            let mut answer = page(StatusCode::TOO_MANY_REQUESTS, "slow down");
            answer.headers_mut().insert("retry-after", HeaderValue::from_static("1"));
            return Ok(self.error(number, answer));
        }
        if key.is_some() && self.upgrade == Upgrade::Refused {
            return Ok(page(StatusCode::BAD_REQUEST, ""));
        }
        if let Some(set) = self.logs_in(&mut request, &path).await {
            return Ok(Response::builder().header(SET_COOKIE, set).body(Full::default()).unwrap());
        }
        let url = request.uri().to_string();
        if let Some(headers) = state.stored.lock().unwrap().get(&url) {
            let mut answer = page(StatusCode::OK, "stored");
            *answer.headers_mut() = headers.clone();
            return Ok(answer);
        }
        let sent = cookie(request.headers(), self.cookie_name).filter(|_| key.is_none() || self.upgrade != Upgrade::Elsewhere);
        let elsewhere = self.app == App::PostsElsewhere && request.method() == Method::POST;
        let _one = if self.serial { Some(state.one.lock().await) } else { None };
        let mut chosen = self.choose(&state, (number, &path), way, sent.filter(|_| !elsewhere));
        // A rule without affinity sets no cookie either.
        chosen.set = chosen.set.filter(|_| !elsewhere);
        if let Some(dead) = self.dead.filter(|dead| (dead.from..dead.until).contains(&number) && chosen.pod == 0) {
            if chosen.bound || !dead.others_are_spared {
                return Ok(page(StatusCode::BAD_GATEWAY, "<h1>Bad Gateway</h1>"));
            }
            // Retried on another pod, which the cookie then names.
            chosen.pod = 1;
            chosen.set = chosen.set.map(|value| value.replacen('0', "1", 1));
        }
        let leaks = || self.leak.is_some_and(|n| (state.bound.fetch_add(1, Ordering::SeqCst) + 1).is_multiple_of(n));
        if chosen.bound && leaks() {
            chosen.pod = (chosen.pod + 1) % self.pods;
        }
        let busy = Busy::at(&self, &state, chosen.pod);
        if self.latency > 0 {
            tokio::time::sleep(Duration::from_millis(self.latency)).await;
        }
        let mut answer = page(StatusCode::OK, "");
        let headers = answer.headers_mut();
        self.cookies(headers, &chosen, key.is_some());
        let name = self.name(&state, (number, key.is_some()), &chosen, sent);
        if let Cache::Says(header, value) = self.cache
            && number > 1
        {
            headers.insert(header, HeaderValue::from_static(value));
        }
        let worker = self.worker(number, chosen.set.as_deref().or(sent));
        if self.identity != Identity::Nobody && !(key.is_some() && self.upgrade == Upgrade::ByText) {
            let (pod, at) = if self.app == App::No { ("x-pod", "x-worker") } else { ("x-sticky-pod", "x-sticky-worker") };
            // What a header cannot have is in the body only.
            if let Ok(name) = HeaderValue::from_bytes(name.as_bytes()) {
                headers.insert(pod, name);
            }
            headers.insert(at, worker.into());
        }
        if self.cache == Cache::Silent && key.is_none() {
            let mut kept = answer.headers().clone();
            kept.remove(SET_COOKIE);
            state.stored.lock().unwrap().insert(url, kept);
        }
        if let Some(key) = key {
            let (headers, status) = (answer.headers_mut(), StatusCode::SWITCHING_PROTOCOLS);
            headers.insert("connection", HeaderValue::from_static("upgrade"));
            headers.insert("upgrade", HeaderValue::from_static("websocket"));
            headers.insert("sec-websocket-accept", key.parse().unwrap());
            *answer.status_mut() = status;
            self.hold(&state, hyper::upgrade::on(&mut request), (chosen.pod, path), &name);
            return Ok(answer);
        }
        if self.app != App::No && request.method() == Method::POST {
            let body = request.into_body().collect().await.map_err(io::Error::other)?.to_bytes();
            *answer.body_mut() = Full::from(self.message(&state, chosen.pod, &path, &body));
            return Ok(answer);
        }
        *answer.body_mut() = Full::from(match self.identity {
            Identity::Nobody => "hello".to_owned(),
            Identity::Hostile(_) => serde_json::json!({"host": name}).to_string(),
            _ => format!("{{\"host\": \"{name}\"}}\nHostname: {name}\n"),
        });
        drop(busy);
        Ok(answer)
    }

    /// The proxy's own page.
    fn error(&self, number: u64, mut page: Answer) -> Answer {
        if self.errors_name {
            page.headers_mut().insert("x-pod", format!("web-{}-0", hash(number + 1) % self.pods).parse().unwrap());
        }
        page
    }

    /// Clients that are not logged in get no further.
    fn refuses(&self, request: &Request<Incoming>) -> Option<Answer> {
        let headers = request.headers();
        let host = headers.get(HOST).and_then(|host| host.to_str().ok()).or_else(|| request.uri().authority().map(|host| host.as_str()));
        if self.host.is_some_and(|known| host.is_none_or(|host| host.split(':').next() != Some(known))) {
            return Some(page(StatusCode::NOT_FOUND, "no such host"));
        }
        let known = match self.login {
            Login::Nobody => true,
            Login::Password => request.uri().path() == "/login" || cookie(headers, "login").is_some_and(|value| value.contains(SECRET)),
            Login::Cookie => cookie(headers, "login").is_some_and(|value| value.contains(SECRET)),
            Login::Header => headers.get(AUTHORIZATION).is_some_and(|value| value.to_str().is_ok_and(|value| value.contains(SECRET))),
        };
        (!known).then(|| page(StatusCode::UNAUTHORIZED, "who are you?"))
    }

    /// The login cookie, for clients that post the password.
    async fn logs_in(&self, request: &mut Request<Incoming>, path: &str) -> Option<String> {
        if self.login != Login::Password || path != "/login" || request.method() != Method::POST {
            return None;
        }
        let body = request.body_mut().collect().await.ok()?.to_bytes();
        String::from_utf8_lossy(&body).contains(SECRET).then(|| format!("login=yes-{SECRET}; Path=/; HttpOnly"))
    }

    fn cookies(&self, headers: &mut HeaderMap, chosen: &Chosen, is_socket: bool) {
        let sets = match self.sets {
            Sets::All => !(is_socket && self.upgrade == Upgrade::Elsewhere),
            Sets::NotUpgrades => !is_socket,
            Sets::OnlyUpgrades => is_socket,
        };
        let attributes = if is_socket { self.socket_cookie.or(self.cookie) } else { self.cookie };
        let mut add = |line: String| headers.append(SET_COOKIE, line.parse().unwrap());
        if let (Some(value), Some(attributes), true) = (&chosen.set, attributes, sets) {
            let name = self.cookie_name;
            let (right, dead) = (format!("{name}={value}; {attributes}"), format!("{name}=99-0-{SECRET}; {attributes}"));
            match self.beside {
                Beside::DeadFirst => {
                    add(dead);
                    add(right);
                }
                Beside::DeadLast => {
                    add(right);
                    add(dead);
                }
                _ => drop(add(right)),
            }
        }
        match self.beside {
            Beside::SameName => drop(add(format!("route=app-{SECRET}; Path=/"))),
            Beside::OtherName => drop(add(format!("session=app-{SECRET}; Path=/"))),
            _ => {}
        }
    }

    /// A pod's identity in an answer.
    fn name(&self, state: &State, (number, is_socket): (u64, bool), chosen: &Chosen, sent: Option<&str>) -> String {
        let later = self.replaced_after.is_some_and(|after| number > after);
        let upgrades = state.upgrades.load(Ordering::SeqCst);
        let generation = u64::from(later) + u64::from(self.replaced_at_upgrade.is_some_and(|at| upgrades >= at));
        let pod = chosen.pod;
        match self.identity {
            Identity::Request => format!("req-{number}"),
            Identity::Session => format!("session-{}", sent.or(chosen.set.as_deref()).and_then(|value| value.split('-').nth(1)).unwrap_or("none")),
            Identity::Hostile(text) => format!("{text}{pod}"),
            _ if is_socket && self.upgrade == Upgrade::OwnPods => format!("ws-{pod}"),
            _ => format!("web-{pod}-{generation}"),
        }
    }

    fn worker(&self, number: u64, cookie: Option<&str>) -> u64 {
        let by = || cookie.and_then(|value| value.split('-').nth(1)?.parse().ok()).unwrap_or(number);
        match self.by_worker {
            Workers::Any => hash(number) % self.workers,
            Workers::ByCookie => hash(by()) % self.workers,
        }
    }
}
