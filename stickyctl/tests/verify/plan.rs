//! The number of requests, as the site counts them: never more than planned.

use crate::case::verify;
use crate::site::{Affinity, App, Ends, Site, Upgrade};
use std::time::Duration;

/// Requests and sockets as planned, and as the site counted them.
type Counts = ((u64, u64), (u64, u64));

/// 6 sessions of 1 + 3 requests and 12 controls are 36 requests; only requests that bypass caches may follow, and those with a cookie's first value.
const LEAST: Counts = ((56, 0), (36, 0));

#[tokio::test]
async fn the_plan_counts_every_request() {
    let many = || Site { workers: 4, ..Site::default() };
    for (flags, site, wanted) in [
        // 12 without cookies, 8 + 3 parallel first ones, 1 + 3 dead and 8 + 3 of them in parallel; 48 if a pod has several workers, and 8 that bypass caches if one pod is seen.
        (&[][..], Site::default(), ((142, 0), (74, 0))),
        (&[], many(), ((142, 0), (122, 0))),
        (&[], Site { pods: 1, ..Site::default() }, ((142, 0), (82, 0))),
        // At most eight sessions that moved bypass caches, and send what their cookies had first twice, if those got other values.
        (&[], Site { affinity: Affinity::Nothing, ..Site::default() }, ((142, 0), (92, 0))),
        (&["--only", "spread"], many(), LEAST),
        (&["--only", "workers"], many(), ((104, 0), (84, 0))),
        (&["--skip", "attribution,parallel-first,dead-cookie,workers"], many(), LEAST),
        // Eight parallel requests exceed this rate.
        (&["--rate", "7.9", "--only", "parallel-first,workers"], many(), LEAST),
        (&["--reuse"], Site::default(), ((182, 0), (114, 0))),
        // Six sessions share two connections, twice each.
        (&["--shared-connection"], Site::default(), ((154, 0), (86, 0))),
        (&["--reuse", "--only", "spread"], Site::default(), ((96, 0), (76, 0))),
        (&["--reuse", "--skip", "reuse", "--only", "spread"], Site::default(), LEAST),
        (&["--ws-url", "/ws"], Site::default(), ((152, 32), (84, 22))),
        (&["--ws-url", "/ws"], Site { ends: Ends::Cut(35), ..Site::default() }, ((152, 32), (84, 32))),
        (&["--ws-url", "/ws"], Site { upgrade: Upgrade::Refused, ..Site::default() }, ((152, 32), (84, 22))),
        (&["--ws-url", "/ws", "--skip", "reconnect"], Site::default(), ((152, 26), (84, 16))),
        (&["--ws-url", "/ws", "--skip", "stick-ws"], Site::default(), ((152, 20), (84, 10))),
        (&["--ws-url", "/ws", "--only", "stick-ws"], Site::default(), ((56, 6), (36, 6))),
        (&["--ws-url", "/ws", "--only", "spread", "--idle", "100ms"], Site::default(), ((72, 4), (36, 4))),
        (&["--ws-url", "/ws", "--idle", "100ms"], Site::default(), ((168, 36), (84, 26))),
        (&["app"], Site { app: App::Whole, ..Site::default() }, ((164, 32), (96, 22))),
        (&["app", "--only", "relay"], Site { app: App::Whole, ..Site::default() }, ((62, 6), (42, 6))),
        // No answer looks like sticky-app, so its socket is not tested.
        (&["app"], Site::default(), ((164, 32), (74, 0))),
    ] {
        let served = site.serve().await;
        let (app, rest) = if flags.first() == Some(&"app") { flags.split_at(1) } else { (&[][..], flags) };
        let done = verify(&served, &[app, &["--sessions", "6", "--requests", "3", "--seed", "5"], rest].concat()).await;
        let plan = &done.report["plan"];
        let planned = (plan["probes"].as_u64().unwrap_or_default(), plan["sockets"].as_u64().unwrap_or_default());
        assert_eq!((planned, served.state.counts()), wanted, "{flags:?}: {} {}", done.details(), done.stderr);
        assert!(done.stderr.contains(&format!("at most {} requests and {} sockets\n", planned.0, planned.1)), "{}", done.stderr);
        assert!(done.stderr.contains(", seed 5\n"), "{}", done.stderr);
    }
}

/// A run takes its planned time, even if it has no cause to send all requests.
#[tokio::test]
async fn a_run_takes_its_time() {
    let site = || Site::default().serve();
    let (few, sockets, short) = tokio::join!(site(), site(), Site { cookie: Some("Path=/; Max-Age=1"), ..Site::default() }.serve());
    let (few, sockets, short) = tokio::join!(
        verify(&few, &["--duration", "3s", "--sessions", "6", "--requests", "3"]),
        verify(&sockets, &["--duration", "3s", "--ws-url", "/ws"]),
        verify(&short, &["--duration", "4s"]),
    );
    for (done, least) in [(&few, 2_800), (&sockets, 2_800), (&short, 3_800)] {
        let took = Duration::from_secs_f64(done.report["took_ms"].as_f64().unwrap() / 1e3);
        assert!(took >= Duration::from_millis(least), "{took:?}");
    }
    // A cookie that expires during the run is lost.
    assert_eq!((few.code, sockets.code, short.code), (Some(6), Some(0), Some(3)), "{}", short.details());
}
