//! The text of a spec, and the objects that are generated from it.

use stickyctl::generate::objects;
use stickyctl::spec::load::{Sources, load};

pub fn check(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    let loaded = load(Sources { file: Some(text), ..Sources::default() });
    if !loaded.findings.problems.is_empty() {
        assert!(loaded.findings.problems.iter().all(|problem| !problem.what.is_empty()));
        return;
    }
    // What is accepted stays what it is, and makes a release.
    let tree = serde_json::to_value(&loaded.spec).unwrap();
    let again = load(Sources { file: Some(&tree.to_string()), ..Sources::default() });
    assert_eq!((&again.spec, again.findings.problems), (&loaded.spec, Vec::new()));
    assert!(!objects(&loaded.spec, true).is_empty());
}
