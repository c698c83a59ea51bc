//! Pods with several workers.

use crate::case::{Case, all, sticky, unclear, verify};
use crate::site::{Site, Workers};

const MANY: &[&str] = &["--sessions", "30", "--requests", "8"];

pub(crate) const CASES: &[Case] = &[
    sticky("whoever takes the connection", || Site { workers: 4, ..Site::default() }).tells(&["worker-not-sticky"]).beside(&["workers-unproven"]),
    unclear("the same in one pod", || Site { workers: 4, pods: 1, ..Site::default() }, &["single-backend-path", "worker-not-sticky"]),
    sticky("the one that the cookie chooses", by_cookie).with(MANY).beside(&["worker-not-sticky", "workers-unproven"]),
    sticky("one worker a pod, where workers count", Site::default).with(&["--require-workers"]).tells(&["single-worker"]).exits(6),
    sticky("several, where workers count", || Site { workers: 4, ..Site::default() })
        .with(&["--require-workers"])
        .tells(&["worker-not-sticky"])
        .exits(3)
        .beside(&["single-worker"]),
    sticky("one worker a pod, and nobody asked", Site::default).beside(&["single-worker"]),
    unclear("one worker in one pod, where workers count", || Site { pods: 1, ..Site::default() }, &["single-backend-path", "single-worker"])
        .with(&["--require-workers"]),
    sticky("the one that the cookie chooses, asked less", by_cookie).tells(&["workers-unproven"]).beside(&["worker-not-sticky"]),
];

fn by_cookie() -> Site {
    Site { workers: 4, by_worker: Workers::ByCookie, ..Site::default() }
}

#[tokio::test]
async fn workers_have_a_verdict_of_their_own() {
    all(CASES).await;
}

/// The exit code includes workers if requested.
#[tokio::test]
async fn exit_codes_of_workers() {
    for (site, sample, wanted, code) in [
        (Site { workers: 4, ..Site::default() }, &[][..], "not-sticky", 3),
        (by_cookie(), MANY, "sticky", 0),
        (by_cookie(), &[], "inconclusive", 6),
        (Site::default(), &[], "not-judged", 6),
    ] {
        let done = verify(&site.serve().await, &[sample, &["--require-workers"]].concat()).await;
        assert_eq!((done.report["workers"].as_str(), done.code), (Some(wanted), Some(code)), "{}", done.details());
    }
}
