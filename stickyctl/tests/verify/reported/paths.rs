//! Cookies whose path does not fit, and paths that share a cookie.

use super::{Report, check, run, turns};
use crate::case::{Case, NOT_STICKY, STICKY};
use crate::stub::{Reply, Stub};

/// A proxy that honors its cookie on every path, and sets it wherever it is missing.
fn sets(path: &'static str) -> Stub {
    let mut next = turns(3);
    Stub::new(move |asked| match asked.number_in("route") {
        Some(pod) => Reply::pod(pod, asked),
        None => {
            let pod = next();
            Reply::pod(pod, asked).cookie(format!("route={pod}{path}"))
        }
    })
}

/// Two apps on one host, each with pods of its own, and each with a cookie that only its own rule knows.
fn two_apps(attributes: fn(&str) -> String) -> Stub {
    let mut next = turns(3);
    Stub::new(move |asked| {
        let app = if asked.path.starts_with("/app1") { "1" } else { "2" };
        let known = asked.cookie("route").and_then(|value| String::from_utf8(value).ok()).filter(|value| value.starts_with(app));
        let is_new = known.is_none();
        let value = known.unwrap_or_else(|| format!("{app}{}", next()));
        let answer = Reply::new(200).header("x-pod", format!("app{value}"));
        if is_new { answer.cookie(format!("route={value}; Path={}", attributes(app))) } else { answer }
    })
}

pub(super) const REPORTS: &[Report] = &[
    Report {
        source: "envoyproxy/envoy#19655",
        does: "The cookie is for `/app`. Requests for `/favicon.ico` don't send it, reach any pod, and their answers replace it",
        case: Case::stub("a favicon replaces the cookie", || sets("; Path=/app"), NOT_STICKY, &["cookie-path-mismatch"])
            .with(&["/app", "--path", "/favicon.ico"])
            .beside(&["leaks", "cookie-not-honoured"]),
        beside: Case::stub("a favicon within the cookie's path", || sets("; Path=/"), STICKY, &[])
            .with(&["/app", "--path", "/favicon.ico"])
            .beside(&["cookie-path-mismatch"]),
    },
    Report {
        source: "traefik/traefik#1744",
        does: "The cookie has no path, so browsers keep one for each folder, and each leads to a pod of its own",
        case: Case::stub("a cookie without a path", || sets(""), NOT_STICKY, &["paths-disagree"])
            .with(&["/app/page", "--path", "/api/data"])
            .beside(&["cookie-path-mismatch"]),
        beside: Case::stub("a cookie without a path, in one folder", || sets(""), STICKY, &[])
            .with(&["/app/page", "--path", "/app/data"])
            .beside(&["paths-disagree"]),
    },
    Report {
        source: "kubernetes/ingress-nginx#1271",
        does: "Two apps on one host set a cookie of the same name for `/`, and neither knows the other's values",
        case: Case::stub("two apps with one cookie name", || two_apps(|_| "/".to_owned()), NOT_STICKY, &["cookie-not-honoured"])
            .with(&["/app1", "--path", "/app2"])
            .beside(&["leaks", "paths-disagree"]),
        beside: Case::stub("two apps with a cookie path each", || two_apps(|app| format!("/app{app}")), NOT_STICKY, &["paths-disagree"])
            .with(&["/app1", "--path", "/app2"])
            .beside(&["cookie-not-honoured", "cookie-path-mismatch"]),
    },
];

#[tokio::test]
async fn reported_paths() {
    check(REPORTS).await;
}

#[tokio::test]
async fn the_reason_tells_of_one_name_for_two_cookies() {
    let done = run(REPORTS, "kubernetes/ingress-nginx#1271").await;
    let causes = done.report["reasons"][0]["causes"].as_array().unwrap();
    assert!(causes[0]["cause"].as_str().unwrap().starts_with("Another app or rule on the same host"), "{causes:?}");
}
