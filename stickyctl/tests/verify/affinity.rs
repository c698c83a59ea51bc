//! Sites with every kind of affinity, and sites without any, whatever their load balancing.

use crate::case::{Case, all, not_sticky, sticky, unclear, verify};
use crate::site::{Affinity, Balance, Proxies, Site};

fn without(balance: Balance) -> Site {
    Site { affinity: Affinity::Nothing, cookie: None, balance, ..Site::default() }
}

const NONE: &[&str] = &["no-affinity-cookie"];
const WEIGHTS: Balance = Balance::Weighted(&[5, 3, 1]);

pub(crate) const CASES: &[Case] = &[
    sticky("persistent", Site::default).beside(&["no-affinity-cookie", "cookie-not-honoured", "bound-late", "pods-replaced"]),
    sticky("ring", || Site { affinity: Affinity::Ring, ..Site::default() }).beside(&["leaks", "bound-late"]),
    sticky("persistent over random", || Site { balance: Balance::Random, ..Site::default() }).with(&["--sessions", "30"]),
    sticky("persistent over weights", || Site { balance: WEIGHTS, ..Site::default() }).with(&["--sessions", "30"]),
    sticky("persistent over the fewest connections", || Site { balance: Balance::LeastConnections, latency: 2, ..Site::default() })
        .with(&["--sessions", "30"]),
    sticky("persistent over kept connections", || Site { balance: Balance::KeptConnections, latency: 2, ..Site::default() })
        .with(&["--sessions", "30"]),
    // Staying on a pod that gets one request in twenty is not chance.
    sticky("persistent over 90/5/5", || Site { balance: Balance::Weighted(&[90, 5, 5]), ..Site::default() })
        .with(&["--sessions", "30", "--requests", "12"])
        .beside(&["unbalanced-control", "single-backend-path", "not-by-cookie"]),
    unclear("two pods that have just come", || Site { balance: Balance::SlowStart(40), ..Site::default() }, &["unbalanced-control"]),
    not_sticky("hash of a foreign cookie", || Site { affinity: Affinity::HashOfForeignCookie, ..Site::default() }, &["bound-late"]),
    not_sticky("a cookie that decides nothing", || Site { affinity: Affinity::Nothing, ..Site::default() }, &["cookie-not-honoured"]).beside(&[
        "leaks",
        "bound-late",
        "no-affinity-cookie",
    ]),
    not_sticky("one later request shows no second binding", || Site { affinity: Affinity::Nothing, ..Site::default() }, &["cookie-not-honoured"])
        .with(&["--sessions", "30", "--requests", "1"])
        .beside(&["bound-late"]),
    not_sticky("by the path, where three are asked", || Site { affinity: Affinity::Path, pods: 5, ..Site::default() }, &["paths-disagree"])
        .with(&["--path", "/a", "--path", "/b"])
        .beside(&["cached"]),
    sticky("by the cookie on three paths", Site::default).with(&["--path", "/a", "--path", "/b"]).beside(&["paths-disagree"]),
    unclear("by the path, where one is asked", || Site { affinity: Affinity::Path, ..Site::default() }, &["single-backend-path"]),
    unclear("by the one address", || Site { affinity: Affinity::Source, cookie: None, ..Site::default() }, &["single-backend-path"])
        .beside(&["not-by-cookie"]),
    unclear("by each of two addresses", || Site { affinity: Affinity::Source, ..Site::default() }, &["not-by-cookie"])
        .with(&["--source-ip", "127.0.0.1", "--source-ip", "127.0.0.2", "--sessions", "30", "--requests", "8"])
        .beside(&["single-backend-path"]),
    unclear("by each of two addresses, and few requests", || Site { affinity: Affinity::Source, ..Site::default() }, &["not-by-cookie"]).with(&[
        "--source-ip",
        "127.0.0.1",
        "--source-ip",
        "127.0.0.2",
        "--sessions",
        "60",
        "--requests",
        "2",
    ]),
    sticky("by cookie from two addresses", Site::default).with(&["--source-ip", "127.0.0.1", "--source-ip", "127.0.0.2"]).beside(&["not-by-cookie"]),
    // A proxy uses one connection to one pod for one client at a time, and several for eight parallel clients.
    not_sticky("by the proxy's own kept connections", || Site { latency: 3, ..without(Balance::KeptConnections) }, NONE),
    unclear("the same, one request at a time", || Site { serial: true, ..without(Balance::KeptConnections) }, &["single-backend-path"]),
    not_sticky("1 in 15 elsewhere", || Site { leak: Some(15), ..Site::default() }, &["leaks"])
        .with(&["--sessions", "30", "--requests", "12"])
        .beside(&["cookie-not-honoured"]),
    not_sticky("1 in 200 elsewhere", || Site { leak: Some(200), ..Site::default() }, &["leaks"]).with(&["--max-move-rate", "0.1%"]),
    sticky("1 in 60 is within 5 %", || Site { leak: Some(60), ..Site::default() })
        .with(&["--max-move-rate", "5%", "--sessions", "30", "--requests", "12"])
        .beside(&["leaks", "parallel-unsettled", "rate-undecided"]),
    // Six of 360 cannot be distinguished from 2%.
    unclear("1 in 60 may be within 2 %", || Site { leak: Some(60), ..Site::default() }, &["rate-undecided"])
        .with(&["--max-move-rate", "2%", "--sessions", "30", "--requests", "12"])
        .beside(&["too-few-probes", "leaks"]),
    not_sticky("every cookie means another pod from some moment on", || Site { rehashed_after: Some(90), ..Site::default() }, &["leaks"])
        .beside(&["cookie-not-honoured"]),
    not_sticky("a pod joins a ring", || Site { affinity: Affinity::Ring, joined_after: Some(90), ..Site::default() }, &["leaks"])
        .with(&["--sessions", "30"])
        .beside(&["pods-replaced", "cookie-not-honoured"]),
    unclear("pods replaced in the middle", || Site { replaced_after: Some(80), ..Site::default() }, &["pods-replaced"]).beside(&["leaks"]),
    // New users are not bound; those who already had a cookie are.
    not_sticky(
        "a table without room",
        || Site { affinity: Affinity::NeverReplaced, table: 30, ..Site::default() },
        &["parallel-unsettled", "dead-cookie-unsettled"],
    ),
    sticky("a table with room", || Site { affinity: Affinity::NeverReplaced, table: 400, ..Site::default() })
        .tells(&["dead-cookie-unsettled"])
        .beside(&["parallel-unsettled"]),
    sticky("a value that nobody issued is replaced", Site::default).beside(&["dead-cookie-unsettled"]),
    not_sticky("two proxies that disagree", || Site { proxies: Proxies::Disagree, ..Site::default() }, &["proxy-disagreement"]),
    sticky("two proxies that agree", || Site { proxies: Proxies::Agree, ..Site::default() }).beside(&["proxy-disagreement"]),
    not_sticky("two proxies that know their own values", || Site { proxies: Proxies::OwnValues, ..Site::default() }, &["cookie-not-honoured"])
        .beside(&["proxy-disagreement"]),
    not_sticky(
        "two proxies, and one request by each",
        || Site { affinity: Affinity::Nothing, proxies: Proxies::Agree, ..Site::default() },
        &["cookie-not-honoured"],
    )
    .with(&["--sessions", "30", "--requests", "1"])
    .beside(&["proxy-disagreement"]),
    unclear("two sessions", Site::default, &["too-few-probes"]).with(&["--sessions", "2", "--requests", "2"]),
    sticky("enough of them", Site::default).beside(&["too-few-probes"]),
];

