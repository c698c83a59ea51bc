//! `doctor` over manifests: each code with what it finds, and with a neighbour where it must find nothing.
//!
//! `findings/CODE.yaml` and `findings/CODE.CASE.yaml` have the fault, `neighbours/` the same objects without it. A first line
//! `# as a cluster` reads them as everything that a cluster has, and `# ping 25s` is `--ping`.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod charts;
mod command;
mod many;

use std::fs;
use std::path::{Path, PathBuf};
use stickyctl::doctor::checks::codes;
use stickyctl::doctor::objects::Origin;
use stickyctl::doctor::of_text;
use stickyctl::doctor::report::Report;

/// A file or a folder beside this one.
fn at(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/doctor").join(name)
}

/// The manifests of a folder by name, without their ending.
fn manifests(folder: &str) -> Vec<(String, String)> {
    let mut all: Vec<(String, String)> = fs::read_dir(at(folder))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.file_stem().unwrap().to_str().unwrap().to_owned(), fs::read_to_string(path).unwrap()))
        .collect();
    all.sort();
    all
}

fn check(name: &str, text: &str) -> Report {
    let head: Vec<&str> = text.lines().take_while(|line| line.starts_with("# ")).collect();
    let origin = if head.contains(&"# as a cluster") { Origin::Cluster } else { Origin::Files };
    let ping = head.iter().find_map(|line| line.strip_prefix("# ping ")).map(|text| sticky_core::duration::parse(text).unwrap());
    of_text(name, text, origin, ping).unwrap_or_else(|why| panic!("{name}: {why}"))
}

/// As in `error value-dropped Ingress shop/web`, one line each.
fn lines(report: &Report) -> Vec<String> {
    report.findings.iter().map(|finding| format!("{} {} {}", finding.severity.word(), finding.code, finding.about.title())).collect()
}

#[test]
fn no_finding_without_a_fixture() {
    let (findings, neighbours) = (manifests("findings"), manifests("neighbours"));
    for code in codes::ALL {
        for (folder, all) in [("findings", &findings), ("neighbours", &neighbours)] {
            assert!(all.iter().any(|(name, _)| name == code.word), "there is no tests/doctor/{folder}/{}.yaml", code.word);
        }
    }
    let code = |name: &str| {
        let word = name.split('.').next().unwrap();
        codes::Code::of(word).unwrap_or_else(|| panic!("{name}: there is no code {word}"))
    };
    let mut wrong = Vec::new();
    for (name, text) in &findings {
        let report = check(name, text);
        let found: Vec<_> = report.findings.iter().filter(|finding| finding.code == code(name).word).collect();
        if found.is_empty() {
            wrong.push(format!("findings/{name}: not found: {:?}", lines(&report)));
        }
        // The file that is named after the code alone has its worst case.
        if !name.contains('.') && !found.iter().any(|finding| finding.severity == code(name).severity) {
            wrong.push(format!("findings/{name}: not of severity {}: {:?}", code(name).severity.word(), lines(&report)));
        }
        for finding in found {
            assert!(finding.about.place.as_ref().is_some_and(|place| place.line > 0) && finding.severity <= code(name).severity, "{finding:?}");
            // The sentences end in the report.
            assert!(!finding.consequence.ends_with('.') && !finding.fix.ends_with('.') && !finding.fix.is_empty(), "{finding:?}");
        }
    }
    for (name, text) in &neighbours {
        let report = check(name, text);
        if report.findings.iter().any(|finding| finding.code == code(name).word) {
            wrong.push(format!("neighbours/{name}: found: {:?}", lines(&report)));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The neighbours that have nothing else to say either are the proof that a good configuration is quiet.
#[test]
fn a_good_configuration_has_no_finding() {
    for name in ["ingress-conflict", "name-shared", "service-address", "all-at-once", "samesite-needs-secure", "hash-without-ttl"] {
        let text = fs::read_to_string(at(&format!("neighbours/{name}.yaml"))).unwrap();
        assert_eq!(lines(&check(name, &text)), [""; 0], "{name}");
    }
}
