//! The command: files, folders, stdin, formats and exit codes.

use super::{at, check, manifests};
use serde_json::Value;
use std::io::Write as _;
use std::process::{Command, Output, Stdio};
use stickyctl::doctor::report::Report;

fn doctor(words: &[&str], stdin: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_stickyctl"))
        .arg("doctor")
        .args(words)
        .env("KUBECONFIG", "/dev/null")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(stdin.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

fn out(done: &Output) -> String {
    String::from_utf8(done.stdout.clone()).unwrap()
}

fn path(name: &str) -> String {
    at(name).display().to_string()
}

#[test]
fn files_folders_and_stdin() {
    let bad = path("findings/service-address.yaml");
    let of_file = doctor(&["-f", &bad], "");
    assert_eq!(of_file.status.code(), Some(3), "{}", out(&of_file));
    let text = out(&of_file);
    let head = format!("Ingress shop/web  {bad}:1\n  error    service-address\n           nginx.ingress.kubernetes.io/service-upstream\n");
    assert!(text.starts_with(&head), "{text}");
    assert!(text.contains("looked at   1 Ingress\n1 error; stickyctl explain CODE says more about one"), "{text}");
    let good = path("neighbours/ingress-conflict.yaml");
    let both = doctor(&["-f", &good, "-f", "-", "-o", "json"], &std::fs::read_to_string(&bad).unwrap());
    let report: Value = serde_json::from_str(&out(&both)).unwrap();
    assert_eq!((both.status.code(), &report["errors"], &report["findings"][0]["about"]["place"]["file"]), (Some(3), &1.into(), &"-".into()));
    let quiet = doctor(&["-f", &good], "");
    assert_eq!(quiet.status.code(), Some(0));
    assert!(out(&quiet).contains("Found nothing that breaks affinity. Only traffic proves that it works: stickyctl"), "{}", out(&quiet));
    let folder = doctor(&["-f", &path("findings"), "-o", "json"], "");
    let report: Value = serde_json::from_str(&out(&folder)).unwrap();
    assert!(report["findings"].as_array().unwrap().len() > 50);
}

#[test]
fn lists_json_and_several_documents() {
    let ingress = r#"{"apiVersion":"networking.k8s.io/v1","kind":"Ingress","metadata":{"name":"a","annotations":{"nginx.ingress.kubernetes.io/affinity":"ip"}},"spec":{}}"#;
    for (stdin, line) in [
        (format!("\n{ingress}\n{ingress}"), 2),
        (format!(r#"{{"apiVersion":"v1","kind":"List","items":[{ingress}]}}"#), 1),
        (format!("# Source: chart/templates/ingress.yaml\n---\n# Source\n{ingress}"), 4),
        (format!("apiVersion: v1\nkind: List\nitems:\n- {ingress}\n"), 1),
        (format!("kind: Unknown\na: [\n---\n{ingress}"), 4),
    ] {
        let done = doctor(&["-f", "-", "-o", "json"], &stdin);
        let report: Value = serde_json::from_str(&out(&done)).unwrap_or_else(|_| panic!("{stdin}: {}", String::from_utf8_lossy(&done.stderr)));
        assert_eq!(
            (&report["findings"][0]["code"], &report["findings"][0]["about"]["place"]["line"]),
            (&"value-dropped".into(), &line.into()),
            "{stdin}"
        );
    }
}

#[test]
fn what_can_t_be_read_is_refused_with_its_place() {
    for (stdin, said) in [
        ("a: 1\n---\nkind: Ingress\nmetadata: [\n", "-:"),
        ("kind: Ingress\nkind: Ingress\n", "-:2: "),
        ("kind: ConfigMapList\n", "found no Ingress, HTTPRoute, Service or workload in -"),
        ("", "found no Ingress"),
    ] {
        let done = doctor(&["-f", "-"], stdin);
        let err = String::from_utf8(done.stderr.clone()).unwrap();
        assert!(done.status.code() == Some(2) && err.starts_with(&format!("error: {said}")), "{stdin}: {err}");
    }
    let none = doctor(&["-f", "/nowhere/x.yaml"], "");
    assert!(none.status.code() == Some(2) && String::from_utf8_lossy(&none.stderr).contains("reading manifests from /nowhere/x.yaml: No such file"));
}

#[test]
fn only_what_is_named() {
    let file = path("findings/name-shared.yaml");
    let done = doctor(&["-f", &file, "ingress/web", "-o", "json"], "");
    assert_eq!(done.status.code(), Some(0), "{}", out(&done));
    let done = doctor(&["-f", &file, "ingress/api", "-o", "json"], "");
    assert_eq!(done.status.code(), Some(3), "{}", out(&done));
    let gone = doctor(&["-f", &file, "ingress/gone"], "");
    assert!(gone.status.code() == Some(2) && String::from_utf8_lossy(&gone.stderr).starts_with("error: found no ingress/gone"));
}

/// A report of every fixture conforms to the schema in docs, its SARIF to the parts of the standard that it uses (`sarif.json`), and fits 80
/// columns.
#[test]
fn reports_as_their_schema_says_and_in_eighty_columns() {
    let schema = jsonschema::draft202012::new(&Report::schema()).unwrap();
    let sarif = jsonschema::draft202012::new(&serde_json::from_str(include_str!("sarif.json")).unwrap()).unwrap();
    for (name, text) in manifests("findings").into_iter().chain(manifests("charts")) {
        let report = check(&name, &text);
        let log = report.sarif();
        let wrong: Vec<String> = sarif.iter_errors(&log).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert!(wrong.is_empty(), "{name}: {wrong:#?}");
        for (place, result) in log["runs"][0]["results"].as_array().unwrap().iter().enumerate() {
            let rule = &log["runs"][0]["tool"]["driver"]["rules"][result["ruleIndex"].as_u64().unwrap() as usize];
            assert_eq!((&rule["id"], &result["ruleId"]), (&result["ruleId"], &report.findings[place].code.into()));
        }
        let json = serde_json::to_value(&report).unwrap();
        let wrong: Vec<String> = schema.iter_errors(&json).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert!(wrong.is_empty(), "{name}: {wrong:#?}");
    }
    for (name, _) in manifests("charts") {
        let text = out(&doctor(&["-f", &path(&format!("charts/{name}.yaml"))], ""));
        let wide: Vec<&str> = text.lines().filter(|line| line.chars().count() > 80 && !line.contains(".yaml:")).collect();
        assert!(wide.is_empty(), "{name}: {wide:#?}");
    }
}
