//! Secrets on the command line: requests use them, and no output repeats them.

use crate::case::{command, done, verify};
use crate::site::{SECRET, Site};
use std::process::Stdio;

/// A report is made to be shared.
#[tokio::test]
async fn no_output_has_the_values_of_a_query() {
    let site = Site::default().serve().await;
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (page, junit, before) = (file("a.html"), file("a.xml"), file("before.json"));
    let of = |path: &str| format!("{path}?token={SECRET}");
    let (url, path, first, socket) = (of("/"), of("/other"), format!("--first={}", of("/login")), of("/ws"));
    let hello = format!(r#"{{"auth": "{SECRET}"}}"#);
    let flags = [&url, "--path", &path, &first, "--ws-url", &socket, "--ws-send", &hello, "--ws-subprotocol", SECRET];
    let flags = [&flags[..], &["--report", &page, "--junit-file", &junit]].concat();

    let first = verify(&site, &flags).await;
    std::fs::write(&before, &first.stdout).unwrap();
    let second = verify(&site, &[&flags[..], &["--baseline", &before, "-o", "table"]].concat()).await;
    let files = [&page, &junit].map(|path| std::fs::read_to_string(path).unwrap());
    for text in [&first.stdout, &first.stderr, &second.stdout, &second.stderr, &files[0], &files[1]] {
        assert!(!text.contains(SECRET), "{text}");
    }
    assert!(first.report["url"].as_str().unwrap().ends_with("/?token=***"), "{}", first.report["url"]);
    assert_eq!(first.report["plan"]["paths"], serde_json::json!(["/login?token=***", "/?token=***", "/other?token=***"]));
    let repeated = first.report["command"].as_str().unwrap();
    assert!(repeated.contains("'--first=/login?token=***'") && repeated.contains("--ws-subprotocol '***'"), "{repeated}");
    assert!(second.stdout.contains("compared with") && !second.stdout.contains("another URL"), "{}", second.stdout);
    // The site got them, and who asks for values gets them too.
    let queries = site.state.queries.lock().unwrap().clone();
    assert_eq!(queries, [format!("token={SECRET}")].into(), "{queries:?}");
    let shown = verify(&site, &[&flags[..], &["--show-values"]].concat()).await;
    assert!(["url", "command"].iter().all(|key| shown.report[key].as_str().unwrap().contains(SECRET)), "{}", shown.report["command"]);
}

#[tokio::test]
async fn no_error_repeats_a_value() {
    let site = Site::default().serve().await;
    for (flags, says) in [
        (["--header", "Authorization: SECRET"], "put it into a file, and write @FILE"),
        (["--cookie", "login=SECRET"], "put it into a file, and write @FILE"),
        (["--first-body", "password=SECRET"], "put it into a file, and write @FILE"),
        (["--path", "x?token=SECRET"], "`x?token=***`: a path begins with a slash"),
        (["--first", "/ä?token=SECRET"], "percent-encode"),
        (["--ws-url", "/ä?token=SECRET"], "percent-encode"),
        (["--ws-url", "http://u:SECRET@x/"], "a user name or a password"),
        (["--ws-url", "http://u:SECRET/@x/"], "a user name or a password"),
        (["--connect", "u:SECRET@x"], "invalid host `x`"),
        (["--host", "u:SECRET@x"], "invalid host `x`"),
        (["--ws-subprotocol", "SECRET\u{7f}"], "--ws-subprotocol"),
    ] {
        let flags = flags.map(|word| word.replace("SECRET", SECRET));
        let failed = verify(&site, &flags.each_ref().map(String::as_str)).await;
        assert_eq!((failed.code, failed.stdout.as_str()), (Some(2), ""), "{flags:?}: {}", failed.stderr);
        assert!(failed.stderr.contains(says) && !failed.stderr.contains(SECRET), "{flags:?}: {}", failed.stderr);
    }
    assert_eq!(site.state.counts(), (0, 0), "it sent requests nevertheless");
}

/// The command line that is suggested is in a log, too.
#[tokio::test]
async fn nor_does_a_next_step() {
    let site = Site::default().serve().await;
    let url = format!("/?token={SECRET}");
    let mut command = command(&site, &[&url, "--connect", "192.0.2.1:9", "--sessions", "500"]);
    let unconfirmed = done(command.stdin(Stdio::null()).output().await.unwrap());
    assert_eq!(unconfirmed.code, Some(2), "{}", unconfirmed.stderr);
    assert!(unconfirmed.stderr.contains("?token=***") && !unconfirmed.stderr.contains(SECRET), "{}", unconfirmed.stderr);
}

/// `0s` would end each request before it began.
#[test]
fn a_time_limit_of_zero_is_refused() {
    for (words, flag) in [
        (&["verify", "http://x/"][..], "--timeout"),
        (&["verify", "http://x/"], "--idle"),
        (&["verify", "http://x/"], "--duration"),
        (&["up"], "--timeout"),
        (&["scale", "3"], "--timeout"),
        (&["mode", "3x1"], "--timeout"),
        (&["down"], "--timeout"),
        (&["up", "--local"], "--header-timeout"),
        (&["up", "--local"], "--keep-alive"),
        (&["up", "--local"], "--request-timeout"),
        (&["up", "--local"], "--idle-socket"),
        (&["up", "--local"], "--ping-interval"),
    ] {
        let words = ["stickyctl"].iter().chain(words).copied().chain([flag, "0s"]);
        let refused = stickyctl::cli::command().try_get_matches_from(words).unwrap_err().to_string();
        assert!(refused.contains("too short") && refused.contains(flag), "{flag}: {refused}");
    }
}
