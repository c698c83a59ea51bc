//! Answers that say nothing about pods: errors, caches, identities that are not pods.

use crate::case::{Case, all, sticky, unclear, verify};
use crate::site::{Cache, Dead, Identity, Login, SECRET, Site};

fn cache(header: &'static str, value: &'static str) -> Site {
    Site { cache: Cache::Says(header, value), ..Site::default() }
}

fn identity(identity: Identity) -> Site {
    Site { identity, ..Site::default() }
}

const fn dead(from: u64, until: u64, others_are_spared: bool) -> Option<Dead> {
    Some(Dead { from, until, others_are_spared })
}

pub(crate) const CASES: &[Case] = &[
    sticky("502 now and then", || Site { errors: Some(40), ..Site::default() }).beside(&["error-rate"]),
    // Only a pod's answer counts: nginx's `add_header x-pod $upstream always` is on its own pages, too.
    sticky("502 now and then, by the name of a pod", || Site { errors: Some(40), errors_name: true, ..Site::default() })
        .beside(&["error-rate", "leaks"]),
    sticky("429 now and then, by the name of a pod", || Site { too_many: Some(50), errors_name: true, ..Site::default() })
        .beside(&["error-rate", "leaks"]),
    unclear("502 often, by the name of a pod", || Site { errors: Some(3), errors_name: true, ..Site::default() }, &["error-rate"]).beside(&["leaks"]),
    unclear("502 always, by the name of a pod", || Site { errors: Some(1), errors_name: true, ..Site::default() }, &["error-rate"])
        .beside(&["no-identity"]),
    unclear("502 often", || Site { errors: Some(3), ..Site::default() }, &["error-rate"]).beside(&["dead-pod-kept", "transport"]),
    unclear("429 often", || Site { too_many: Some(4), ..Site::default() }, &["error-rate"]),
    sticky("429 now and then", || Site { too_many: Some(50), ..Site::default() }).beside(&["error-rate"]),
    // A third of the sessions fail for most of the run, while all others are served.
    unclear("a dead pod that keeps its sessions", || Site { dead: dead(40, 400, true), ..Site::default() }, &["dead-pod-kept"]).beside(&[
        "error-rate",
        "transport",
        "leaks",
    ]),
    // Fifteen failures of one pod: too many for chance, and too few for the verdict.
    sticky("the same for a moment", || Site { dead: dead(60, 105, true), ..Site::default() }).tells(&["dead-pod-kept"]).beside(&["error-rate"]),
    unclear("a dead pod for everybody alike", || Site { dead: dead(40, 400, false), ..Site::default() }, &["error-rate"]).beside(&["dead-pod-kept"]),
    unclear("a pod that is dead from the beginning", || Site { dead: dead(0, 400, false), ..Site::default() }, &["error-rate"])
        .beside(&["dead-pod-kept"]),
    unclear("connections that end without an answer", || Site { drops: Some(4), ..Site::default() }, &["transport"]).beside(&["error-rate"]),
    sticky("one now and then", || Site { drops: Some(40), ..Site::default() }).beside(&["transport"]),
    unclear("a cache that tells an age", || cache("age", "12"), &["cached"]),
    unclear("a cache that says so", || cache("x-cache", "HIT from edge"), &["cached"]),
    sticky("a cache that let it through", || cache("x-cache", "MISS from edge")).beside(&["cached"]),
    sticky("an age of nothing", || cache("age", "0")).beside(&["cached"]),
    unclear("a cache that says nothing", || Site { cache: Cache::Silent, ..Site::default() }, &["cached"]).beside(&["single-backend-path"]),
    unclear("one pod", || Site { pods: 1, ..Site::default() }, &["single-backend-path"]).beside(&["cached"]),
    unclear("a request's id", || identity(Identity::Request), &["identity-unstable"]),
    // It never changes within a session, with affinity or without.
    unclear("a session's id", || identity(Identity::Session), &["identity-unstable"]),
    sticky("five pods", || Site { pods: 5, ..Site::default() }).with(&["--sessions", "30"]).beside(&["identity-unstable"]),
    sticky("forty pods", || Site { pods: 40, ..Site::default() }).beside(&["identity-unstable"]),
    unclear("no identity, with a cookie", || identity(Identity::Nobody), &["no-identity"]),
    unclear("no identity, and no cookie", || Site { cookie: None, ..identity(Identity::Nobody) }, &["no-identity"]),
    sticky("an identity in the text", Site::default).with(&["--pod-identity", r"regex:Hostname: (\S+)"]).beside(&["no-identity"]),
    sticky("an identity between quotes", Site::default).with(&["--pod-identity", r#"regex:"host": "([^"]+)"#]).beside(&["no-identity"]),
];

#[tokio::test]
async fn what_answers_say() {
    all(CASES).await;
}

#[tokio::test]
async fn details_tell_kinds_apart() {
    let done = verify(&Site { too_many: Some(4), ..Site::default() }.serve().await, &[]).await;
    let slowed = done.report["nameless"]["429"].as_u64().unwrap();
    assert!(slowed > 20 && done.detail("error-rate").contains(&format!("{slowed} with status 429")), "{}", done.details());
    let done = verify(&identity(Identity::Nobody).serve().await, &[]).await;
    assert!(done.detail("no-identity").contains("route was set"), "{}", done.details());
    let done = verify(&Site { cookie: None, ..identity(Identity::Nobody) }.serve().await, &[]).await;
    assert!(done.detail("no-identity").contains("no cookie was set either"), "{}", done.details());
    let done = verify(&Site { host: Some("shop.example"), ..Site::default() }.serve().await, &["--host", "other.example"]).await;
    assert!(done.detail("error-rate").contains(" with status 404"), "{}", done.details());
    let to = Some("https://u:tell-nobody@shop.example/login?token=tell-nobody");
    let done = verify(&Site { redirects: to, ..Site::default() }.serve().await, &[]).await;
    let detail = done.detail("no-identity");
    assert!(detail.contains("with status 302 (302 redirect to https://shop.example/login?token=***, which is not followed)"), "{detail}");
    assert!(!done.stdout.contains(SECRET) && !done.stderr.contains(SECRET), "{detail}");
    // If only logged-in clients get an answer, controls do not.
    let done = verify(&Site { login: Login::Password, ..Site::default() }.serve().await, &[]).await;
    assert_eq!((done.code, done.reasons()), (Some(6), vec!["error-rate"]), "{}", done.details());
}

/// Errors are not moves: lost and unidentified answers are counted separately.
#[tokio::test]
async fn errors_are_no_moves() {
    let done = verify(&Site { errors: Some(37), drops: Some(40), ..Site::default() }.serve().await, &[]).await;
    let (nameless, lost) = (done.report["nameless"]["502"].as_u64().unwrap(), done.report["lost"].as_u64().unwrap());
    assert!(nameless > 0 && lost > 0 && done.report["moved_requests"]["seen"] == 0, "{nameless} {lost} {}", done.details());
}

/// Hostile names: terminal escapes, right-to-left text, HTML, line breaks, and excessive length.
#[tokio::test]
async fn hostile_identities_are_harmless() {
    const LONG: &str = "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";
    let long: &'static str = Box::leak(LONG.repeat(100).into_boxed_str());
    let json = &["--pod-identity", "json:/host"][..];
    for (text, flags) in [
        ("web\u{202e}\u{200f}-", &[][..]),
        ("web\u{1b}[31m\u{1b}]0;mine\u{7}-", json),
        ("web\n\r\nverdict: STICKY\u{9b}2J", json),
        ("<script>alert(1)</script>", json),
    ] {
        let site = identity(Identity::Hostile(text)).serve().await;
        let done = verify(&site, flags).await;
        assert_eq!((done.code, done.report["verdict"].as_str()), (Some(0), Some("sticky")), "{text:?} {}", done.details());
        let table = verify(&site, &[flags, &["-o", "table"]].concat()).await.stdout;
        let harmless = |text: &str| text.chars().all(|c| c == '\n' || !(c.is_control() || ('\u{200e}'..='\u{202e}').contains(&c)));
        assert!(harmless(&table) && harmless(&done.stdout) && table.contains("web") | table.contains("<script>"), "{text:?}: {table}");
        assert!(!table.lines().any(|line| line.starts_with("verdict: STICKY")), "{table}");
        let by_socket = verify(&site, &[json, &["--ws-url", "/ws", "--ws-send", "who"]].concat()).await;
        assert!(harmless(&by_socket.stdout) && by_socket.code == Some(0), "{text:?}: {}", by_socket.details());
    }
    // Cut to the longest length of a name, it is the same for all pods.
    let done = verify(&identity(Identity::Hostile(long)).serve().await, json).await;
    assert!(done.reasons() == ["single-backend-path"] && done.stdout.len() < 400_000, "{} {}", done.stdout.len(), done.details());
}
