//! Whoever uses the demo on this machine is never told a command that would use a cluster.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
use super::error::LocalError;
use super::size;
use crate::exit::Explained;
use crate::output::recorded::is_local;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Every text of these modules, wherever it is printed.
#[test]
fn texts_in_the_source() {
    let literal = regex::Regex::new(r#""(?:[^"\\]|\\.)*""#).unwrap();
    let mut seen = 0;
    let mut paths = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src/local")];
    while let Some(path) = paths.pop() {
        if path.is_dir() {
            paths.extend(std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
            continue;
        }
        // Its examples are wrong ones.
        if path.ends_with("hints.rs") {
            continue;
        }
        let source = std::fs::read_to_string(&path).unwrap();
        for line in source.lines().filter(|line| !line.trim_start().starts_with("//")) {
            for text in literal.find_iter(line).map(|found| found.as_str()).filter(|text| text.contains("stickyctl ")) {
                seen += 1;
                assert!(is_local(text), "{}: {text}", path.display());
            }
        }
    }
    assert!(seen >= 12, "{seen}");
}

/// What the texts are once they are put together.
#[test]
fn next_steps() {
    let (path, want) = (PathBuf::from("/run/x"), "3x1".parse().unwrap());
    let address: SocketAddr = "127.0.0.1:8080".parse().unwrap();
    let limit = Duration::from_secs(1);
    for error in [
        LocalError::NothingRuns(path.clone()),
        LocalError::AlreadyUp { url: "http://127.0.0.1:8080/".to_owned(), pid: 1 },
        LocalError::Listen { address, why: std::io::ErrorKind::AddrInUse.into() },
        LocalError::NotReady(limit),
        LocalError::Refused("no".to_owned()),
        LocalError::ChangeTimedOut { want, limit, seen: String::new(), no_redis: false },
        LocalError::ChangeTimedOut { want, limit, seen: String::new(), no_redis: true },
        LocalError::TooLarge(size::check("64x64".parse().unwrap(), 0).unwrap_err()),
    ] {
        let steps = error.next_steps();
        assert!(steps.iter().any(|step| step.contains("stickyctl ")) && steps.iter().all(|step| is_local(step)), "{error}: {steps:?}");
    }
    assert!(!is_local("stickyctl status") && !is_local("stickyctl scale 3; stickyctl status --local") && is_local("stickyctl explain leaks"));
}
