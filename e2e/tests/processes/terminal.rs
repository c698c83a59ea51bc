//! What reaches a real terminal, with `--color always`, of texts that others chose.

use anyhow::{Context, Result};
use std::ffi::OsString;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::Command;
use sticky_core::harmless::{harmless_json, harmless_styled};
use testkit::local::{Local, Runtime};
use testkit::{bin, pty};

/// Sets the window's title, clears the screen, fills the clipboard and reverses what follows, with C0, C1 and Unicode controls.
const HOSTILE: &str = "\u{1b}]0;title\u{7}\u{9b}2J\u{1b}]52;c;eA==\u{1b}\\\u{202e}x";

/// Only colors of our own, carriage returns of the terminal, and redrawn lines of progress may be there.
#[track_caller]
fn harmless(name: &str, seen: &str) {
    let seen = seen.replace("\r\n", "\n");
    // What indicatif writes to redraw a line.
    let seen = seen.replace(['\r'], "").replace("\u{1b}[2K", "").replace("\u{1b}[1B", "").replace("\u{1b}[1A", "");
    assert_eq!(harmless_styled(&seen), seen, "{name}");
    assert!(!seen.is_empty(), "{name}: nothing was printed");
}

/// Runs `stickyctl` on a terminal. Every text of it must be harmless, and `shows` must be among them, escaped.
fn check(name: &str, shows: &str, command: &mut Command) -> Result<()> {
    let (_, seen) = pty::run(command.env("LANG", "C.UTF-8").env("TERM", "xterm"))?;
    harmless(name, &seen);
    assert!(seen.contains(shows), "{name}: the text was not shown: {seen}");
    Ok(())
}

fn stickyctl(arguments: &[&str]) -> Result<Command> {
    let mut command = Runtime::new()?.command(arguments)?;
    command.env_remove("NO_COLOR").arg("--color=always");
    Ok(command)
}

fn with_spec(path: &Path, spec: &str) -> Result<Command> {
    std::fs::write(path, spec)?;
    stickyctl(&["render", "-f", path.to_str().context("no path")?])
}

const TITLE: &str = r"\u{1b}]0;title\u{7}\u{9b}2J";

#[test]
fn keys_and_values_of_a_spec() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("spec.yaml");
    // YAML allows these characters as escapes only.
    let quoted = harmless_json(&serde_json::to_string(HOSTILE)?);
    // Some errors quote the value, and some only name the key.
    check("mode", "mode: expected", &mut with_spec(&path, &format!("mode: {quoted}"))?)?;
    check("redis.url", "redis.url: invalid", &mut with_spec(&path, &format!("redis: {{url: {quoted}}}"))?)?;
    for spec in [
        format!("{quoted}: 1"),
        format!("image: {{name: {quoted}}}"),
        format!("ingress: {{host: {quoted}, cookie: {{sameSite: {quoted}}}}}"),
        format!("ingress: {{trustedProxies: [{quoted}]}}"),
    ] {
        check(&spec, r"\u{1b}]0;title", &mut with_spec(&path, &spec)?)?;
    }
    Ok(())
}

#[test]
fn arguments_variables_and_names_of_files() -> Result<()> {
    for arguments in [
        &["render", "--mode", HOSTILE][..],
        &["render", "-f", HOSTILE],
        &["render", HOSTILE],
        &[HOSTILE],
        &["verify", "http://127.0.0.1:1/", "--baseline", HOSTILE],
        &["status", "--kubeconfig", HOSTILE],
        &["kill", HOSTILE],
    ] {
        check(&format!("{arguments:?}"), "title", &mut stickyctl(arguments)?)?;
    }
    // What may be a secret in a URL is not shown.
    check("verify", "invalid target", &mut stickyctl(&["verify", HOSTILE])?)?;
    for (variable, arguments) in [
        ("STICKYCTL_NAME", &["render"][..]),
        ("STICKYCTL_INGRESS_HOST", &["render"]),
        ("STICKYCTL_PORT", &["up", "--local"]),
        ("STICKYCTL_LISTEN", &["up", "--help"]),
    ] {
        check(variable, "title", stickyctl(arguments)?.env(variable, HOSTILE))?;
    }
    let mut app = Command::new(bin::sticky_app()?);
    check("sticky-app --pod", "title", app.args(["--pod", HOSTILE, "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"]))
}

