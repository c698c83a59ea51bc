//! Sites with a login, and secrets that must not be shown.

use crate::case::{command, done, verify};
use crate::site::{Affinity, Login, SECRET, Site};
use std::process::Stdio;
use tempfile::TempDir;
use tokio::io::AsyncWriteExt;

fn file(folder: &TempDir, name: &str, text: &str) -> String {
    let path = folder.path().join(name);
    std::fs::write(&path, text).unwrap();
    format!("@{}", path.display())
}

/// Every request has the headers, including controls.
#[tokio::test]
async fn by_a_header() {
    let folder = tempfile::tempdir().unwrap();
    let header = file(&folder, "headers", &format!("Authorization: Bearer {SECRET}\n"));
    let site = Site { login: Login::Header, ..Site::default() }.serve().await;
    let done = verify(&site, &["--header", &header, "--ws-url", "/ws"]).await;
    assert_eq!((done.code, done.reasons()), (Some(0), vec![]), "{}", done.details());
    assert_eq!(verify(&site, &[]).await.reasons(), ["error-rate"]);
}

/// A pipe can be read only once, however many URLs there are.
#[tokio::test]
async fn by_a_header_from_a_pipe() {
    let site = Site { login: Login::Header, ..Site::default() }.serve().await;
    let socket = format!("{}ws", site.url.replacen("http", "ws", 1));
    let mut command = command(&site, &["--header", "@/dev/stdin", "--ws-url", &socket]);
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(format!("Authorization: Bearer {SECRET}\n").as_bytes()).await.unwrap();
    let done = done(child.wait_with_output().await.unwrap());
    assert_eq!((done.code, done.reasons()), (Some(0), vec![]), "{} {}", done.details(), done.stderr);
}

/// A browser's headers, pasted as a whole, would name another host and request a compressed answer.
#[tokio::test]
async fn headers_that_are_not_the_callers_to_set() {
    let folder = tempfile::tempdir().unwrap();
    let header = file(&folder, "headers", &format!("Accept: */*\nHost: other.example\nCookie: a={SECRET}\nAccept-Encoding: gzip\n"));
    let site = Site::default().serve().await;
    let done = verify(&site, &["--header", &header]).await;
    for says in ["line 2, Host: use --host NAME", "line 3, Cookie: use --cookie @FILE", "line 4, Accept-Encoding: remove it"] {
        assert!(done.code == Some(2) && done.stderr.contains(says) && !done.stderr.contains(SECRET), "{says}: {}", done.stderr);
    }
    assert_eq!(site.state.counts(), (0, 0), "it sent requests nevertheless");
}

/// Cookies and a posted password belong to sessions. Clients without them are turned away, so the sessions show the shares of the pods.
#[tokio::test]
async fn by_a_cookie_or_a_password() {
    let folder = tempfile::tempdir().unwrap();
    let cookie = file(&folder, "cookies", &format!("login={SECRET}\n"));
    let password = file(&folder, "body", &format!("user=x&password={SECRET}"));
    for (login, flags) in [
        (Login::Cookie, vec!["--cookie", &cookie, "--sessions", "30"]),
        (Login::Password, vec!["--first", "/login", "--first-body", &password, "--sessions", "30"]),
    ] {
        let done = verify(&Site { login, ..Site::default() }.serve().await, &flags).await;
        assert_eq!((done.code, done.reasons()), (Some(0), vec![]), "{}", done.details());
        assert!(done.report["controls"].as_array().unwrap().iter().all(|control| control["status"] == 401), "{}", done.report);
        for (affinity, pods, code, reason) in [
            (Affinity::Nothing, 3, 3, "cookie-not-honoured"),
            (Affinity::Source, 3, 6, "single-backend-path"),
            (Affinity::Persistent, 1, 6, "single-backend-path"),
        ] {
            let done = verify(&Site { login, affinity, pods, ..Site::default() }.serve().await, &flags).await;
            assert_eq!((done.code, done.reasons()), (Some(code), vec![reason]), "{}", done.details());
        }
        // If answers identify their pod without a login, the login changes nothing.
        let done = verify(&Site::default().serve().await, &flags).await;
        assert_eq!((done.code, done.reasons()), (Some(0), vec![]), "{}", done.details());
    }
}

#[tokio::test]
async fn secrets_are_in_no_output() {
    let folder = tempfile::tempdir().unwrap();
    let header = file(&folder, "headers", &format!("Authorization: Bearer {SECRET}\n"));
    let cookie = file(&folder, "cookies", &format!("login={SECRET}\n"));
    let body = file(&folder, "body", &format!("{{\"password\": \"{SECRET}\"}}"));
    let flags = ["--header", &header, "--cookie", &cookie, "--first", "/login", "--first-body", &body, "--ws-url", "/ws", "--sessions", "30"];
    let site = Site::default().serve().await;
    for format in ["json", "table"] {
        let mut command = command(&site, &[&flags[..], &["-o", format]].concat());
        let done = done(command.env("RUST_LOG", "trace").output().await.unwrap());
        assert_eq!(done.code, Some(0), "{}", done.details());
        let told: Vec<&str> = done.stdout.lines().chain(done.stderr.lines()).filter(|line| line.contains(SECRET)).collect();
        assert!(told.is_empty() && done.stdout.contains("route"), "{told:#?}");
    }
    // Values of the site's cookies are shown with --show-values; headers never are.
    let done = verify(&site, &[&flags[..], &["--show-values"]].concat()).await;
    let values = done.report["cookies"][0]["values"].as_array().unwrap();
    assert!(values.iter().all(|value| value.as_str().unwrap().ends_with(SECRET)) && !values.is_empty(), "{values:?}");
    assert!(
        !done.stderr.contains("DEBUG") && !done.stdout.contains("Bearer") && !done.stdout.contains("password") && !done.stderr.contains(SECRET),
        "{}",
        done.stdout
    );
    // The error about a malformed file does not contain the line.
    let wrong = file(&folder, "wrong", &format!("{SECRET} without a name\n"));
    for flag in ["--header", "--cookie"] {
        let done = verify(&site, &[flag, &wrong]).await;
        assert!(done.code == Some(2) && done.stderr.contains("line 1") && !done.stderr.contains(SECRET), "{}", done.stderr);
    }
}
