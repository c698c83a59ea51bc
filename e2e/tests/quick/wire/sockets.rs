//! What sockets receive, and what the small JSON routes answer.

use crate::wire::target::Target;
use anyhow::Result;
use serde_json::{Value, json};
use std::collections::{HashMap, HashSet};
use testkit::http;
use testkit::random;
use testkit::session::Session;
use testkit::ws::{End, LIMIT, Ws};

pub(super) const FLAGS: &[&str] = &[];

/// Five sockets of one session: with at most four workers behind one pod's cookie, two of them share a worker.
async fn five(session: &Session) -> Result<Vec<Ws>> {
    let mut all = Vec::new();
    for _ in 0..5 {
        all.push(session.socket().await?);
    }
    Ok(all)
}

pub(super) async fn the_first_frame(target: &Target) -> Result<()> {
    let session = Session::visit(&target.url).await?;
    let ws = session.socket().await?;
    let at = ws.answer().place()?;
    assert_eq!(ws.hello, json!({"websocket_pid": target.text_of(&at), "at": at}), "no relay: off where the bus is there");
    Ok(())
}

pub(super) async fn sockets_of_one_id_share_a_worker_s_frames(target: &Target) -> Result<()> {
    let session = Session::visit(&target.url).await?;
    let mut all = five(&session).await?;
    let mut by_place: HashMap<String, usize> = HashMap::new();
    for ws in &all {
        *by_place.entry(ws.at()).or_default() += 1;
    }
    let shared = by_place.into_iter().max_by_key(|(_, n)| *n).unwrap().0;
    let speaker = all.iter().position(|ws| ws.at() == shared).unwrap();
    all[speaker].send(&json!({"text": "to all of mine"})).await?;
    let heard = all[speaker].next_json().await?;
    // A frame to every socket follows: a socket that gets it first didn't get the other one.
    assert_eq!(session.sticky("with-redis", "barrier").await?.status, 200);
    for (n, ws) in all.iter_mut().enumerate() {
        let first = ws.next_json().await?;
        if n != speaker && ws.at() == shared {
            assert_eq!(first, heard);
            assert!(ws.next_json().await?["text"].as_str().unwrap().ends_with("barrier"));
        } else {
            assert!(first["text"].as_str().unwrap().ends_with("barrier"), "socket {n} at {} heard {first}", ws.at());
        }
    }
    Ok(())
}

/// A message is delivered only if the answering worker holds sockets of the session, and to all that it holds.
pub(super) async fn local_delivery_hits_where_the_socket_is(target: &Target) -> Result<()> {
    let session = Session::visit(&target.url).await?;
    let mut all = five(&session).await?;
    let (mut hits, mut misses) = (0, 0);
    for n in 0..40 {
        // Also without the cookie, so that three pods with one worker each can miss too.
        let text = format!("message {n}");
        let (answer, cookies) = if n % 2 == 0 {
            (session.sticky("without-redis", &text).await?, session.jar.names())
        } else {
            (session.plain("without-redis", &text).await?, Vec::new())
        };
        let (place, body) = (answer.place()?, answer.json()?);
        let by = target.text_of(&place);
        let mut delivered = 0;
        for ws in all.iter_mut().filter(|ws| ws.at() == place) {
            assert_eq!(ws.next_json().await?, json!({"text": format!("[{by}]  {text}")}));
            delivered += 1;
        }
        let text = if delivered > 0 { format!("[{by}] replying with ws") } else { format!("[{by}] no connection to {}", session.id) };
        assert_eq!((answer.status, body), (200, json!({"text": text, "delivered": delivered, "cookies": cookies})));
        if delivered > 0 { hits += 1 } else { misses += 1 }
    }
    assert!(hits > 0);
    if target.pods() == 1 && target.workers() == 1 {
        assert_eq!(misses, 0);
    }
    Ok(())
}

