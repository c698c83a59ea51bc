//! The report as one page for a browser, to be attached to a change request. It looks like that of `verify`, and fetches nothing either.

use super::model::Report;
use crate::verify::report::page::{SHARED, html, script};
use std::sync::LazyLock;

/// Below the shared modules: each after those that it imports, and the last one starts the page.
const MODULES: [&str; 3] = [include_str!("html/ways.js"), include_str!("html/parts.js"), include_str!("html/start.js")];

static SCRIPT: LazyLock<String> = LazyLock::new(|| script(&[&SHARED[..], &MODULES[..]].concat()));

impl Report {
    /// The report as HTML.
    ///
    /// # Errors
    /// Never in practice: the report is written to memory.
    pub fn page(&self) -> serde_json::Result<String> {
        html(&SCRIPT, self)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::super::sample::{Kind, report};
    use super::*;

    #[test]
    fn modules_have_no_name_twice() {
        let mut names: Vec<_> = SCRIPT
            .lines()
            .filter_map(|line| ["const ", "let ", "function ", "class "].iter().find_map(|word| line.strip_prefix(word)))
            .map(|rest| rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap())
            .collect();
        names.sort_unstable();
        let twice: Vec<_> = names.windows(2).filter(|pair| pair[0] == pair[1]).collect();
        assert!(names.len() > 30 && twice.is_empty(), "{} names, twice: {twice:?}", names.len());
    }

    #[test]
    fn a_page_has_its_report() {
        let mut report = report(Kind::FlipFlop);
        report.pods[0].pod = "</script><script>".to_owned();
        let page = report.page().unwrap();
        assert_eq!((page.matches("<script").count(), page.matches("</script>").count()), (2, 2));
        assert!(page.contains("stickyctl.migration/v1") && page.contains("<title>stickyctl verify</title>") && !page.contains("{{"));
    }
}
