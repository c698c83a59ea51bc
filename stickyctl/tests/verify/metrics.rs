//! Results as metrics: a file that is replaced as a whole, and a Pushgateway.

use crate::case::{NOT_STICKY, verify};
use crate::site::{Affinity, Site};
use crate::stub::{Reply, Stub};
use std::sync::{Arc, Mutex};

#[tokio::test]
async fn a_file_for_the_textfile_collector() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("stickyctl.prom");
    let flag = ["--metrics-file", path.to_str().unwrap()];
    let done = verify(&Site { affinity: Affinity::Nothing, ..Site::default() }.serve().await, &flag).await;
    assert_eq!(done.code, Some(NOT_STICKY.0), "{}", done.stderr);
    let first = std::fs::read_to_string(&path).unwrap();
    assert!(
        first.contains("verdict=\"not-sticky\"} 1") && first.contains("verdict=\"sticky\"} 0") && done.stderr.contains("stickyctl.prom"),
        "{first}"
    );
    assert!(first.contains("stickyctl_verify_exit_code{target=\"http://127.0.0.1:") && first.contains("reason=\""), "{first}");
    let again = verify(&Site::default().serve().await, &flag).await;
    let second = std::fs::read_to_string(&path).unwrap();
    assert!(again.code == Some(0) && second.contains("verdict=\"sticky\"} 1") && !second.contains("reason=\"cookie"), "{second}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "no half of a file stays for the collector to read");
    std::fs::write(&path, "node_load1 0.5\n").unwrap();
    let refused = verify(&Site::default().serve().await, &flag).await;
    assert!(refused.code == Some(2) && refused.stderr.contains("--force"), "{}", refused.stderr);
}

/// Whatever becomes of the push, the exit code is the verdict's.
#[tokio::test]
async fn a_pushgateway_gets_what_the_file_has() {
    let pushed = Arc::new(Mutex::new(Vec::new()));
    let (kept, status) = (Arc::clone(&pushed), Arc::new(Mutex::new(200)));
    let answers = Arc::clone(&status);
    let gateway = Stub::new(move |asked| {
        kept.lock().unwrap().push((
            asked.method.to_string(),
            asked.path.clone(),
            asked.header("content-type").map(str::to_owned),
            asked.body.clone(),
        ));
        Reply::new(*answers.lock().unwrap()).body("pushed metrics are invalid or inconsistent with existing metrics")
    });
    let gateway = gateway.serve().await;
    let flags = ["--pushgateway", &gateway.url];
    let site = Site::default().serve().await;
    let done = verify(&site, &flags).await;
    assert!(done.code == Some(0) && done.stderr.contains("pushed"), "{}", done.stderr);
    let all = std::mem::take(&mut *pushed.lock().unwrap());
    let [(method, path, kind, body)] = &all[..] else { panic!("{all:?}") };
    assert_eq!((method.as_str(), kind.as_deref()), ("PUT", Some("text/plain; version=0.0.4; charset=utf-8")));
    assert!(path.starts_with("/metrics/job/stickyctl_verify/target@base64/aHR0cDovLz"), "{path}");
    assert!(String::from_utf8_lossy(body).contains("verdict=\"sticky\"} 1"));

    *status.lock().unwrap() = 400;
    let done = verify(&site, &flags).await;
    assert!(done.code == Some(0) && done.stderr.contains("it answered 400: pushed metrics are invalid"), "{}", done.stderr);
    let nobody = verify(&Site { affinity: Affinity::Nothing, ..Site::default() }.serve().await, &["--pushgateway", "http://127.0.0.1:1"]).await;
    assert!(nobody.code == Some(3) && nobody.stderr.contains("pushing metrics to 127.0.0.1:1: Connection refused"), "{}", nobody.stderr);
    let secret = verify(&site, &["--pushgateway", "http://jane:hunter2@127.0.0.1:1"]).await;
    assert!(secret.code == Some(2) && !secret.stderr.contains("hunter2"), "{}", secret.stderr);
}
