//! The use cases: a download whose cursor one worker has, and a model that is loaded in one worker.

use crate::wire::target::{Kind, Target};
use anyhow::{Context, Result};
use hyper::Method;
use serde_json::{Value, json};
use std::collections::HashSet;
use testkit::http::{self, Answer};
use testkit::session::Session;
use testkit::{random, tree};

pub(super) const FLAGS: &[&str] = &["--allowed-origin", "partner.example"];

/// One session's requests, with or without its cookie.
struct Client<'a> {
    target: &'a Target,
    session: Session,
    cookie: bool,
}

impl<'a> Client<'a> {
    async fn new(target: &'a Target, cookie: bool) -> Result<Self> {
        Ok(Self { target, session: Session::visit(&target.url).await?, cookie })
    }

    /// A POST without a body; its answer is 200 and names who gave it.
    async fn ask(&self, route: &str, rest: &str) -> Result<(String, Value)> {
        let cookie = if self.cookie { self.session.jar.header() } else { String::new() };
        let names = if self.cookie { self.session.jar.names() } else { Vec::new() };
        let answer = http::ask(Method::POST, format!("{}{rest}", self.session.url(route))).cookie(&cookie).send().await?;
        let (place, mut body) = (answer.place()?, answer.json()?);
        assert_eq!((answer.status, &body["cookies"]), (200, &json!(names)), "{body}");
        assert_eq!(body["at"], self.target.text_of(&place), "{body}");
        let fields = body.as_object_mut().context("no object")?;
        fields.remove("cookies");
        fields.remove("at");
        Ok((place, body))
    }

    /// Opens a cursor and asks for so many pieces; who has the cursor, and each answer.
    async fn download(&self, pieces: usize) -> Result<(String, Vec<(String, Value)>)> {
        let (holder, opened) = self.ask("download", "").await?;
        let text = format!("[{}] your cursor is here, before piece 1 of 12", self.target.text_of(&holder));
        assert_eq!(opened, json!({"text": text, "pieces": 12, "next": 0}));
        let mut all = Vec::new();
        for _ in 0..pieces {
            all.push(self.ask("download", "/next").await?);
        }
        Ok((holder, all))
    }
}

fn whole() -> String {
    std::fs::read_to_string(tree::root().join("app/src/page/readme.md")).unwrap()
}

/// Checks that every answer is a piece of the worker that has the cursor, or a miss of another one. Returns the pieces.
fn pieces(target: &Target, holder: &str, answers: &[(String, Value)]) -> Vec<String> {
    let mut got = Vec::new();
    for (place, body) in answers {
        let by = target.text_of(place);
        if place == holder && got.len() < 12 {
            let (piece, data) = (got.len(), body["data"].as_str().unwrap_or_else(|| panic!("{body}")));
            let text = format!("[{by}]  piece {} of 12", piece + 1);
            assert_eq!(*body, json!({"text": text, "pieces": 12, "piece": piece, "next": piece + 1, "data": data}));
            got.push(data.to_owned());
        } else {
            assert_eq!(*body, json!({"text": format!("[{by}] no cursor of yours here"), "pieces": 12, "piece": null}));
        }
    }
    got
}

/// With its cookie a session gets all pieces from one pod; whether from one worker too depends on the mode.
pub(super) async fn a_download_with_the_cookie(target: &Target) -> Result<()> {
    let client = Client::new(target, true).await?;
    let (holder, answers) = client.download(12).await?;
    let pod = |place: &str| place.rsplit_once(':').map(|(pod, _)| pod.to_owned());
    if target.is_local() || target.pods() == 1 {
        assert!(answers.iter().all(|(place, _)| pod(place) == pod(&holder)), "{answers:?}");
    }
    let got = pieces(target, &holder, &answers);
    match target.kind {
        Kind::App1 | Kind::Local3x1 => {
            assert_eq!(got.concat(), whole(), "twelve pieces, no miss");
            assert_eq!(client.ask("download", "/next").await?.1["piece"], Value::Null, "after the last piece the cursor is gone");
        }
        // Its pod hands connections to its workers in turn.
        Kind::Local1x4 => assert_eq!(got.len(), 3, "{answers:?}"),
        Kind::App4 => assert!(got.len() <= 12),
    }
    Ok(())
}

/// Without the cookie the next pod in turn answers, and so only every third request finds the cursor.
pub(super) async fn a_download_without_the_cookie(target: &Target) -> Result<()> {
    let (holder, answers) = Client::new(target, false).await?.download(12).await?;
    let got = pieces(target, &holder, &answers);
    match target.kind {
        Kind::App1 => assert_eq!(got.len(), 12),
        Kind::Local3x1 => assert_eq!(got.len(), 4, "{answers:?}"),
        Kind::Local1x4 => assert_eq!(got.len(), 3, "{answers:?}"),
        Kind::App4 => {}
    }
    Ok(())
}

