//! `--each-proxy` at sites with two proxies.

use crate::case::{Done, verify};
use crate::site::{Affinity, Proxies, Site};
use std::time::Duration;

async fn compared(site: Site) -> Done {
    verify(&site.serve().await, &["--each-proxy"]).await
}

#[tokio::test]
async fn proxies_that_agree() {
    for affinity in [Affinity::Persistent, Affinity::Ring] {
        let done = compared(Site { proxies: Proxies::Agree, affinity, ..Site::default() }).await;
        let proxies = &done.report["proxies"];
        assert_eq!((done.code, &proxies["outcome"]), (Some(0), &"pass".into()), "{affinity:?}: {proxies} {}", done.stderr);
        assert_eq!((proxies["names"].as_array().unwrap().len(), proxies.get("agreed_after_ms")), (2, None), "{proxies}");
    }
}

#[tokio::test]
async fn proxies_that_disagree() {
    let done = compared(Site { proxies: Proxies::Disagree, ..Site::default() }).await;
    let proxies = &done.report["proxies"];
    assert_eq!((done.code, &proxies["outcome"], &proxies["reason"]["code"]), (Some(3), &"fail".into(), &"proxy-disagreement".into()), "{proxies}");
    let apart = |cookie: &&serde_json::Value| cookie["pods"][0] != cookie["pods"][1];
    assert_eq!(proxies["cookies"].as_array().unwrap().iter().filter(apart).count(), 12, "{proxies}");
}

/// As after a scale: one of them learns of it later.
#[tokio::test]
async fn proxies_that_disagree_at_first() {
    let done = compared(Site { proxies: Proxies::DisagreeFor(Duration::from_secs(2)), ..Site::default() }).await;
    let proxies = &done.report["proxies"];
    assert_eq!((done.code, &proxies["outcome"], done.reasons()), (Some(0), &"pass".into(), vec![]), "{proxies} {}", done.details());
    let after = proxies["agreed_after_ms"].as_f64().unwrap();
    assert!((1_500.0..6_000.0).contains(&after) && proxies["detail"].as_str().unwrap().contains("agreed after"), "{proxies}");
}

#[tokio::test]
async fn what_shows_nothing_about_proxies() {
    let done = compared(Site::default()).await;
    assert_eq!(done.code, Some(2), "{}", done.stderr);
    assert!(done.stderr.contains("--each-proxy needs several proxies"), "{}", done.stderr);
    let done = compared(Site { proxies: Proxies::Agree, affinity: Affinity::Nothing, ..Site::default() }).await;
    let proxies = &done.report["proxies"];
    assert_eq!((done.code, &proxies["outcome"], &proxies["reason"]["code"]), (Some(3), &"skip".into(), &"cookie-not-honoured".into()), "{proxies}");
}
