//! Counts a run's tests: passed, failed, and skipped with the reason.

use anyhow::{Context, Result};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// The counts over all test binaries of a run.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Count {
    passed: usize,
    failed: usize,
    /// Names of skipped tests by reason.
    skipped: BTreeMap<String, BTreeSet<String>>,
}

impl Count {
    /// Reads a line of output from libtest or `node --test`.
    pub(crate) fn read(&mut self, line: &str) {
        if let Some(rest) = line.strip_prefix("test result: ") {
            // `ok. 5 passed; 0 failed; 1 ignored; …`
            let number =
                |word: &str| rest.split([';', '.']).find_map(|part| part.trim().strip_suffix(word)?.trim().parse::<usize>().ok()).unwrap_or(0);
            self.passed += number("passed");
            self.failed += number("failed");
        } else if let Some((name, reason)) = line.strip_prefix("test ").and_then(|rest| rest.split_once(" ... ignored")) {
            self.skip(reason.trim_start_matches([',', ' ']), name.to_owned());
        } else if let Some((name, reason)) = line.split_once(" # SKIP") {
            // `ok 5 - name # SKIP reason`
            self.skip(reason.trim(), name.split_once(" - ").map_or(name, |(_, name)| name).to_owned());
        } else {
            // `# pass 5` or `ℹ pass 5`
            let mut words = line.trim_start_matches(['#', 'ℹ', ' ']).split(' ');
            match (words.next(), words.next().and_then(|count| count.parse::<usize>().ok()), words.next()) {
                (Some("pass"), Some(count), None) => self.passed += count,
                (Some("fail" | "cancelled"), Some(count), None) => self.failed += count,
                _ => {}
            }
        }
    }

    fn skip(&mut self, reason: &str, name: String) {
        let reason = if reason.is_empty() { "no reason given" } else { reason };
        self.skipped.entry(reason.to_owned()).or_default().insert(name);
    }

    /// Reads the file that [`testkit::skip`] wrote. libtest counts those tests as passed, because they returned.
    ///
    /// # Errors
    /// The file has another format.
    pub(crate) fn skips(&mut self, file: &Path) -> Result<()> {
        let text = fs::read_to_string(file).unwrap_or_default();
        let mut seen = BTreeSet::new();
        for line in text.lines() {
            let skip: Value = serde_json::from_str(line).with_context(|| format!("{}: {line}", file.display()))?;
            let word = |key: &str| skip[key].as_str().unwrap_or_default();
            let name = format!("{}::{}", word("suite"), word("test"));
            if seen.insert(name.clone()) {
                self.passed = self.passed.saturating_sub(1);
                self.skip(word("reason"), name);
            }
        }
        Ok(())
    }

    /// The skipped tests by reason, then a line with the counts.
    pub(crate) fn summary(&self) -> String {
        let mut text = String::new();
        for (reason, names) in &self.skipped {
            text.push_str(&format!("SKIPPED {}, because: {reason}\n", names.len()));
            names.iter().for_each(|name| text.push_str(&format!("    {name}\n")));
        }
        let skipped: usize = self.skipped.values().map(BTreeSet::len).sum();
        text.push_str(&format!("{} passed, {} failed, {skipped} skipped\n", self.passed, self.failed));
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn skipped_tests_are_not_passed_ones() {
        let mut count = Count::default();
        for line in [
            "test a::b ... ok",
            "test a::c ... ignored, draws a picture",
            "test result: ok. 4 passed; 0 failed; 1 ignored; 0 measured; 2 filtered out; finished in 0.01s",
            "test result: FAILED. 1 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s",
            "# pass 7",
            "ok 8 - d # SKIP no clock",
            "ℹ fail 1",
            "pass the salt",
        ] {
            count.read(line);
        }
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("skipped");
        let skip = |test: &str| format!(r#"{{"suite":"quick","test":"{test}","reason":"no Go"}}"#);
        fs::write(&file, [skip("x"), skip("y"), skip("x")].join("\n")).unwrap();
        count.skips(&file).unwrap();
        assert_eq!(
            count.summary(),
            "SKIPPED 1, because: draws a picture\n    a::c\nSKIPPED 2, because: no Go\n    quick::x\n    quick::y\nSKIPPED 1, because: no clock\n    d\n10 passed, 3 failed, 4 skipped\n"
        );
    }
}