/// A cursor begins where it is asked to, replaces the one before it, and belongs to one session.
pub(super) async fn a_cursor_is_moved_and_nobody_elses(target: &Target) -> Result<()> {
    let (client, other) = (Client::new(target, true).await?, Client::new(target, true).await?);
    for from in [11, 7] {
        let (holder, opened) = client.ask("download", &format!("?from={from}")).await?;
        assert_eq!(opened["next"], from);
        // A pod with several workers may take a while to hand the worker with the cursor a connection.
        let mut found = None;
        for _ in 0..50 {
            let (place, next) = client.ask("download", "/next").await?;
            assert_eq!(next["piece"].is_null(), place != holder);
            if place == holder {
                found = Some(next);
                break;
            }
        }
        let next = found.context("the worker with the cursor never answered")?;
        assert_eq!((&next["piece"], &next["next"]), (&json!(from), &json!(from + 1)));
        for _ in 0..4 {
            assert_eq!(other.ask("download", "/next").await?.1["piece"], Value::Null);
        }
    }
    Ok(())
}

/// How often the model was cold in twenty requests, and in how many workers.
async fn twenty(target: &Target, cookie: bool) -> Result<(usize, usize)> {
    let client = Client::new(target, cookie).await?;
    let (mut seen, mut said) = (HashSet::new(), HashSet::new());
    let mut cold = 0;
    for _ in 0..20 {
        let (place, body) = client.ask("model", "").await?;
        let took = body["took_ms"].as_f64().context("no took_ms")?;
        let (text, is_cold) = (body["text"].as_str().context("no text")?, body["cold"].as_bool().context("no cold")?);
        assert_eq!(body.as_object().map(serde_json::Map::len), Some(3), "{body}");
        assert_eq!(is_cold, seen.insert(place.clone()), "the first time in this worker, and then never: {body}");
        assert!(took >= if is_cold { 805.0 } else { 5.0 } && (is_cold || took < 800.0), "{body}");
        assert!(text.starts_with(&format!("[{}]  ", target.text_of(&place))), "{text}");
        said.insert(text.rsplit_once(' ').context("no answer")?.1.to_owned());
        cold += usize::from(is_cold);
    }
    assert_eq!(said.len(), 1, "a session has one model, wherever it is loaded");
    Ok((cold, seen.len()))
}

pub(super) async fn a_model_is_cold_once_in_each_worker(target: &Target) -> Result<()> {
    let (sticky, plain) = (twenty(target, true).await?, twenty(target, false).await?);
    match target.kind {
        Kind::App1 => assert_eq!((sticky, plain), ((1, 1), (1, 1))),
        Kind::Local3x1 => assert_eq!((sticky, plain), ((1, 1), (3, 3))),
        Kind::Local1x4 => assert_eq!((sticky, plain), ((4, 4), (4, 4)), "its pod hands connections to its workers in turn"),
        Kind::App4 => assert!(sticky.0 <= 4 && plain.0 <= 4),
    }
    Ok(())
}

/// Whoever holds the socket writes the pieces, whichever worker publishes them.
pub(super) async fn pieces_by_relay(target: &Target) -> Result<()> {
    let client = Client::new(target, false).await?;
    let mut ws = client.session.socket().await?;
    let relay = |from: &str, key: &str| {
        let ask = http::ask(Method::POST, format!("{}/relay{from}", client.session.url("download"))).header("x-sticky-trace", "t-1");
        if key.is_empty() { ask.send() } else { ask.header("idempotency-key", key).send() }
    };
    let (all, holder) = (whole(), ws.at());
    for key in ["", "k-1"] {
        let answer = relay("?from=7", key).await?;
        let (by, mut body) = (answer.place()?, answer.json()?);
        let hops = body["trace"]["hops"].take();
        let kinds: Vec<_> = hops.as_array().context("no hops")?.iter().map(|hop| hop["kind"].as_str().unwrap_or_default()).collect();
        assert_eq!(kinds, ["post", "publish", "answer"]);
        let text = format!("[{}] publishing 5 pieces to {}", target.text_of(&by), target.bus());
        let trace = json!({"id": "t-1", "hops": null});
        let expected = json!({"text": text, "at": target.text_of(&by), "from": 7, "published": 5, "receivers": 1, "cookies": [], "trace": trace});
        assert_eq!((answer.status, body), (200, expected));
        let mut tail = String::new();
        for piece in 7..12 {
            let mut frame = ws.next_json().await?;
            assert_eq!(frame["text"], format!("[{}]  piece {} of 12", ws.identity(), piece + 1), "the holder's identity");
            assert_eq!((&frame["download"]["piece"], &frame["download"]["pieces"]), (&json!(piece), &json!(12)));
            assert_eq!(frame["idempotency_key"].as_str().unwrap_or_default(), key);
            assert_eq!((&frame["trace"]["id"], &frame["trace"]["hops"][0]["to"]), (&json!("t-1"), &json!(holder)));
            tail += frame["download"]["data"].take().as_str().context("no data")?;
        }
        assert!(tail.len() > 1_000 && all.ends_with(&tail));
    }
    // The same key again: no second copy. Only the piece before those of the first time is new.
    assert_eq!(relay("?from=6", "k-1").await?.json()?["published"], 6);
    assert_eq!(ws.next_json().await?["download"]["piece"], 6);
    assert_eq!(ws.echo("x").await?["text"], format!("[{}]  x", ws.identity()), "and nothing else");
    ws.close().await?;

    let nobody = http::ask(Method::POST, target.at(&format!("/download/{}/relay", random::client_id()))).send().await?.json()?;
    assert_eq!((&nobody["from"], &nobody["published"], &nobody["receivers"]), (&json!(0), &json!(12), &json!(0)));
    Ok(())
}

