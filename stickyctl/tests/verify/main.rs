//! `stickyctl verify` against sites that misbehave: the right verdict and the right reason on each, and its neighbour's not.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod schema;
mod site;
mod told;

use serde_json::Value;
use site::{Affinity, Balance, Site, Upgrade};
use std::process::Stdio;
use tokio::process::Command;

/// How a call ended.
struct Done {
    code: Option<i32>,
    report: Value,
    stderr: String,
}

async fn verify(url: &str, flags: &[&str]) -> Done {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stickyctl"));
    command.args(["verify", url, "-o", "json", "--rate", "2000", "--worker-identity", "header:x-worker"]);
    if !flags.contains(&"--pod-identity") {
        command.args(["--pod-identity", "header:x-pod"]);
    }
    let done = command.args(flags).env_clear().stdin(Stdio::null()).output().await.unwrap();
    let stderr = String::from_utf8_lossy(&done.stderr).into_owned();
    Done { code: done.status.code(), report: serde_json::from_slice(&done.stdout).unwrap_or_default(), stderr }
}

/// Asks a site and compares exit code, verdict and first reason.
async fn finds(name: &str, site: Site, flags: &[&str], wanted: (i32, &str, Option<&str>)) {
    let done = verify(&site.serve().await, flags).await;
    let reason = done.report["reasons"][0]["code"].as_str();
    let seen = (done.code.unwrap(), done.report["verdict"].as_str().unwrap_or_default(), reason);
    assert_eq!(seen, wanted, "{name}: {} {}", done.report, done.stderr);
}

const STICKY: (i32, &str, Option<&str>) = (0, "sticky", None);

const fn not(code: &'static str) -> (i32, &'static str, Option<&'static str>) {
    (3, "not-sticky", Some(code))
}

const fn unclear(code: &'static str) -> (i32, &'static str, Option<&'static str>) {
    (6, "inconclusive", Some(code))
}

fn without(balance: Balance) -> Site {
    Site { affinity: Affinity::Nothing, cookie: None, balance, ..Site::default() }
}

#[tokio::test]
async fn affinity_and_none() {
    finds("persistent", Site::default(), &[], STICKY).await;
    finds("ring", Site { affinity: Affinity::Ring, ..Site::default() }, &[], STICKY).await;
    finds("persistent over random", Site { balance: Balance::Random, ..Site::default() }, &[], STICKY).await;
    finds("hash of a foreign cookie", Site { affinity: Affinity::HashOfForeignCookie, ..Site::default() }, &[], not("bound-late")).await;
    finds("by connection", Site { affinity: Affinity::Connection, cookie: None, ..Site::default() }, &[], not("no-affinity-cookie")).await;
    finds("by source", Site { affinity: Affinity::Source, cookie: None, ..Site::default() }, &[], unclear("single-backend-path")).await;
    finds("a cookie that decides nothing", Site { affinity: Affinity::Nothing, ..Site::default() }, &[], not("cookie-not-honoured")).await;
}

/// With numbers of sessions that are multiples of the pods: in order each would stay where it was.
#[tokio::test]
async fn no_affinity_whatever_the_balance() {
    for (name, balance, pods) in [
        ("turns over 3", Balance::Turns, 3),
        ("turns over 2", Balance::Turns, 2),
        ("turns over 5", Balance::Turns, 5),
        ("weighted", Balance::Weighted(&[3, 2, 1]), 3),
        ("random", Balance::Random, 3),
    ] {
        for sessions in ["30", "6"] {
            finds(name, Site { pods, ..without(balance) }, &["--sessions", sessions], not("no-affinity-cookie")).await;
        }
    }
}

#[tokio::test]
async fn cookies_that_do_not_come_back() {
    let with = |attributes| Site { cookie: Some(attributes), ..Site::default() };
    finds("path", with("Path=/other"), &[], not("cookie-path-mismatch")).await;
    finds("a rule's pattern as path", with("Path=/(.*)"), &[], not("cookie-path-mismatch")).await;
    finds("Secure over http", with("Path=/; Secure"), &[], unclear("secure-over-http")).await;
    finds("Max-Age=0", with("Path=/; Max-Age=0"), &[], not("born-expired")).await;
    finds("Max-Age=-1", with("Path=/; Max-Age=-1"), &[], not("born-expired")).await;
    finds("a date that has passed", with("Path=/; Expires=Fri, 27-Nov-20 09:00:00 GMT"), &[], not("born-expired")).await;
    finds("another domain", with("Path=/; Domain=other.example"), &[], not("cookie-domain-mismatch")).await;
    // Neighbours that must not trigger.
    finds("a life ahead", with("Path=/; Max-Age=60; Expires=Fri, 27-Nov-20 09:00:00 GMT"), &[], STICKY).await;
    finds("its own domain", with("Path=/; Domain=shop.example"), &["--host", "shop.example"], STICKY).await;
}

#[tokio::test]
async fn a_prefix_is_no_path() {
    let site = Site { cookie: Some("Path=/app"), ..Site::default() };
    let url = site.serve().await;
    let done = verify(&format!("{url}apple"), &[]).await;
    assert_eq!(done.report["reasons"][0]["code"], "cookie-path-mismatch", "{}", done.report);
    let done = verify(&format!("{url}app/le"), &[]).await;
    assert_eq!(done.report["verdict"], "sticky", "{}", done.report);
}

#[tokio::test]
async fn slow_faults() {
    finds("1 in 15", Site { leak: Some(15), ..Site::default() }, &[], not("leaks")).await;
    finds("1 in 200", Site { leak: Some(200), ..Site::default() }, &["--max-move-rate", "0.05%", "--yes"], not("leaks")).await;
    finds("1 in 200 is within 5 %", Site { leak: Some(200), ..Site::default() }, &["--max-move-rate", "5%"], STICKY).await;
    finds("pods replaced in the middle", Site { replaced_after: Some(200), ..Site::default() }, &[], unclear("pods-replaced")).await;
}