/// No such value silently counts as a default.
#[test]
fn a_variable_that_is_not_utf_8() -> Result<()> {
    use std::os::unix::ffi::OsStringExt;
    let variables = [
        ("STICKYCTL_NAME", &["render"][..]),
        ("STICKYCTL_AUTOSCALING_MAX", &["render"]),
        ("STICKYCTL_MODE", &["up", "--local"]),
        ("STICKYCTL_PORT", &["up", "--local"]),
        ("STICKYCTL_ALLOWED_HOST", &["up", "--local"]),
    ];
    for (variable, arguments) in variables {
        let ran = Runtime::new()?.command(arguments)?.env(variable, OsString::from_vec(b"3\xff".to_vec())).output()?;
        assert_eq!(ran.status.code(), Some(2), "{variable}: {}", String::from_utf8_lossy(&ran.stderr));
    }
    Ok(())
}

/// Answers each request with the same status, headers and body, on a port of its own.
fn site(status: &'static str, headers: &'static str, body: String) -> Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut head = Vec::new();
            let mut part = [0; 1_024];
            while !head.windows(4).any(|end| end == b"\r\n\r\n") {
                let Ok(size @ 1..) = stream.read(&mut part) else { break };
                head.extend_from_slice(&part[..size]);
            }
            let size = body.len();
            let _ = write!(stream, "HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {size}\r\n{headers}\r\n{body}");
        }
    });
    Ok(address)
}

#[test]
fn what_a_site_says() -> Result<()> {
    let body = serde_json::json!({ "pod": HOSTILE, "worker": HOSTILE, "client_id": HOSTILE, "page_by": HOSTILE }).to_string();
    // A header can't have C0 controls, but it can have C1 and others.
    let header = "Set-Cookie: a\u{9b}2J\u{202e}=b\u{9b}2J\u{202e}; Path=/\u{9b}2J\r\nX-Sticky-Pod: p\u{9b}2J\u{202e}\r\n";
    let address = site("200 OK", header, body)?;
    let url = format!("http://{address}/");
    for identity in ["json:/pod", "header:x-sticky-pod"] {
        for format in ["table", "json"] {
            let arguments = ["verify", &url, "--pod-identity", identity, "-o", format, "--sessions", "3", "--show-values", "--only", "stick-http"];
            check(identity, "", &mut stickyctl(&arguments)?)?;
        }
    }
    let mut probe = Command::new(bin::sticky_app()?);
    check("probe", "", probe.args(["probe", &url]))
}

/// The version, and then a refusal for everything else, both in the words of somebody else.
#[test]
fn what_a_cluster_says() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let kubeconfig = |address: SocketAddr| -> Result<String> {
        let path = folder.path().join("kubeconfig");
        let context = serde_json::json!({
            "apiVersion": "v1", "kind": "Config", "current-context": HOSTILE,
            "clusters": [{"name": "c", "cluster": {"server": format!("http://{address}")}}],
            "contexts": [{"name": HOSTILE, "context": {"cluster": "c", "user": "u"}}],
            "users": [{"name": "u", "user": {}}],
        });
        std::fs::write(&path, harmless_json(&context.to_string()))?;
        Ok(path.display().to_string())
    };
    let json = "Content-Type: application/json\r\n";
    let old = serde_json::json!({ "major": "1", "minor": "2", "gitVersion": format!("v1.2{HOSTILE}") }).to_string();
    let path = kubeconfig(site("200 OK", json, old)?)?;
    check("an old version", TITLE, &mut stickyctl(&["status", "--kubeconfig", &path])?)?;
    let status = serde_json::json!({ "kind": "Status", "status": "Failure", "message": HOSTILE, "reason": HOSTILE, "code": 403 }).to_string();
    let path = kubeconfig(site("403 Forbidden", json, status)?)?;
    check("a refusal", TITLE, &mut stickyctl(&["status", "--kubeconfig", &path])?)
}

#[tokio::test]
async fn what_a_background_demo_logged() -> Result<()> {
    let local = Local::start(&[]).await?;
    let port = local.url.rsplit(':').next().context("no port")?.to_owned();
    let runtime = Runtime::new()?;
    let arguments = ["up", "--local", "--detach", "--port", &port, "--allowed-host", HOSTILE, "--color=always"];
    let mut command = runtime.command(&arguments)?;
    check("the log", "", command.env_remove("NO_COLOR").env("STICKYCTL_ALLOWED_ORIGIN", HOSTILE))
}
