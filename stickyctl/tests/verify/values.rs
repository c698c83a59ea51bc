//! `--capture`, `{session}`, `--method`, `--body` and `--follow`: what is sent, what is announced, and what is shown.

use crate::case::{Done, verify};
use crate::reported_asking::{MCP, Proxy, mcp};
use crate::site::{SECRET, Site};
use crate::stub::{Reply, Stub};
use http::Method;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

const SMALL: &[&str] = &["--sessions", "6", "--requests", "3"];

/// A request as a site saw it: method, path, the value of `x-session`, and the body.
type Seen = (Method, String, Option<String>, String);

/// Runs against a stub, and returns the result with every request and upgrade.
async fn seen(flags: &[&str], mut answers: impl FnMut(&crate::stub::Asked) -> Reply + Send + 'static) -> (Done, Vec<Seen>) {
    let all: Arc<Mutex<Vec<Seen>>> = Arc::default();
    let noted = Arc::clone(&all);
    let stub = Stub::new(move |asked| {
        let body = String::from_utf8_lossy(&asked.body).into_owned();
        noted.lock().unwrap().push((asked.method.clone(), asked.path.clone(), asked.header("x-session").map(str::to_owned), body));
        answers(asked)
    });
    let served = stub.serve().await;
    let done = verify(&served, &[flags, SMALL].concat()).await;
    let seen = all.lock().unwrap().clone();
    (done, seen)
}

#[tokio::test]
async fn wrong_calls_say_what_to_write() {
    let site = Site::default().serve().await;
    for (flags, says) in [
        (&["--capture", "header:x"][..], "has no name"),
        (&["--capture", "session=header:x"], "use another name"),
        (&["--capture", "SID=header:set-cookie"], "kept and sent back"),
        (&["--capture", "SID=header:x"], "no later request contains {SID}"),
        (&["--capture", "A=header:x", "--capture", "A=header:y", "--path", "/{A}"], "two captures have the name A"),
        (&["--path", "/{SID}"], "unknown value {SID}: the known ones are {session}, and --capture adds more"),
        (&["--first", "/{sid}", "--capture", "SID=header:x"], "the known ones are {session}, {SID}"),
        (&["/{SID}", "--capture", "SID=header:x"], "--first PATH"),
        (&["--capture", "SID=header:x", "--first", "/{SID}", "--path", "/{SID}"], "first request can't contain {SID}"),
        (&["--ws-url", "/ws/{SID}"], "--ws-url: unknown value {SID}"),
        (&["--ws-url", "/ws", "--ws-send", "{SID}"], "--ws-send: unknown value {SID}"),
        (&["--body", "user=x"], "write @FILE"),
        (&["--body", "@/nowhere"], "the body of later requests from /nowhere"),
        (&["--body", "@tests/verify/asking/login.txt", "--header", "@tests/verify/asking/session.txt"], "unknown value in braces"),
        (&["--method", "TRACE"], "possible values"),
        (&["--method", "HEAD", "--pod-identity", "json:/pod"], "HEAD"),
    ] {
        let done = verify(&site, flags).await;
        assert!(done.code == Some(2) && done.stderr.contains(says) && done.stdout.is_empty(), "{flags:?}: {:?} {}", done.code, done.stderr);
    }
    assert_eq!(site.state.counts(), (0, 0), "it sent requests nevertheless");
}