#[tokio::test]
async fn answers_that_say_nothing() {
    finds("502 now and then", Site { errors: Some(40), ..Site::default() }, &[], STICKY).await;
    finds("502 often", Site { errors: Some(3), ..Site::default() }, &[], unclear("error-rate")).await;
    finds("a cache", Site { cached: true, ..Site::default() }, &[], unclear("cached")).await;
    finds("a request's id", Site { fresh_identity: true, ..Site::default() }, &[], unclear("identity-unstable")).await;
    finds("no identity", Site { silent: true, ..Site::default() }, &[], unclear("no-identity")).await;
    finds("one pod", Site { pods: 1, ..Site::default() }, &[], unclear("single-backend-path")).await;
    finds(
        "90/5/5",
        Site { balance: Balance::Weighted(&[90, 5, 5]), affinity: Affinity::Source, cookie: None, ..Site::default() },
        &[],
        unclear("single-backend-path"),
    )
    .await;
    finds("two sessions", Site::default(), &["--sessions", "2", "--requests", "2"], unclear("too-few-probes")).await;
    let done = verify("http://127.0.0.1:1/", &["--timeout", "1s"]).await;
    assert_eq!((done.code, done.report["reasons"][0]["code"].as_str()), (Some(6), Some("transport")), "{}", done.report);
}

#[tokio::test]
async fn sockets() {
    let socket = &["--ws-url", "/ws"][..];
    let with = |upgrade| Site { upgrade, ..Site::default() };
    finds("as requests", with(Upgrade::AsRequests), socket, STICKY).await;
    finds("no cookie on the 101", with(Upgrade::WithoutCookie), socket, not("no-cookie-on-upgrade")).await;
    finds("a rule of its own without affinity", with(Upgrade::Elsewhere), socket, not("socket-elsewhere")).await;
    finds("no socket there", with(Upgrade::Refused), socket, unclear("upgrade-failed")).await;
    // Nobody asked for its sockets.
    finds("not asked", with(Upgrade::Elsewhere), &[], STICKY).await;
    let by_text = ["--ws-url", "/ws", "--ws-send", "who", "--pod-identity", r#"regex:"host": "([^"]+)"#];
    finds("only texts say who it is", with(Upgrade::ByText), &by_text, STICKY).await;
}

/// A scenario's outcome and detail.
fn scenario(report: &Value, name: &str) -> (String, String) {
    let one = report["scenarios"].as_array().unwrap().iter().find(|one| one["name"] == name).unwrap();
    (one["outcome"].as_str().unwrap().to_owned(), one["detail"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn sessions_that_begin_oddly() {
    for (affinity, became) in [(Affinity::Persistent, "replaced at once"), (Affinity::Ring, "taken for a key, and not replaced")] {
        let done = verify(&Site { affinity, ..Site::default() }.serve().await, &[]).await;
        let (outcome, detail) = scenario(&done.report, "parallel-first");
        assert!(outcome == "pass" && detail.starts_with("8 at once reached "), "{affinity:?}: {detail}");
        assert_eq!(scenario(&done.report, "dead-cookie"), ("pass".to_owned(), became.to_owned()), "{affinity:?}");
    }
    let done = verify(&without(Balance::Turns).serve().await, &[]).await;
    for name in ["parallel-first", "dead-cookie"] {
        assert_eq!(scenario(&done.report, name), ("skip".to_owned(), "needs stick-http".to_owned()));
    }
}

#[tokio::test]
async fn workers_are_judged_by_themselves() {
    let done = verify(&Site { workers: 4, ..Site::default() }.serve().await, &[]).await;
    assert_eq!((done.code, &done.report["verdict"], &done.report["workers"]), (Some(0), &"sticky".into(), &"not-sticky".into()), "{}", done.report);
    assert_eq!(done.report["reasons"][0]["code"], "worker-not-sticky");
    let done = verify(&Site { workers: 4, pods: 1, ..Site::default() }.serve().await, &[]).await;
    assert_eq!((&done.report["verdict"], &done.report["workers"]), (&"inconclusive".into(), &"not-sticky".into()), "{}", done.report);
}

/// Somebody else's app: a host name in a header, in JSON, in plain text.
#[tokio::test]
async fn identities_of_strangers() {
    let url = Site::default().serve().await;
    for identity in ["header:X-Pod", r"regex:Hostname: (\S+)", r#"regex:"host": "([^"]+)"#] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_stickyctl"));
        let done =
            command.args(["verify", &url, "--pod-identity", identity, "--rate", "2000"]).env_clear().stdin(Stdio::null()).output().await.unwrap();
        let text = String::from_utf8_lossy(&done.stdout).into_owned();
        assert!(done.status.code() == Some(0) && text.contains("STICKY    pods: sticky") && text.contains("web-1-0"), "{identity}: {text}");
        assert!(text.contains("value redacted") && !text.contains("route="), "{text}");
    }
}

/// Never more than the plan says.
#[tokio::test]
async fn the_plan_counts_every_request() {
    let done = verify(&Site::default().serve().await, &["--sessions", "6", "--requests", "3", "--seed", "5"]).await;
    let plan = &done.report["plan"];
    assert_eq!((&plan["sessions"], &plan["requests"], &plan["controls"], &plan["probes"]), (&6.into(), &3.into(), &12.into(), &62.into()));
    assert!(done.stderr.contains("62 requests and 0 sockets, seed 5"), "{}", done.stderr);
}