pub(super) async fn a_relay_reaches_every_socket_once(target: &Target) -> Result<()> {
    let (session, other) = (Session::visit(&target.url).await?, Session::visit(&target.url).await?);
    let (mut all, mut stranger) = (five(&session).await?, other.socket().await?);
    let workers: HashSet<_> = all.iter().map(Ws::at).collect();
    for n in 0..20 {
        let answer = session.plain("with-redis", &format!("relay {n}")).await?;
        let by = target.text_of(&answer.place()?);
        let text = format!("[{by}] publishing to {}", target.bus());
        assert_eq!((answer.status, answer.json()?), (200, json!({"text": text, "receivers": workers.len(), "cookies": []})));
        for ws in &mut all {
            assert_eq!(ws.next_json().await?, json!({"text": format!("[{}]  relay {n}", ws.identity())}));
        }
    }
    // It didn't reach a socket of another id: the first frame there is its own.
    other.plain("with-redis", "own").await?;
    assert_eq!(stranger.next_json().await?, json!({"text": format!("[{}]  own", stranger.identity())}));
    Ok(())
}

pub(super) async fn nobody_to_relay_to(target: &Target) -> Result<()> {
    let id = random::client_id();
    let answer = http::post(target.at(&format!("/with-redis/{id}")), &json!({"text": "x"})).send().await?;
    assert_eq!((answer.status, &answer.json()?["receivers"]), (200, &json!(0)));
    // The same after the last socket has closed.
    let session = Session::visit(&target.url).await?;
    session.socket().await?.close().await?;
    testkit::wait::until("nobody hears it any more", LIMIT, async || {
        let answer = session.plain("with-redis", "x").await.ok()?;
        (answer.json().ok()?["receivers"] == 0).then_some(())
    })
    .await
}