/// A captured value is the key to a session.
#[tokio::test]
async fn captured_values_are_in_no_output() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (page, junit) = (file("a.html"), file("a.xml"));
    let answers = |asked: &crate::stub::Asked| {
        let reply = Reply::pod(asked.number % 3, asked);
        match asked.path.as_str() {
            "/start" => reply.header("x-session", SECRET),
            // A redirect that names no pod is reported with where it leads.
            _ if asked.number.is_multiple_of(4) => Reply::new(302).header("location", format!("/login/{SECRET}?back={SECRET}")),
            _ => reply,
        }
    };
    let flags =
        ["/a/{SID}/b?key={SID}", "--first=/start", "--capture=SID=header:x-session", "--path=/b;x={SID}", "--report", &page, "--junit-file", &junit];
    let (done, seen) = seen(&flags, answers).await;
    let files = [&page, &junit].map(|path| std::fs::read_to_string(path).unwrap());
    for text in [&done.stdout, &done.stderr, &files[0], &files[1]] {
        assert!(!text.contains(SECRET), "{text}");
    }
    assert_eq!(done.report["plan"]["paths"], serde_json::json!(["/start", "/a/{SID}/b?key={SID}", "/b;x={SID}"]));
    assert_eq!(done.report["plan"]["values"], serde_json::json!(["{SID}"]));
    assert!(done.report["command"].as_str().unwrap().contains("/a/{SID}/b?key={SID}"), "{}", done.report["command"]);
    assert!(done.stdout.contains("/login/{SID}?back=***"), "{}", done.details());
    assert!(seen.iter().any(|(_, path, ..)| *path == format!("/a/{SECRET}/b?key={SECRET}")) && seen.iter().all(|(_, path, ..)| !path.contains('{')));
    let (done, _) = self::seen(&[&["--show-values"], &flags[..4]].concat(), answers).await;
    assert!(!done.stdout.contains(SECRET), "not even then");
}

/// Controls are like first requests, because a server would reject a made-up session; the others carry their own session's value.
#[tokio::test]
async fn who_sends_which_value() {
    let flags = ["--capture=SID=header:x-session", "--header=@tests/verify/asking/session.txt", "--first-body=@tests/verify/asking/join.json"];
    let flags = [&flags[..], &["--method=PATCH", "--body=@tests/verify/asking/join.json", "--path=/b?s={session}"]].concat();
    let (done, seen) = seen(&flags, |asked| {
        let reply = Reply::pod(asked.number % 3, asked);
        if asked.method == Method::POST { reply.header("x-session", format!("id-{}", asked.number)) } else { reply }
    })
    .await;
    let body = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap()["session_hash"].as_str().unwrap().to_owned();
    let (first, later): (Vec<&Seen>, Vec<&Seen>) = seen.iter().partition(|(method, ..)| *method == Method::POST);
    // 6 sessions, 12 controls, 12 requests without what a session carries, 8 parallel first ones, and 1 + 8 with a made-up cookie. Later ones: 18, 3 after each of those, and 6 past caches,
    // one for each session that moved.
    assert_eq!((first.len(), later.len()), (47, 18 + 3 + 3 + 3 + 6), "{}", done.details());
    assert!(first.iter().all(|(_, path, id, _)| path == "/" && id.is_none()));
    assert_eq!(first.iter().map(|(.., text)| body(text)).collect::<BTreeSet<_>>().len(), first.len() - 2 * 7, "only parallel ones share theirs");
    assert!(later.iter().all(|(method, _, id, _)| *method == Method::PATCH && id.as_ref().is_some_and(|id| id.starts_with("id-"))));
    for (_, path, id, text) in &later {
        let own = body(text);
        let page = path.split_once("?stickyctl=").map_or(path.clone(), |(page, rest)| match rest.split_once('&') {
            Some((_, query)) => format!("{page}?{query}"),
            None => page.to_owned(),
        });
        assert!(page == "/" || page == format!("/b?s={own}"), "{path}");
        assert!(later.iter().all(|(_, _, other, text)| (other == id) == (body(text) == own)), "a session keeps its values");
    }
}

#[tokio::test]
async fn the_plan_counts_every_request() {
    for (stub, flags, wanted) in [
        // As without captures: 142 at most, and 74 if sessions stay.
        (mcp(Proxy::Learns), MCP, (142, 74)),
        (redirects(3), &["--first=/r/0", "--follow"], (372, 143)),
        (redirects(12), &["--first=/r/0", "--follow"], (372, 304)),
        (redirects(3), &["--first=/r/0"], (142, 74)),
    ] {
        let served = stub.serve().await;
        let done = verify(&served, &[flags, SMALL].concat()).await;
        let counted = (done.report["plan"]["probes"].as_u64().unwrap(), served.state.counts().0);
        assert_eq!(counted, wanted, "{flags:?}: {} {}", done.details(), done.stderr);
        assert!(done.stderr.contains(&format!("{} of at most {}", counted.1, counted.0)), "{}", done.stderr);
    }
}

