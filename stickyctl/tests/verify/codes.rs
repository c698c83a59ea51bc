//! Every reason has a site that causes it, and a similar site that does not.

use crate::case::Case;
use crate::{
    affinity, answers, apps, cookies, migrate, reported, reported_answers, reported_asking, reported_cookies, reported_moves, reported_pace,
    reported_symptom, sockets, ways, workers,
};
use std::collections::BTreeSet;
use sticky_affinity::code::Code;

/// Codes that need a cluster, which no site here has: unit tests cover them.
const BY_A_CLUSTER: &[&str] = &["moved-forced", "moved-collateral", "single-ready-pod", "no-log-line"];
const UNIT_TESTS: [&str; 2] =
    [include_str!("../../../affinity/src/judge/tests/around.rs"), include_str!("../../../affinity/src/judge/tests/logs.rs")];
/// Codes that need disruptions, which need a cluster: the same.
const BY_A_DISRUPTION: &[&str] = &["disruption-moved", "ring-moved", "disruption-errors", "drain-takes-new", "disruption-unsettled", "pods-unknown"];
const DISRUPTIONS: &str = include_str!("../../../affinity/src/disrupt/tests.rs");

fn cases() -> impl Iterator<Item = &'static Case> {
    [
        affinity::CASES,
        answers::CASES,
        apps::CASES,
        cookies::CASES,
        reported_answers::CASES,
        reported_answers::SILENT,
        reported_asking::CASES,
        reported_cookies::CASES,
        reported_moves::CASES,
        reported_pace::CASES,
        reported_symptom::CASES,
        sockets::CASES,
        sockets::SILENT,
        ways::CASES,
        workers::CASES,
    ]
    .into_iter()
    .flatten()
    .chain(reported::cases())
}

#[test]
fn each_code_has_a_case_and_a_neighbour() {
    let (mut tells, mut beside): (BTreeSet<&str>, BTreeSet<&str>) = (BTreeSet::new(), BTreeSet::new());
    for case in cases() {
        tells.extend(case.reasons);
        beside.extend(case.beside);
        assert!(case.beside.iter().all(|code| !case.reasons.contains(code)), "{}: what it must not tell, it tells", case.name);
    }
    for case in migrate::CASES {
        tells.extend(case.reasons);
        beside.extend(case.beside);
        assert!(case.beside.iter().all(|code| !case.reasons.contains(code)), "{}: what it must not tell, it tells", case.name);
    }
    for code in Code::ALL.iter().map(|code| code.word()) {
        if BY_A_DISRUPTION.contains(&code) {
            assert!(DISRUPTIONS.contains(&format!("[\"{code}\"]")), "no unit test finds {code}");
            continue;
        }
        if BY_A_CLUSTER.contains(&code) {
            assert!(UNIT_TESTS.iter().any(|tests| tests.contains(&format!("Some(\"{code}\")"))), "no unit test finds {code}");
            continue;
        }
        assert!(tells.contains(code), "no site brings {code} about");
        assert!(beside.contains(code), "no site is beside {code}");
    }
    let known: BTreeSet<&str> = Code::ALL.iter().map(|code| code.word()).collect();
    let unknown: Vec<&&str> = tells.union(&beside).filter(|code| !known.contains(**code)).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}

#[test]
fn names_are_told_apart() {
    let names: Vec<&str> = cases().map(|case| case.name).collect();
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
}