pub(super) async fn errors_leave_the_socket_open(target: &Target) -> Result<()> {
    let session = Session::visit(&target.url).await?;
    let mut ws = session.socket().await?;
    let too_long = json!({"text": "x".repeat(4_097)}).to_string();
    let cases = [
        ("{", "bad-json"),
        ("", "bad-json"),
        ("[]", "bad-json"),
        ("null", "bad-json"),
        ("\"text\"", "bad-json"),
        (r#"{"text":1}"#, "bad-json"),
        (r#"{"text":"\ud800"}"#, "bad-json"),
        (r#"{"op":"shout"}"#, "unknown-op"),
        (r#"{"op":""}"#, "unknown-op"),
        (&too_long, "too-large"),
        (r#"{"text":"x","trace":"a b"}"#, "bad-trace"),
        (r#"{"text":"x","trace":""}"#, "bad-trace"),
    ];
    for (n, (frame, code)) in cases.into_iter().enumerate() {
        ws.send_text(frame).await?;
        let answer = ws.next_json().await?;
        assert_eq!(answer["error"]["code"], code, "{frame}: {answer}");
        assert!(answer["error"]["message"].as_str().is_some_and(|m| !m.is_empty()) && answer.as_object().unwrap().len() == 1, "{answer}");
        assert_eq!(ws.echo(&format!("still {n}")).await?["text"], format!("[{}]  still {n}", ws.identity()));
    }
    Ok(())
}

pub(super) async fn frames_that_close(target: &Target) -> Result<()> {
    let session = Session::visit(&target.url).await?;
    let mut ws = session.socket().await?;
    ws.send_binary(vec![1, 2, 3]).await?;
    assert!(matches!(ws.end(LIMIT).await?, End::Closed(1003, _)));
    let mut ws = session.socket().await?;
    ws.send(&json!({"text": "x".repeat(17 * 1_024)})).await?;
    let end = ws.end(LIMIT).await?;
    assert!(matches!(end, End::Closed(1009, _)), "{end:?}");
    // The session's other sockets stay open.
    let mut ws = session.socket().await?;
    assert_eq!(ws.echo("alive").await?["text"], format!("[{}]  alive", ws.identity()));
    Ok(())
}

fn check_topology(target: &Target, topology: &Value) {
    let door = &topology["door"];
    let kinds: &[&str] = if target.is_local() { &["local"] } else { &["unknown"] };
    assert!(kinds.contains(&door["kind"].as_str().unwrap()), "{topology}");
    assert_eq!(door["affinity"], if target.is_local() { "cookie" } else { "unknown" }, "{topology}");
    assert_eq!(door["issuer"], "proxy", "{topology}");
    let bus = &topology["bus"];
    let kind = if matches!(target.kind, crate::wire::target::Kind::App4) { "redis" } else { "memory" };
    assert_eq!((bus["kind"].as_str(), bus["fanout"].as_str(), bus["state"].as_str()), (Some(kind), Some("directed"), Some("ok")), "{topology}");
    let pods = topology["pods"].as_array().unwrap();
    let names: Vec<_> = pods.iter().map(|p| p["pod"].as_str().unwrap()).collect();
    let expected: Vec<_> = (1..=target.pods()).map(|n| format!("app-{n}")).collect();
    assert_eq!(names, expected, "in order");
    for pod in pods {
        assert_eq!((&pod["state"], &pod["version"]), (&json!("ready"), &json!(env!("CARGO_PKG_VERSION"))), "{pod}");
        let workers = pod["workers"].as_array().unwrap();
        let numbers: Vec<_> = workers.iter().map(|w| w["worker"].as_u64().unwrap() as usize).collect();
        assert_eq!(numbers, (0..target.workers()).collect::<Vec<_>>());
        for worker in workers {
            assert_eq!(worker["state"], "ready");
            assert!(worker["sockets"].is_u64() && worker["ignored"].is_u64(), "{worker}");
        }
    }
}

fn sockets_of(topology: &Value, place: &str) -> Option<u64> {
    let (pod, worker) = place.rsplit_once(':')?;
    let pod = topology["pods"].as_array()?.iter().find(|p| p["pod"] == pod)?;
    let worker: u64 = worker.parse().ok()?;
    pod["workers"].as_array()?.iter().find(|w| w["worker"] == worker)?["sockets"].as_u64()
}

/// A socket that subscribes to the map gets it at once and on every change; other sockets never get it.
pub(super) async fn topology_frames(target: &Target) -> Result<()> {
    let (watcher, session) = (Session::visit(&target.url).await?, Session::visit(&target.url).await?);
    let mut map = testkit::ws::socket(&target.url, &watcher.id).map().cookie(&watcher.jar.header()).open().await?;
    let first = map.next_topology().await?;
    check_topology(target, &first);
    let mut ws = session.socket().await?;
    let at = ws.at();
    let before = sockets_of(&first, &at).unwrap();
    let own = u64::from(map.at() == at && before == 0);
    let grown = loop {
        let now = map.next_topology().await?;
        if sockets_of(&now, &at) == Some(before + own + 1) {
            break now;
        }
    };
    check_topology(target, &grown);
    assert_eq!(ws.echo("x").await?["text"], format!("[{}]  x", ws.identity()));
    ws.send_text("not json").await?;
    match ws.next(LIMIT).await? {
        testkit::ws::Next::Json(json) => assert_eq!(json["error"]["code"], "bad-json", "no topology without map=1"),
        testkit::ws::Next::End(end) => panic!("{end:?}"),
    }
    ws.close().await?;
    loop {
        if sockets_of(&map.next_topology().await?, &at) == Some(before + own) {
            return Ok(());
        }
    }
}

pub(super) async fn whoami_session_topology(target: &Target) -> Result<()> {
    let answer = http::get(target.at("/whoami")).cookie("b=2; a=1; StickyStr=x").send().await?;
    let who = answer.json()?;
    assert_eq!(answer.status, 200);
    assert_eq!(format!("{}:{}", who["pod"].as_str().unwrap(), who["worker"]), answer.place()?);
    assert_eq!(who["boot"], answer.header("x-sticky-boot"));
    assert!(who["pid"].as_u64().is_some_and(|pid| pid > 1) && who["version"] == env!("CARGO_PKG_VERSION"), "{who}");
    let cookies: Vec<_> = who["cookies"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    for name in ["a", "b", "StickyStr"] {
        assert!(cookies.contains(&name), "{cookies:?}");
    }
    assert!(!answer.text().contains("\"x\""), "names of cookies, never values");

    let answer = http::get(target.at("/session")).send().await?;
    let session = answer.json()?;
    let keys: HashSet<_> = session.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, HashSet::from(["client_id", "page_by", "sticky_str"]));
    assert_eq!(session["page_by"], target.text_of(&answer.place()?));
    assert_eq!(session["sticky_str"], Value::Null, "the proxy is the issuer");
    assert!(!answer.headers.get_all("set-cookie").iter().any(|v| v.to_str().unwrap().starts_with("StickyStr")), "{:?}", answer.headers);

    let answer = http::get(target.at("/topology")).send().await?;
    check_topology(target, &answer.json()?["topology"]);
    Ok(())
}