/// A miss is a hop of its own.
pub(super) async fn a_missing_cursor_is_traced(target: &Target) -> Result<()> {
    let url = target.at(&format!("/download/{}/next", random::client_id()));
    let answer = http::ask(Method::POST, url).header("x-sticky-trace", "t-1").send().await?;
    let (place, hops) = (answer.place()?, answer.json()?["trace"]["hops"].take());
    let short: Vec<_> = hops.as_array().context("no hops")?.iter().map(|hop| (&hop["from"], &hop["to"], &hop["kind"])).collect();
    let (door, at) = (json!("door"), json!(place));
    assert_eq!(short, [(&door, &at, &json!("post")), (&at, &Value::Null, &json!("miss")), (&at, &door, &json!("answer"))]);
    Ok(())
}

#[track_caller]
fn refused(answer: &Answer, status: u16, code: &str, what: &str) {
    let got = answer.error_code().unwrap_or_else(|e| panic!("{what}: {e:#}"));
    assert_eq!((answer.status, got.as_str()), (status, code), "{what}: {}", answer.text());
    answer.place().unwrap_or_else(|e| panic!("{what}: {e:#}"));
}

/// They are admitted like the other POST routes; only the body may be left out.
pub(super) async fn use_cases_are_admitted_like_messages(target: &Target) -> Result<()> {
    let id = random::client_id();
    for (route, rest) in [("download", ""), ("download", "/next"), ("download", "/relay"), ("model", "")] {
        let path = |id: &str| target.at(&format!("/{route}/{id}{rest}"));
        let post = || http::ask(Method::POST, path(&id));
        let what = format!("/{route}/ID{rest}");
        let close = if target.kind == Kind::App4 { "close" } else { "" };
        for body in ["", "{}", r#"{"text":"ignored","later":1}"#] {
            let answer = post().header("content-type", "application/json").body(body).send().await?;
            assert_eq!((answer.status, answer.header("cache-control")), (200, "no-store"), "{what} {body}");
            assert!(target.is_local() || answer.header("connection").eq_ignore_ascii_case(close), "{what}: {:?}", answer.headers);
        }
        assert_eq!(post().header("origin", "https://partner.example").send().await?.status, 200, "{what}");
        refused(&post().header("origin", "http://evil.example").send().await?, 403, "foreign-origin", &what);
        refused(&post().body("{}").send().await?, 415, "wrong-content-type", &what);
        refused(&post().header("content-type", "application/json").body("[]").send().await?, 400, "bad-json", &what);
        refused(&post().header("content-type", "application/json").body("x".repeat(17_000)).send().await?, 413, "too-large", &what);
        refused(&post().header("x-sticky-trace", "a b").send().await?, 400, "bad-trace", &what);
        refused(&post().header("idempotency-key", "a b").send().await?, 400, "bad-idempotency-key", &what);
        for bad in ["abc", &id.to_uppercase(), "%00"] {
            refused(&http::ask(Method::POST, path(bad)).send().await?, 400, "bad-id", &format!("{what} {bad}"));
        }
        for method in [Method::GET, Method::PUT, Method::DELETE] {
            let answer = http::ask(method.clone(), path(&id)).send().await?;
            refused(&answer, 405, "wrong-method", &format!("{method} {what}"));
            assert_eq!(answer.header("allow"), "POST", "{what}");
        }
        refused(&http::ask(Method::POST, format!("{}/", path(&id))).send().await?, 404, "not-found", &what);
    }
    for query in ["from=12", "from=-1", "from=", "from=x", "from=1&from=2", "from=99999999999999999999"] {
        for rest in ["", "/relay"] {
            let answer = http::ask(Method::POST, target.at(&format!("/download/{id}{rest}?{query}"))).send().await?;
            refused(&answer, 400, "bad-from", query);
            assert!(answer.error_message()?.contains("0 to 11"), "{}", answer.text());
        }
    }
    Ok(())
}
