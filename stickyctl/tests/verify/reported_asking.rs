//! Sites whose sessions are not in a cookie, and logins that redirect: each as people reported it, and a similar one.

use crate::case::{Case, NOT_STICKY, STICKY, UNCLEAR, all};
use crate::site::SECRET;
use crate::stub::{Reply, Stub};
use http::Method;
use std::collections::HashMap;

const PODS: u64 = 3;

/// The pod that a hash leads to.
fn hashed(key: &str) -> u64 {
    key.bytes().fold(7_u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(byte))) % 1_009 % PODS
}

/// How a proxy sends requests with a session's key to pods.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Proxy {
    /// It learns from the first answer which pod has the session.
    Learns,
    /// It hashes the key, wherever the session began.
    Hashes,
    /// It takes turns.
    Ignores,
}

/// The pod for a request with a session's key, or for one without.
struct Door {
    proxy: Proxy,
    turn: u64,
    known: HashMap<String, u64>,
}

impl Door {
    fn new(proxy: Proxy) -> Self {
        Self { proxy, turn: 0, known: HashMap::new() }
    }

    fn pod(&mut self, key: Option<&str>) -> u64 {
        self.turn += 1;
        let next = self.turn % PODS;
        match (self.proxy, key) {
            (Proxy::Learns, Some(key)) => *self.known.entry(key.to_owned()).or_insert(next),
            (Proxy::Hashes, Some(key)) => hashed(key),
            _ => next,
        }
    }
}

/// An MCP server: `initialize` answers with a session id, and everything else needs one (Model Context Protocol 2025-03-26, "Streamable
/// HTTP"). Session ids have characters that can't stand in a URL.
pub(crate) fn mcp(proxy: Proxy) -> Stub {
    let mut door = Door::new(proxy);
    Stub::new(move |asked| {
        let body: serde_json::Value = serde_json::from_slice(&asked.body).unwrap_or_default();
        let accepts =
            asked.header("accept") == Some("application/json, text/event-stream") && asked.header("content-type") == Some("application/json");
        if asked.method != Method::POST || !accepts {
            return Reply::pod(door.pod(None), asked).body("it takes JSON only");
        }
        match (body["method"].as_str(), asked.header("mcp-session-id")) {
            (Some("initialize"), None) => {
                let (pod, id) = (door.pod(None), format!("{SECRET}/=+{}", asked.number));
                door.known.insert(id.clone(), pod);
                Reply::pod(pod, asked).header("mcp-session-id", &id).header("content-type", "text/event-stream").body("event: message\ndata: {}\n\n")
            }
            (Some("tools/list"), Some(id)) => Reply::pod(door.pod(Some(id)), asked),
            // A made-up session would be unknown to each pod.
            _ => Reply::new(400),
        }
    })
}

pub(crate) const MCP: &[&str] = &[
    "/mcp",
    "--first-body=@tests/verify/asking/initialize.json",
    "--capture=SID=header:mcp-session-id",
    "--header=@tests/verify/asking/mcp.txt",
    "--body=@tests/verify/asking/list.json",
];

/// SockJS: the client puts a session of its own choice into the path, in the first request too.
fn sockjs(proxy: Proxy) -> Stub {
    let mut door = Door::new(proxy);
    Stub::new(move |asked| {
        let mut parts = asked.path.trim_start_matches('/').split('/');
        match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some("echo"), Some("000"), Some(session), Some("xhr")) if is_fresh(session) => Reply::pod(door.pod(Some(session)), asked).body("o\n"),
            _ => Reply::new(404),
        }
    })
}

/// Whether a session is one that a client chose, and not the name of its place.
fn is_fresh(session: &str) -> bool {
    session.len() >= 8 && session.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
}

/// Tomcat without cookies: the page has links with `;jsessionid=…`, and its proxy routes by the node's name at the end of it.
fn tomcat(routes: bool) -> Stub {
    let mut door = Door::new(Proxy::Ignores);
    Stub::new(move |asked| match asked.path.split_once(";jsessionid=") {
        Some((_, id)) => {
            let node = id.rsplit_once(".node").and_then(|(_, node)| node.parse().ok());
            Reply::pod(node.filter(|_| routes).unwrap_or_else(|| door.pod(None)), asked)
        }
        None => {
            let pod = door.pod(None);
            Reply::pod(pod, asked).body(format!("<a href=\"/cart;jsessionid={SECRET}{:X}.node{pod}\">cart</a>", asked.number))
        }
    })
}

const TOMCAT: &[&str] = &["/cart;jsessionid={ID}", "--first=/shop", r"--capture=ID=regex:;jsessionid=([^\x22?]+)"];

/// Gradio: the page joins a queue with a `session_hash` in the body, and reads the result with it in the query. The proxy sees the query only.
fn gradio(proxy: Proxy) -> Stub {
    let mut door = Door::new(proxy);
    Stub::new(move |asked| {
        let in_query = asked.query("session_hash");
        if asked.method == Method::GET {
            return if in_query.is_some_and(is_fresh) { Reply::pod(door.pod(in_query), asked) } else { Reply::new(422) };
        }
        let body: serde_json::Value = serde_json::from_slice(&asked.body).unwrap_or_default();
        let joined = body["session_hash"].as_str().is_some_and(|hash| is_fresh(hash) && in_query.is_none_or(|own| own == hash));
        if joined { Reply::pod(door.pod(in_query), asked) } else { Reply::new(422) }
    })
}

const GRADIO: &[&str] = &["/queue/data?session_hash={session}", "--first=/queue/join", "--first-body=@tests/verify/asking/join.json"];

