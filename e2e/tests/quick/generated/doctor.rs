//! The findings in `docs/doctor.md`.

use super::between;
use anyhow::Result;
use std::fmt::Write as _;
use stickyctl::doctor::checks::codes::ALL;

pub(super) fn page(page: &str) -> Result<String> {
    let rows: Vec<String> = ALL.iter().map(|code| format!("| [`{0}`](#{0}) | {1} | {2} |", code.word, code.severity.word(), code.title)).collect();
    let page = between(page, "findings", &format!("| finding | severity | means |\n|---|---|---|\n{}", rows.join("\n")))?;
    let mut text = String::new();
    for code in ALL {
        // Writing to a string can't fail.
        let _ = writeln!(text, "### {}\n\n{} {}\n\nSource: {}.\n", code.word, code.title, code.means, code.source);
    }
    between(&page, "explanations", &text)
}
