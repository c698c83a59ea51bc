//! Calls that are wrong, and calls that are broken off.

use crate::case::{interrupted, verify};
use crate::site::Site;

#[tokio::test]
async fn wrong_calls_say_what_to_write() {
    let site = Site::default().serve().await;
    for (flags, says) in [
        (&["--idle", "3s"][..], "--ws-url /PATH"),
        (&["--skip", "spread"], "every verdict is made of it"),
        (&["--only", "nothing"], "possible values"),
        (&["--header", "Authorization: x"], "write @ and a file"),
        (&["--header", "@/nowhere"], "/nowhere"),
        (&["--cookie", "@/nowhere"], "/nowhere"),
        (&["--first-body", "@/nowhere"], "/nowhere"),
        (&["--sessions", "1000", "--requests", "1000"], "product is below"),
        (&["--path", "page"], "begins with a slash"),
        (&["--pod-identity", "x-pod"], "header:NAME"),
        (&["--max-move-rate", "0.1"], "0.1%"),
        (&["--rate", "0"], "0.1 to 10000"),
        (&["--insecure", "--ca", "x"], "cannot be used with"),
        (&["--source-ip", "here"], "--source-ip"),
    ] {
        let done = verify(&site, flags).await;
        assert!(done.code == Some(2) && done.stderr.contains(says) && done.stdout.is_empty(), "{flags:?}: {:?} {}", done.code, done.stderr);
    }
    assert_eq!(site.state.counts(), (0, 0), "it asked all the same");
    // A plain site has no use for authorities, and reads none.
    let done = verify(&site, &["--ca", "/nowhere"]).await;
    assert_eq!(done.code, Some(0), "{}", done.stderr);
}

/// What was asked so far is told, and not more.
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
}

/// Before anything was answered there is nothing to tell.
#[tokio::test]
async fn broken_off_at_once() {
    let site = Site { hangs: Some(1), ..Site::default() }.serve().await;
    let done = interrupted(&site, &[], 1).await;
    assert_eq!((done.code, done.reasons(), done.report["partial"].as_bool()), (Some(130), vec!["too-few-probes"], Some(true)), "{}", done.details());
}