/// A login behind a proxy of its own: `/login` leads over `/check` to `/home`, and each sets a cookie. Whoever has no login is sent to it.
fn login(sticky: bool) -> Stub {
    let mut door = Door::new(if sticky { Proxy::Learns } else { Proxy::Ignores });
    let text = |bytes: Option<Vec<u8>>| bytes.and_then(|bytes| String::from_utf8(bytes).ok());
    Stub::new(move |asked| match asked.path.as_str() {
        // The proxy that checks passwords names itself, and is no pod.
        "/login" if asked.method == Method::POST => {
            Reply::new(303).header("location", "check?from=login#top").header("x-pod", "login-1").cookie(format!("login={}; Path=/", asked.number))
        }
        "/check?from=login" if asked.cookie("login").is_some() => {
            Reply::new(302).header("location", "../home").header("x-pod", "login-1").cookie("checked=1; Path=/")
        }
        "/home" | "/" => match (text(asked.cookie("login")), asked.cookie("checked")) {
            (Some(login), Some(_)) => Reply::pod(door.pod(Some(&login)), asked),
            _ => Reply::new(302).header("location", "/login"),
        },
        _ => Reply::new(401),
    })
}

const LOGIN: &[&str] = &["--first=/login", "--first-body=@tests/verify/asking/login.txt", "--follow", "--sessions", "30", "--requests", "8"];

/// Sessions without an id for half of the first answers.
fn half_an_id() -> Stub {
    let mut door = Door::new(Proxy::Learns);
    Stub::new(move |asked| {
        let pod = door.pod(asked.header("x-session"));
        let id = Some(asked.number.to_string()).filter(|_| asked.number.is_multiple_of(2));
        id.into_iter().fold(Reply::pod(pod, asked), |reply, id| {
            door.known.insert(id.clone(), pod);
            reply.header("x-session", id)
        })
    })
}

const BY_HEADER: &[&str] = &["--capture=SID=header:x-session", "--header=@tests/verify/asking/session.txt"];

pub(crate) const CASES: &[Case] = &[
    // modelcontextprotocol/ruby-sdk#297: the session is in the memory of one pod, and the proxy has to send its id there.
    Case::stub("a session id in a header, which the proxy learns", || mcp(Proxy::Learns), STICKY, &[]).with(MCP).beside(&[
        "value-not-honoured",
        "no-affinity-cookie",
        "bound-late",
    ]),
    // agentic-community/mcp-gateway-registry#960: "Session not found" as soon as there are two replicas.
    Case::stub("a session id in a header, which the proxy ignores", || mcp(Proxy::Ignores), NOT_STICKY, &["value-not-honoured"]).with(MCP).beside(&[
        "no-affinity-cookie",
        "cookie-not-honoured",
        "leaks",
    ]),
    // modelcontextprotocol/modelcontextprotocol#325: consistent hashing does not lead to the pod that has the session.
    Case::stub("a session id in a header, which the proxy hashes", || mcp(Proxy::Hashes), NOT_STICKY, &["bound-late"])
        .with(MCP)
        .beside(&["value-not-honoured"]),
    // vert-x3/vertx-web#2314: SockJS over XHR behind a load balancer.
    Case::stub("a session in the path, which the proxy hashes", || sockjs(Proxy::Hashes), STICKY, &[])
        .with(&["/echo/000/{session}/xhr", "--method=POST"])
        .beside(&["bound-late", "not-by-cookie"]),
    Case::stub("a session in the path, which the proxy ignores", || sockjs(Proxy::Ignores), NOT_STICKY, &["value-not-honoured"])
        .with(&["/echo/000/{session}/xhr", "--method=POST"]),
    // emissary-ingress/emissary#2491: a session as a parameter in the path.
    Case::stub("a parameter of the path that names the node", || tomcat(true), STICKY, &[]).with(TOMCAT),
    Case::stub("a parameter of the path that nobody reads", || tomcat(false), NOT_STICKY, &["value-not-honoured"]).with(TOMCAT),
    // gradio-app/gradio#10487: the job of a session is on another instance than the one that is asked for its result.
    Case::stub("a session in the query, and first in a body", || gradio(Proxy::Hashes), NOT_STICKY, &["bound-late"])
        .with(GRADIO)
        .beside(&["value-not-honoured"]),
    Case::stub("a session in the query, which the proxy ignores", || gradio(Proxy::Ignores), NOT_STICKY, &["value-not-honoured"]).with(GRADIO),
    Case::stub("a session in every query, which the proxy hashes", || gradio(Proxy::Hashes), STICKY, &[])
        .with(&["/queue/data?session_hash={session}", "--first=/queue/join?session_hash={session}", "--first-body=@tests/verify/asking/join.json"])
        .beside(&["bound-late", "paths-disagree"]),
    Case::stub("a session in the body of each request, which the proxy can't see", || gradio(Proxy::Hashes), NOT_STICKY, &["value-not-honoured"])
        .with(&["/queue/join", "--method=PUT", "--body=@tests/verify/asking/join.json"]),
    Case::stub("a login that redirects twice", || login(true), STICKY, &[]).with(LOGIN),
    Case::stub("a login that redirects twice, without affinity", || login(false), NOT_STICKY, &["cookie-not-honoured"]).with(LOGIN),
    // The form's first answer is a redirect that names no id.
    Case::stub("no first answer has the session id", || Stub::new(|asked| Reply::pod(asked.number % PODS, asked)), UNCLEAR, &["error-rate"])
        .with(BY_HEADER)
        .beside(&["no-affinity-cookie", "value-not-honoured", "too-few-probes"]),
    Case::stub("half of the first answers have the session id", half_an_id, UNCLEAR, &["error-rate"]).with(BY_HEADER),
];

#[tokio::test]
async fn sessions_that_are_not_in_a_cookie() {
    all(CASES).await;
}
