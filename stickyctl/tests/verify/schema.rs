//! Real reports are as `docs/verify.schema.json` says.

use crate::case::{Done, command, done, verify};
use crate::site::{Affinity, Served, Site};
use rustix::process::{Pid, Signal, kill_process};
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

/// A run that gets Ctrl-C in its middle.
pub async fn interrupted(site: &Served, flags: &[&str]) -> Done {
    let child = command(site, &[&["--rate", "60"], flags].concat()).spawn().unwrap();
    let pid = Pid::from_raw(child.id().unwrap().cast_signed()).unwrap();
    site.state.has(60).await;
    kill_process(pid, Signal::INT).unwrap();
    done(child.wait_with_output().await.unwrap())
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
    let done = interrupted(&Site::default().serve().await, &[]).await;
    assert!(done.report["partial"] == true && done.report["exit_code"] == 130, "{}", done.report);
    is_valid(&done.report);
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
