//! Sites that never name their pods: what they show is only that a session was lost. Each as people reported it, and similar ones.

use crate::case::{Case, NOT_STICKY, STICKY, UNCLEAR, all, verify};
use crate::stub::{Asked, Reply, Stub};
use std::collections::{HashMap, HashSet};

/// What decides which of three pods answers.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Door {
    /// Nothing does: they take turns.
    Turns,
    /// The cookie `route`, which the proxy sets.
    Route,
    /// The same, but every 20th request goes elsewhere.
    Leaky,
    /// The cookie `route`, in a pair with one of the same value for other browsers.
    Pair,
    /// The session's own cookie.
    Session,
    /// Only one pod is ready.
    OnePod,
}

/// Where sessions are kept.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Store {
    /// In the memory of the pod that began them.
    Own,
    /// In one that all pods share.
    Shared,
    /// In memory, and for this many requests to the site.
    Expires(u64),
}

/// An application with a login, in Java as most of them are: without a session it shows its login page, and begins another session.
fn shop(door: Door, store: Store) -> Stub {
    let (mut sessions, mut turn): (HashMap<u64, (u64, u64)>, u64) = (HashMap::new(), 0);
    Stub::new(move |asked: &Asked| {
        turn += 1;
        let (any, route, sid) = (turn * 7 / 3 % 3, asked.number_in("route").or_else(|| asked.number_in("routecors")), asked.number_in("JSESSIONID"));
        let pod = match (door, route, sid.and_then(|sid| sessions.get(&sid))) {
            (Door::OnePod, ..) => 0,
            (Door::Leaky, ..) if turn.is_multiple_of(20) => any,
            (Door::Route | Door::Leaky | Door::Pair, Some(route), _) => route,
            (Door::Session, _, Some((home, _))) => *home,
            _ => any,
        };
        let reply = if asked.path == "/login" {
            sessions.insert(asked.number, (pod, asked.number));
            Reply::new(302).header("location", "/").cookie(format!("JSESSIONID={}; Path=/; HttpOnly", asked.number))
        } else {
            let is_known = sid.and_then(|sid| sessions.get(&sid)).is_some_and(|(home, since)| match store {
                Store::Own => *home == pod,
                Store::Shared => true,
                Store::Expires(after) => *home == pod && asked.number < since + after,
            });
            match is_known {
                true => Reply::new(200).body("<h1>Your cart</h1>"),
                false => Reply::new(200).body("<h1>Please log in</h1>").cookie(format!("JSESSIONID={}; Path=/; HttpOnly", asked.number)),
            }
        };
        let offers = matches!(door, Door::Route | Door::Leaky | Door::Pair) && route != Some(pod);
        let reply = if offers { reply.cookie(format!("route={pod}; Path=/")) } else { reply };
        if offers && door == Door::Pair {
            reply.cookie(format!("routecors={pod}; Path=/; Secure")).cookie(format!("routecors={pod}; Path=/"))
        } else {
            reply
        }
    })
}

/// Pods that name themselves and keep their sessions by a cookie, but have two workers, each with sessions of its own.
fn two_workers(has_workers: bool) -> Stub {
    let mut known = HashSet::new();
    Stub::new(move |asked: &Asked| {
        let (pod, worker) = (asked.number_in("route"), if has_workers { asked.number % 2 } else { 0 });
        let Some(pod) = pod else {
            let pod = asked.number % 3;
            known.insert((pod, worker, asked.number));
            return Reply::pod(pod, asked).cookie(format!("route={pod}; Path=/")).cookie(format!("sid={}; Path=/", asked.number));
        };
        let is_known = asked.number_in("sid").is_some_and(|sid| known.contains(&(pod, worker, sid)));
        Reply::pod(pod, asked).body(if is_known { "your cart" } else { "please log in" })
    })
}

const SHOP: &[&str] = &["--first=/login", "--lost-when=regex:Please log in"];

