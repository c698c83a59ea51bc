//! Sites as people reported them in public trackers, each rebuilt as the smallest stub that shows the behavior, with a similar site that
//! must not get its verdict or reasons.

mod balancers;
mod caches;
mod lifetimes;
mod names;
mod paths;

use crate::case::{Case, Done};

/// A report.
pub(crate) struct Report {
    /// Its tracker and number.
    pub(crate) source: &'static str,
    /// How the site behaves, in a sentence.
    pub(crate) does: &'static str,
    pub(crate) case: Case,
    /// A similar site.
    pub(crate) beside: Case,
}

pub(crate) const REPORTS: &[&[Report]] = &[balancers::REPORTS, caches::REPORTS, lifetimes::REPORTS, names::REPORTS, paths::REPORTS];

/// Every case, those of similar sites too.
pub(crate) fn cases() -> impl Iterator<Item = &'static Case> {
    REPORTS.iter().copied().flatten().flat_map(|report| [&report.case, &report.beside])
}

/// Checks reports and their neighbours, and fails with all that are wrong.
async fn check(reports: &[Report]) {
    let mut wrong = Vec::new();
    for case in reports.iter().flat_map(|report| [&report.case, &report.beside]) {
        wrong.extend(case.check().await.err());
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

/// Runs a report's site.
async fn run(reports: &[Report], source: &str) -> Done {
    reports.iter().find(|report| report.source == source).unwrap().case.check().await.unwrap()
}

/// Round robin among pods.
pub(crate) fn turns(pods: u64) -> impl FnMut() -> u64 + Send + 'static {
    let mut turn = 0;
    move || {
        turn += 1;
        turn % pods
    }
}

/// The pod that a key leads to, as a hash does.
pub(crate) fn hash(key: &[u8]) -> u64 {
    key.iter().fold(7, |all, byte| crate::site::hash(all ^ u64::from(*byte))) % 3
}

/// The table of `docs/reported-sites.md`.
fn table() -> String {
    let mut rows: Vec<String> = REPORTS.iter().copied().flatten().map(row).collect();
    rows.sort_by_key(|row| row.to_lowercase());
    format!("| report | behavior | verdict | reasons |\n|---|---|---|---|\n{}\n", rows.join("\n"))
}

fn row(report: &Report) -> String {
    let (tracker, number) = report.source.split_once('#').unwrap();
    let codes: Vec<String> = report.case.reasons.iter().map(|code| format!("`{code}`")).collect();
    let (source, does, verdict) = (report.source, report.does, report.case.verdict.replace('-', " "));
    format!("| [{source}](https://github.com/{tracker}/issues/{number}) | {does} | {verdict} | {} |", codes.join(", "))
}

/// `STICKY_GENERATE=1` rewrites the table instead.
#[test]
fn the_document_lists_the_reports() {
    const MARKS: [&str; 2] = ["<!-- table of reports -->\n", "<!-- /table of reports -->\n"];
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/reported-sites.md");
    let text = std::fs::read_to_string(path).unwrap();
    let (before, rest) = text.split_once(MARKS[0]).unwrap();
    let (_, after) = rest.split_once(MARKS[1]).unwrap();
    let wanted = [before, MARKS[0], &table(), MARKS[1], after].concat();
    if std::env::var_os("STICKY_GENERATE").is_some() {
        std::fs::write(path, &wanted).unwrap();
    } else {
        assert!(text == wanted, "docs/reported-sites.md is out of date: run this test with STICKY_GENERATE=1");
    }
}