#[tokio::test]
async fn the_first_half() {
    all(&CASES[..CASES.len() / 2]).await;
}

#[tokio::test]
async fn the_other_half() {
    all(&CASES[CASES.len() / 2..]).await;
}

/// With numbers of sessions that are multiples of the number of pods: in a fixed order each would stay on its pod.
#[tokio::test]
async fn no_affinity_whatever_the_balance() {
    const TURNS: fn() -> Site = || without(Balance::Turns);
    const SMOOTH: fn() -> Site = || without(WEIGHTS);
    const FEWEST: fn() -> Site = || Site { latency: 1, ..without(Balance::LeastConnections) };
    const RANDOM: fn() -> Site = || without(Balance::Random);
    for (name, site) in [("turns", TURNS), ("weights", SMOOTH), ("fewest connections", FEWEST), ("random", RANDOM)] {
        all(&[
            not_sticky(name, site, NONE).with(&["--sessions", "3"]),
            not_sticky(name, site, NONE).with(&["--sessions", "6"]),
            not_sticky(name, site, NONE).with(&["--sessions", "30", "--requests", "4"]),
        ])
        .await;
    }
}

/// Such a proxy keeps a connection on one pod, so a test on one connection sees affinity.
#[tokio::test]
async fn kept_connections_are_compared() {
    let by_connection = Site { affinity: Affinity::Connection, cookie: None, ..Site::default() }.serve().await;
    let done = verify(&by_connection, &["--reuse"]).await;
    let (outcome, detail) = done.scenario("reuse");
    assert_eq!(
        (done.reasons(), outcome.as_str(), detail.starts_with("10 of 10 kept connections stayed")),
        (vec!["no-affinity-cookie"], "fail", true),
        "{detail}"
    );
    let done = verify(&by_connection, &[]).await;
    assert_eq!((done.code, done.scenario("reuse").0.as_str()), (Some(3), "skip"));
    let done = verify(&Site::default().serve().await, &["--reuse"]).await;
    let (outcome, detail) = done.scenario("reuse");
    assert_eq!((done.code, outcome.as_str(), detail.contains("a connection holds no session")), (Some(0), "pass", true), "{detail}");
}

#[tokio::test]
async fn sessions_that_begin_oddly() {
    for (affinity, became) in [(Affinity::Persistent, "replaced at once"), (Affinity::Ring, "used as a key and not replaced")] {
        let done = verify(&Site { affinity, ..Site::default() }.serve().await, &[]).await;
        let (outcome, detail) = done.scenario("parallel-first");
        assert!(outcome == "pass" && detail.starts_with("8 parallel requests reached "), "{affinity:?}: {detail}");
        let (outcome, detail) = done.scenario("dead-cookie");
        let parallel = format!("{became}; 8 parallel requests with an unknown value reached ");
        assert!(outcome == "pass" && detail.starts_with(&parallel) && detail.ends_with(", and then one held"), "{affinity:?}: {detail}");
    }
    let done = verify(&without(Balance::Turns).serve().await, &[]).await;
    for name in ["parallel-first", "dead-cookie"] {
        assert_eq!(done.scenario(name), ("skip".to_owned(), "needs stick-http".to_owned()));
    }
}

/// What chance explains is not called proof.
#[tokio::test]
async fn attribution_is_no_proof_where_one_pod_gets_most() {
    let site = Site { balance: Balance::Weighted(&[94, 3, 3]), ..Site::default() };
    let done = verify(&site.serve().await, &["--sessions", "30", "--requests", "12"]).await;
    let (outcome, detail) = done.scenario("attribution");
    assert!(outcome == "skip" && detail.contains("chance") || outcome == "pass" && !detail.contains("(12 of 12 stayed)"), "{detail}");
}
