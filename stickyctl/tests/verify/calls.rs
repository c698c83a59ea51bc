//! Wrong command lines, and interrupted runs.

use crate::case::{interrupted, verify};
use crate::site::Site;

#[tokio::test]
async fn wrong_calls_say_what_to_write() {
    let site = Site::default().serve().await;
    for (flags, says) in [
        (&["--idle", "3s"][..], "--ws-url /PATH"),
        (&["--skip", "spread"], "every verdict depends on it"),
        (&["--only", "nothing"], "possible values"),
        (&["--header", "Authorization: x"], "write @FILE"),
        (&["--header", "@/nowhere"], "/nowhere"),
        (&["--cookie", "@/nowhere"], "/nowhere"),
        (&["--first-body", "@/nowhere"], "/nowhere"),
        (&["--sessions", "1000", "--requests", "1000"], "product is below"),
        (&["--path", "page"], "begins with a slash"),
        (&["--path", "/a b"], "%20"),
        (&["--first", "/#/login"], "remove the #"),
        (&["--ws-url", "/a b"], "%20"),
        (&["--ws-url", "ws://127.0.0.1:80800/ws"], "1 to 65535"),
        (&["--connect", "10.0.0.7:80800"], "1 to 65535"),
        (&["--connect", "http://10.0.0.7"], "10.0.0.7:8080"),
        (&["--host", "shop.example:x"], "1 to 65535"),
        (&["--pod-identity", "header:set-cookie"], "a cookie does not identify a pod"),
        (&["--worker-identity", "header:Set-Cookie"], "a cookie does not identify a pod"),
        (&["--pod-identity", "x-pod"], "header:NAME"),
        (&["--max-move-rate", "0.1"], "0.1%"),
        (&["--rate", "0"], "0.1 to 10000"),
        (&["--insecure", "--ca", "x"], "cannot be used with"),
        (&["--source-ip", "here"], "--source-ip"),
        (&["--source-ip", "203.0.113.5"], "an address of this machine"),
    ] {
        let done = verify(&site, flags).await;
        assert!(done.code == Some(2) && done.stderr.contains(says) && done.stdout.is_empty(), "{flags:?}: {:?} {}", done.code, done.stderr);
    }
    assert_eq!(site.state.counts(), (0, 0), "it sent requests nevertheless");
    // A plain http site needs no CA certificates, so the file is not read.
    let done = verify(&site, &["--ca", "/nowhere"]).await;
    assert_eq!(done.code, Some(0), "{}", done.stderr);
}

#[tokio::test]
async fn a_port_that_is_none() {
    let mut site = Site::default().serve().await;
    site.url = "http://127.0.0.1:80800/".to_owned();
    let done = verify(&site, &[]).await;
    assert!(
        done.code == Some(2) && done.stderr.contains("invalid port `80800`") && done.stderr.contains("stickyctl verify https://"),
        "{}",
        done.stderr
    );
}

/// More than the usual load needs a confirmation, whatever the site's name; here nobody can confirm.
#[tokio::test]
async fn a_large_load_elsewhere_needs_a_yes() {
    const LARGE: &[&str] = &["--sessions", "40", "--requests", "20", "--only", "spread,stick-ws"];
    let site = Site::default().serve().await;
    // Not only this machine's address, although it leads here.
    let any = format!("--connect=0.0.0.0:{}", site.url.trim_end_matches('/').rsplit_once(':').unwrap().1);
    for (flags, to) in [
        (&["--connect", "203.0.113.5"][..], "203.0.113.5:"),
        (&["--connect", "127.0.0.1", "--connect", "203.0.113.6:80"], "203.0.113.6:80"),
        (&["--ws-url", "wss://203.0.113.5/ws"], "203.0.113.5:443"),
        (&[any.as_str()], "0.0.0.0:"),
    ] {
        let done = verify(&site, &[LARGE, flags].concat()).await;
        let says = format!("usual load for {to}");
        assert!(done.code == Some(2) && done.stderr.contains(&says) && done.stderr.contains(" --yes"), "{flags:?}: {:?} {}", done.code, done.stderr);
    }
    assert_eq!(site.state.counts(), (0, 0), "it sent requests nevertheless");
    for flags in [&[any.as_str(), "--yes"][..], &[], &["--connect", "127.0.0.1"], &["--host", "shop.example"], &["--ws-url", "/ws"]] {
        let done = verify(&site, &[LARGE, flags].concat()).await;
        assert_eq!(done.code, Some(0), "{flags:?}: {} {}", done.details(), done.stderr);
    }
}

/// The report covers the requests so far, and no others.
#[tokio::test]
async fn broken_off_in_the_middle() {
    let site = Site::default().serve().await;
    let done = interrupted(&site, &["--rate", "60"], 60).await;
    let report = &done.report;
    let told = report["sessions"].as_array().unwrap().iter().map(|one| one["requests"].as_array().unwrap().len()).sum::<usize>()
        + report["controls"].as_array().unwrap().len();
    let asked = site.state.counts().0 as usize;
    // Up to eight are under way at once.
    assert!((60 - 8..=asked).contains(&told) && asked < 120, "{told} of {asked}");
    assert_eq!(
        (done.code, report["partial"].as_bool(), report["verdict"].as_str()),
        (Some(130), Some(true), Some("inconclusive")),
        "{}",
        done.details()
    );
    assert_eq!(done.reasons(), ["too-few-probes"], "{}", done.details());
    assert_eq!(done.scenario("dead-cookie"), ("skip".to_owned(), "the run was interrupted before this scenario".to_owned()));
    assert!(done.scenario("reuse").1.contains("--reuse") && done.scenario("stick-http").1.contains("too-few-probes"));
}

/// Before the first answer there is nothing to report.
#[tokio::test]
async fn broken_off_at_once() {
    let site = Site { hangs: Some(1), ..Site::default() }.serve().await;
    let done = interrupted(&site, &[], 1).await;
    assert_eq!((done.code, done.reasons(), done.report["partial"].as_bool()), (Some(130), vec!["too-few-probes"], Some(true)), "{}", done.details());
}
