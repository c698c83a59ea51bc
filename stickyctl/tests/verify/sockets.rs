//! Sockets that are elsewhere, that do not open, and that end.

use crate::case::{Case, all, all_at_once, not_sticky, sticky, unclear, verify};
use crate::site::{Ends, Site, Upgrade};

fn with(upgrade: Upgrade) -> Site {
    Site { upgrade, ..Site::default() }
}

fn ending(ends: Ends) -> Site {
    Site { ends, ..Site::default() }
}

const SOCKET: &[&str] = &["--ws-url", "/ws"];
/// Only silent sockets, so that no other ends beside them.
const IDLE: &[&str] = &["--ws-url", "/ws", "--idle", "3s", "--skip", "stick-ws,ws-first"];

pub const CASES: &[Case] = &[
    not_sticky("a rule of its own without affinity", || with(Upgrade::Elsewhere), &["socket-elsewhere"]).with(SOCKET).beside(&["pods-replaced"]),
    not_sticky("pods of its own", || with(Upgrade::OwnPods), &["socket-elsewhere"]).with(SOCKET).beside(&["pods-replaced"]),
    unclear("pods replaced before the sockets", || Site { replaced_at_upgrade: Some(11), ..Site::default() }, &["pods-replaced"])
        .with(SOCKET)
        .beside(&["socket-elsewhere"]),
    unclear("no socket there", || with(Upgrade::Refused), &["upgrade-failed"]).with(SOCKET).beside(&["transport"]),
    // Nobody asked for its sockets.
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
    sticky("one cut", || ending(Ends::CutOne(90))).with(SOCKET).tells(&["socket-lost"]).beside(&["proxy-recycled", "goodbye", "pod-terminated"]),
    unclear("pods that die with their sockets", || Site { replaced_after: Some(90), ..ending(Ends::Cut(91)) }, &["pods-replaced", "pod-terminated"])
        .with(&["--ws-url", "/ws", "--skip", "stick-ws"])
        .beside(&["proxy-recycled"]),
];

pub const SILENT: &[Case] = &[
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

/// What ended came back where it was, and that is told.
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
    assert!(silent.detail("idle-timeout").starts_with("4 of 4 silent sockets ended without a goodbye after "), "{}", silent.details());
}
