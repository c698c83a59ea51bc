//! Real reports conform to `docs/verify.schema.json`.

use crate::case::{interrupted, verify};
use crate::site::{Affinity, Site};
use serde_json::Value;
use std::path::Path;

fn validator() -> jsonschema::Validator {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/verify.schema.json");
    let schema: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    jsonschema::draft202012::meta::validate(&schema).unwrap();
    jsonschema::draft202012::new(&schema).unwrap()
}

#[track_caller]
fn is_valid(report: &Value) {
    let wrong: Vec<String> = validator().iter_errors(report).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test]
async fn reports_of_every_verdict() {
    let not = Site { affinity: Affinity::Nothing, ..Site::default() };
    let failing = Site { errors: Some(3), ..Site::default() };
    for (site, verdict) in [(Site::default(), "sticky"), (not, "not-sticky"), (failing, "inconclusive")] {
        let done = verify(&site.serve().await, &["--show-values", "--reuse", "--ws-url", "/ws"]).await;
        assert_eq!(done.report["verdict"], verdict, "{} {}", done.details(), done.stderr);
        is_valid(&done.report);
    }
}

#[tokio::test]
async fn a_partial_report() {
    let done = interrupted(&Site::default().serve().await, &["--rate", "60"], 60).await;
    assert!(done.report["partial"] == true && done.report["exit_code"] == 130, "{}", done.report);
    is_valid(&done.report);
}

/// Cookies that are not stored, workers that count, and a comparison with an earlier report.
#[tokio::test]
async fn a_report_with_all_that_may_be_there() {
    let folder = tempfile::tempdir().unwrap();
    let before = folder.path().join("before.json");
    let site = Site { workers: 4, cookie: Some("Path=/other; Expires=Wed, 01 Jan 2121 00:00:00 GMT"), ..Site::default() }.serve().await;
    std::fs::write(&before, verify(&site, &[]).await.stdout).unwrap();
    let done = verify(&site, &["--baseline", before.to_str().unwrap(), "--require-workers"]).await;
    is_valid(&done.report);
    let cookie = &done.report["cookies"][0];
    assert_eq!((&cookie["fate"], &cookie["attributes"], &cookie["sent"]), (&"other-path".into(), &"Path=/other Expires".into(), &0.into()));
    assert!(cookie["lives_s"].as_u64().unwrap() > 86_400 * 365 && done.report["baseline"]["changed"].is_array(), "{cookie}");
}

#[tokio::test]
async fn what_is_no_report_is_refused() {
    let report = verify(&Site::default().serve().await, &[]).await.report;
    for (pointer, wrong) in
        [("/verdict", Value::from("perhaps")), ("/schema", "v2".into()), ("/moved_requests", Value::Null), ("/plan/paths", "".into())]
    {
        let mut changed = report.clone();
        *changed.pointer_mut(pointer).unwrap() = wrong;
        assert!(!validator().is_valid(&changed), "{pointer}");
    }
    let mut more = report;
    more["later"] = Value::from(1);
    is_valid(&more);
}