/// An MCP server that keeps its sessions in memory, with or without a proxy that sets a cookie.
fn mcp(has_affinity: bool) -> Stub {
    let (mut known, mut turn) = (HashSet::new(), 0);
    Stub::new(move |asked: &Asked| {
        turn += 1;
        let route = asked.number_in("route").filter(|_| has_affinity);
        let pod = route.unwrap_or(turn * 7 / 3 % 3);
        let id = asked.header("mcp-session-id").map(str::to_owned);
        let reply = match id {
            None => {
                let id = format!("session-{}", asked.number);
                known.insert((pod, id.clone()));
                Reply::new(200).header("mcp-session-id", id)
            }
            Some(id) if known.contains(&(pod, id.clone())) => Reply::new(200).body("{}"),
            Some(_) => Reply::new(404).body(r#"{"error": {"code": -32001, "message": "Session not found"}}"#),
        };
        if has_affinity && route.is_none() { reply.cookie(format!("route={pod}; Path=/")) } else { reply }
    })
}

const MCP: &[&str] = &[
    "/mcp",
    "--first-body=@tests/verify/asking/initialize.json",
    "--capture=SID=header:mcp-session-id",
    "--header=@tests/verify/asking/mcp.txt",
    "--body=@tests/verify/asking/list.json",
    "--lost-when=status:404",
];

/// A socket.io server that opens a session by polling. Its WebSockets have a rule of their own, without affinity.
fn socket_io(is_elsewhere: bool) -> Stub {
    let (mut known, mut turn) = (HashSet::new(), 0);
    Stub::new(move |asked: &Asked| {
        turn += 1;
        let route = asked.number_in("route").filter(|_| !(is_elsewhere && asked.is_upgrade()));
        let pod = route.unwrap_or(turn * 7 / 3 % 3);
        match asked.query("sid").map(str::to_owned) {
            None => {
                known.insert((pod, format!("sid{}", asked.number)));
                let reply = Reply::new(200).body(format!(r#"0{{"sid":"sid{}","upgrades":["websocket"]}}"#, asked.number));
                if route.is_none() { reply.cookie(format!("route={pod}; Path=/")) } else { reply }
            }
            Some(sid) if known.contains(&(pod, sid.clone())) => Reply::new(if asked.is_upgrade() { 101 } else { 200 }).says("2probe"),
            Some(_) => Reply::new(400).body(r#"{"code":1,"message":"Session ID unknown"}"#),
        }
    })
}

const SOCKET_IO: &[&str] = &[
    "/socket.io/?EIO=4&transport=polling&sid={SID}",
    "--first=/socket.io/?EIO=4&transport=polling",
    "--capture=SID=regex:\"sid\":\"([^\"]+)\"",
    "--ws-url=/socket.io/?EIO=4&transport=websocket&sid={SID}",
    "--lost-when=regex:Session ID unknown",
];

const LOST: &str = "session-lost";
const ENDED: &str = "session-ended";
const UNSEEN: &str = "symptom-unseen";

pub(crate) const CASES: &[Case] = &[
    // kubernetes/ingress-nginx#2711: a request on another node resets JSESSIONID.
    Case::stub("sessions in memory without affinity", || shop(Door::Turns, Store::Own), NOT_STICKY, &[LOST]).with(SHOP).beside(&[ENDED, UNSEEN]),
    Case::stub("sessions in memory, and a route that is ignored now and then", || shop(Door::Leaky, Store::Own), NOT_STICKY, &[LOST]).with(SHOP),
    // cloudfoundry/gorouter#76: JSESSIONID is the session, and a cookie of the router's keeps it on its instance.
    Case::stub("sessions in memory with a cookie for affinity", || shop(Door::Route, Store::Own), STICKY, &[]).with(SHOP).beside(&[LOST, UNSEEN]),
    Case::stub("the same with a pair of cookies", || shop(Door::Pair, Store::Own), STICKY, &[]).with(SHOP).beside(&[UNSEEN]),
    Case::stub("sessions in a shared store", || shop(Door::Turns, Store::Shared), UNCLEAR, &[UNSEEN]).with(SHOP).beside(&[LOST]),
    Case::stub("a shared store and affinity", || shop(Door::Route, Store::Shared), UNCLEAR, &[UNSEEN]).with(SHOP).beside(&[LOST]),
    Case::stub("sessions in memory of the only pod", || shop(Door::OnePod, Store::Own), UNCLEAR, &[UNSEEN]).with(SHOP).beside(&[LOST, ENDED]),
    Case::stub("one cookie for session and affinity", || shop(Door::Session, Store::Own), UNCLEAR, &[UNSEEN]).with(SHOP).beside(&[LOST]),
    Case::stub("sessions that expire with affinity", || shop(Door::Route, Store::Expires(90)), UNCLEAR, &[ENDED]).with(SHOP).beside(&[LOST, UNSEEN]),
    Case::stub("sessions that expire on the only pod", || shop(Door::OnePod, Store::Expires(60)), UNCLEAR, &[ENDED]).with(SHOP).beside(&[LOST]),
    Case::stub("a symptom in every answer", || shop(Door::Route, Store::Own), UNCLEAR, &[ENDED]).with(&["--first=/login", "--lost-when=regex:<h1>"]),
    // mcp-use/mcp-use#153, agentic-community/mcp-gateway-registry#960: "Session not found" as soon as there are two pods.
    Case::stub("an MCP server with sessions in memory", || mcp(false), NOT_STICKY, &[LOST]).with(MCP),
    Case::stub("an MCP server behind a cookie", || mcp(true), STICKY, &[]).with(MCP).beside(&[LOST]),
    // frappe/helm#229, socketio/socket.io#4881: 400 "Session ID unknown".
    Case::stub("socket.io whose WebSockets go anywhere", || socket_io(true), NOT_STICKY, &[LOST]).with(SOCKET_IO),
    Case::stub("socket.io behind one cookie", || socket_io(false), STICKY, &[]).with(SOCKET_IO).beside(&[LOST]),
    // Pods decide if they are named, and a session that is lost on its own pod is not lost for want of affinity.
    Case::stub("named pods whose workers have sessions of their own", || two_workers(true), STICKY, &[LOST])
        .with(&["--lost-when=regex:please log in"]),
    Case::stub("named pods that keep their sessions", || two_workers(false), STICKY, &[]).with(&["--lost-when=regex:please log in"]).beside(&[LOST]),
];

#[tokio::test]
async fn symptoms() {
    all(CASES).await;
}

/// What a report has in place of pods.
#[tokio::test]
async fn a_report_of_kept_and_lost_sessions() {
    let site = shop(Door::Route, Store::Own).serve().await;
    let done = verify(&site, SHOP).await;
    let lost = &done.report["lost_when"];
    assert_eq!((&lost["symptoms"][0], &lost["requests"]["seen"], &lost["requests"]["of"]), (&"regex:Please log in".into(), &0.into(), &120.into()));
    assert!(done.report["sessions"][0]["requests"][3]["session_lost"] == false && done.report["plan"]["probes"].as_u64() < Some(800), "{lost}");
    assert_eq!(done.scenario("stick-http"), ("pass".to_owned(), "120 of 120 later requests kept their session".to_owned()));
    assert_eq!(done.scenario("attribution").0, "pass", "{:?}", done.scenario("attribution"));
    assert!(done.scenario("spread").1.starts_with("without route, "), "{:?}", done.scenario("spread"));
    assert_eq!(done.scenario("dead-cookie"), ("skip".to_owned(), "no answer names a pod; judged by --lost-when".to_owned()));
    let site = shop(Door::Turns, Store::Own).serve().await;
    let done = verify(&site, &[SHOP, &["-o", "table"]].concat()).await;
    for line in ["\nlost      ", "\nsession s", ", lost where x is", "\nsession-lost  Sessions are lost"] {
        assert!(done.stdout.contains(line), "{line}: {}", done.stdout);
    }
    assert!(!done.stdout.contains("\nmoves") && !done.stdout.contains("\nerrors"), "{}", done.stdout);
}

#[tokio::test]
async fn a_symptom_that_is_none() {
    let site = shop(Door::Turns, Store::Own).serve().await;
    for (symptom, says) in
        [("404", "status:404, regex:PATTERN or header:NAME=PATTERN"), ("status:99", "invalid status `99`"), ("regex:.*", "every answer")]
    {
        let done = verify(&site, &["--lost-when", symptom]).await;
        assert!(done.code == Some(2) && done.stderr.contains(says), "{symptom}: {}", done.stderr);
    }
    assert_eq!(site.state.counts(), (0, 0), "it sent requests nevertheless");
}
