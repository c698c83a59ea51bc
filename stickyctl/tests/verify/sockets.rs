//! Sockets that reach another pod, do not open, or end.

use crate::case::{Case, all, all_at_once, not_sticky, sticky, unclear, verify};
use crate::site::{Ends, Site, Upgrade};

fn with(upgrade: Upgrade) -> Site {
    Site { upgrade, ..Site::default() }
}

fn ending(ends: Ends) -> Site {
    Site { ends, ..Site::default() }
}

const SOCKET: &[&str] = &["--ws-url", "/ws"];
/// Only silent sockets, so that no other socket ends at the same time.
const IDLE: &[&str] = &["--ws-url", "/ws", "--idle", "3s", "--skip", "stick-ws,ws-first"];

pub(crate) const CASES: &[Case] = &[
    not_sticky("a rule of its own without affinity", || with(Upgrade::Elsewhere), &["socket-elsewhere"]).with(SOCKET).beside(&["pods-replaced"]),
    not_sticky("pods of its own", || with(Upgrade::OwnPods), &["socket-elsewhere"]).with(SOCKET).beside(&["pods-replaced"]),
    unclear("pods replaced before the sockets", || Site { replaced_at_upgrade: Some(11), ..Site::default() }, &["pods-replaced"])
        .with(SOCKET)
        .beside(&["socket-elsewhere"]),
    unclear("no socket there", || with(Upgrade::Refused), &["upgrade-failed"]).with(SOCKET).beside(&["transport"]),
    // Its sockets were not to be tested.
    sticky("not asked", || with(Upgrade::Elsewhere)).beside(&["socket-elsewhere"]),
    sticky("only texts say who it is", || with(Upgrade::ByText)).with(&[
        "--ws-url",
        "/ws",
        "--ws-send",
        "who",
        "--pod-identity",
        r#"regex:"host": ?"([^"]+)"#,
    ]),
    sticky("a goodbye to all", || ending(Ends::Goodbye(90))).with(SOCKET).tells(&["goodbye"]).beside(&["proxy-recycled", "socket-lost"]),
    sticky("all cut at one moment", || ending(Ends::Cut(90))).with(SOCKET).tells(&["proxy-recycled"]).beside(&[
        "goodbye",
        "socket-lost",
        "idle-timeout",
        "pod-terminated",
        "socket-elsewhere",
    ]),
    // More than this run reads: the site did not end the socket.
    sticky("a message of 300 KiB to all", || ending(Ends::TooMuch(90))).with(SOCKET).beside(&["proxy-recycled", "socket-lost", "goodbye"]),
    sticky("one cut", || ending(Ends::CutOne(90))).with(SOCKET).tells(&["socket-lost"]).beside(&["proxy-recycled", "goodbye", "pod-terminated"]),
    unclear("pods that die with their sockets", || Site { replaced_after: Some(90), ..ending(Ends::Cut(91)) }, &["pods-replaced", "pod-terminated"])
        .with(&["--ws-url", "/ws", "--skip", "stick-ws"])
        .beside(&["proxy-recycled"]),
];

pub(crate) const SILENT: &[Case] = &[
    sticky("cut after a second of silence", || ending(Ends::Idle(1_000))).with(IDLE).tells(&["idle-timeout"]),
    sticky("pings keep it open", || ending(Ends::IdleWithPings(1_000))).with(IDLE).beside(&["idle-timeout"]),
    sticky("a longer timer", || ending(Ends::Idle(60_000))).with(IDLE).beside(&["idle-timeout"]),
];

#[tokio::test]
async fn sockets() {
    all(CASES).await;
}

#[tokio::test]
async fn silent_sockets() {
    all_at_once(SILENT).await;
}

/// Sockets that ended came back to their pod, and the reason says so.
#[tokio::test]
async fn sockets_that_ended_come_back() {
    for (ends, why, word) in [(Ends::Cut(90), "proxy-recycled", "proxy-recycled"), (Ends::Goodbye(90), "goodbye", "goodbye")] {
        let done = verify(&ending(ends).serve().await, SOCKET).await;
        assert_eq!(done.report["socket_ends"][why], 10, "{}", done.report["socket_ends"]);
        assert!(done.detail(word).contains("10 of 10 came back to their pod"), "{}", done.details());
    }
    let silent = verify(&ending(Ends::Idle(800)).serve().await, &["--ws-url", "/ws", "--only", "idle", "--idle", "2s"]).await;
    assert_eq!(
        (silent.report["socket_ends"]["idle-timeout"].as_u64(), silent.scenario("idle").0.as_str()),
        (Some(4), "fail"),
        "{}",
        silent.details()
    );
    assert!(silent.detail("idle-timeout").starts_with("4 of 4 silent sockets ended without a close frame after "), "{}", silent.details());
}

/// Sockets that sessions begin with are held open, and an idle timeout ends each after the same silence: one by one, as they were opened.
#[tokio::test]
async fn a_timer_is_told_from_a_proxy_that_goes() {
    let done = verify(&ending(Ends::Idle(1_500)).serve().await, &["--ws-url", "/ws", "--duration", "4s", "--skip", "stick-ws"]).await;
    assert_eq!((&done.report["socket_ends"]["idle-timeout"], done.reasons()), (&10.into(), vec!["idle-timeout"]), "{}", done.details());
    // However fast the run is, they are far enough apart for a timeout to be recognised.
    let site = Site::default().serve().await;
    verify(&site, &["--ws-url", "/ws", "--skip", "stick-ws"]).await;
    let upgraded = site.state.upgraded.lock().unwrap();
    let apart: Vec<u128> = upgraded.windows(2).map(|two| (two[1] - two[0]).as_millis()).collect();
    // A delayed request may arrive slightly sooner after the one before it.
    assert!(apart.len() == 9 && apart.iter().all(|ms| *ms >= 25), "{apart:?}");
}

/// A page's socket on another host is opened as browsers do: with that host's name, and the page's origin.
#[tokio::test]
async fn a_socket_on_another_host() {
    let (page, other) = (Site { host: Some("shop.example"), ..Site::default() }, Site { host: Some("127.0.0.1"), ..Site::default() });
    let (mut page, other) = (page.serve().await, other.serve().await);
    let address = page.url.trim_start_matches("http://shop.example").trim_end_matches('/').to_owned();
    page.url = format!("http://localhost{address}/");
    let socket = format!("{}ws", other.url.replacen("http", "ws", 1));
    page.flags = vec!["--host=shop.example".to_owned(), format!("--ws-url={socket}")];
    let done = verify(&page, &[]).await;
    assert_eq!(*other.state.origins.lock().unwrap(), [format!("http://shop.example{address}")].into(), "{}", done.stderr);
    // Upgrades with the page's name would have been refused.
    assert!(!done.details().contains("status 404"), "{}", done.details());
    // If it is the page's host, --host is the socket's name, too.
    page.flags = vec!["--host=shop.example".to_owned(), format!("--ws-url=ws://localhost{address}/ws")];
    let done = verify(&page, &[]).await;
    assert_eq!((done.code, done.reasons()), (Some(0), vec![]), "{}", done.details());
}