/// A site whose path `/r/0` leads over so many redirects to `/`, where a cookie picks the pod.
fn redirects(count: u64) -> Stub {
    Stub::new(move |asked| match asked.path.strip_prefix("/r/").and_then(|n| n.parse::<u64>().ok()) {
        Some(n) if n + 1 < count => Reply::new(302).header("location", format!("{}", n + 1)),
        Some(_) => Reply::new(302).header("location", "/"),
        None => {
            let pod = asked.number_in("pod").unwrap_or(asked.number % 3);
            Reply::pod(pod, asked).cookie(format!("pod={pod}; Path=/"))
        }
    })
}

#[tokio::test]
async fn redirects_that_are_not_followed_say_why() {
    for (location, flags, says) in [
        (
            "https://login.example/?token=secret",
            &["--follow"][..],
            "302 redirect to https://login.example/?token=***, which is not followed, because it leads to another scheme, host or port",
        ),
        ("/", &["--follow"], "more than 10 redirects"),
        ("/", &[], "302 redirect to /, which is not followed"),
    ] {
        let done = verify(&Stub::new(move |_| Reply::new(302).header("location", location)).serve().await, flags).await;
        assert_eq!(done.code, Some(6), "{}", done.details());
        assert!(done.details().contains(says), "{flags:?}: {}", done.details());
    }
}

/// Sockets with a session's value: nobody can begin with one.
#[tokio::test]
async fn sockets_of_a_captured_session() {
    let known = |asked: &crate::stub::Asked| {
        let by_path = asked.path.strip_prefix("/ws/").map(str::to_owned);
        let id = by_path.or_else(|| asked.header("x-session").map(str::to_owned));
        match id.as_deref().map(|id| id.trim_start_matches("id-").parse::<u64>()) {
            Some(Ok(id)) => Reply::pod(id % 3, asked),
            Some(Err(_)) => Reply::new(404),
            None => Reply::pod(asked.number % 3, asked).header("x-session", format!("id-{}", asked.number)),
        }
    };
    let flags = ["--capture=SID=header:x-session", "--header=@tests/verify/asking/session.txt", "--ws-url=/ws/{SID}", "--idle", "100ms"];
    let stub = Stub::new(known).serve().await;
    let done = verify(&stub, &flags).await;
    assert_eq!((done.code, done.reasons()), (Some(0), vec![]), "{}", done.details());
    assert_eq!(done.scenario("stick-ws").1, "15 of 15 sockets reached their session's pod");
    assert_eq!(done.scenario("ws-first"), ("skip".to_owned(), "no session can begin with a socket: it needs a value from a first answer".to_owned()));
    assert_eq!(done.scenario("idle").0, "pass");
    assert!(done.scenario("attribution").1.ends_with("stayed without {SID}: {SID} holds them"), "{:?}", done.scenario("attribution"));
    assert_eq!(done.scenario("dead-cookie").1, "no answer set a cookie; the session is in {SID}");
    assert_eq!(done.report["plan"]["sockets"], 15 + 15 + 4);
}

/// A cookie of a file may be fresh for each session, too.
#[tokio::test]
async fn a_cookie_with_a_session_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cookies");
    std::fs::write(&path, "device={session}\nprefs={\"a\":{b}}\n").unwrap();
    let all: Arc<Mutex<BTreeSet<Vec<u8>>>> = Arc::default();
    let noted = Arc::clone(&all);
    let stub = Stub::new(move |asked| {
        let Some(device) = asked.cookie("device") else { return Reply::pod(asked.number % 3, asked) };
        assert_eq!(asked.cookie("prefs").unwrap(), b"{\"a\":{b}}", "braces that name nothing stay");
        noted.lock().unwrap().insert(device.clone());
        Reply::pod(device.iter().map(|byte| u64::from(*byte)).sum::<u64>() % 3, asked)
    });
    let done = verify(&stub.serve().await, &["--cookie", &format!("@{}", path.display()), "--sessions", "30", "--skip", "dead-cookie"]).await;
    assert_eq!((done.code, done.reasons()), (Some(0), vec![]), "{}", done.details());
    let devices = all.lock().unwrap().clone();
    assert_eq!((devices.len(), devices.iter().all(|device| device.len() == 12 && !device.contains(&b'{'))), (31, true));
}
