//! Reads an earlier report.

use super::Earlier;
use crate::exit::{Exit, Failure};
use crate::verify::report::{Report, harmless};
use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

/// The largest report that is read: a run of half a million requests has less.
const LARGEST: u64 = 256 << 20;

/// Reads a report that `-o json` printed.
///
/// # Errors
/// There is none, it is too large, or it is something else ([`Exit::Usage`]), with path and reason.
pub fn read(path: &Path) -> Result<Earlier, Failure> {
    let refuse = |why: String| {
        Failure::new(Exit::Usage, format!("--baseline {}: {why}", path.display())).try_this("stickyctl verify URL -o json >FILE writes one")
    };
    let open = || -> io::Result<String> {
        let file = File::open(path)?;
        // A pipe may never end.
        if !file.metadata()?.is_file() {
            return Err(io::Error::other("it is no plain file"));
        }
        let mut text = String::new();
        if file.take(LARGEST + 1).read_to_string(&mut text)? as u64 > LARGEST {
            return Err(io::Error::other(format!("it is larger than {} MB", LARGEST >> 20)));
        }
        Ok(text)
    };
    let text = open().map_err(|e| refuse(e.to_string()))?;
    let mut earlier: Earlier = serde_json::from_str(&text).map_err(|e| refuse(format!("it is no report: {}", harmless(&e.to_string()))))?;
    if earlier.schema != Report::SCHEMA {
        let schema = if earlier.schema.is_empty() { "none".to_owned() } else { harmless(&earlier.schema) };
        return Err(refuse(format!("its schema is {schema}, and {} is read", Report::SCHEMA)));
    }
    made_harmless(&mut earlier);
    Ok(earlier)
}

/// A file may come from anywhere.
fn made_harmless(earlier: &mut Earlier) {
    let texts = [&mut earlier.url, &mut earlier.began, &mut earlier.verdict, &mut earlier.workers].into_iter();
    let texts = texts.chain([&mut earlier.identity.pod, &mut earlier.identity.worker]);
    let texts = texts.chain(earlier.reasons.iter_mut().map(|reason| &mut reason.code));
    let texts = texts.chain(&mut earlier.plan.paths).chain(earlier.pods.iter_mut().map(|pod| &mut pod.pod));
    let texts = texts.chain(earlier.cookies.iter_mut().flat_map(|one| [&mut one.name, &mut one.attributes]));
    for text in texts.chain(earlier.scenarios.iter_mut().flat_map(|one| [&mut one.name, &mut one.outcome])) {
        *text = harmless(text);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::super::super::report::sample::{Kind, report};
    use super::*;

    #[test]
    fn a_report_and_what_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.json");
        std::fs::write(&path, serde_json::to_string_pretty(&report(Kind::Sticky)).unwrap()).unwrap();
        assert_eq!(read(&path).unwrap(), Earlier::from(&report(Kind::Sticky)));
        for (text, why) in [
            ("", "no report: EOF"),
            ("[]", "its schema is none"),
            ("<html>", "no report"),
            ("{}", "its schema is none"),
            (r#"{"schema": "stickyctl.verify/v2\u001b[31m"}"#, r"its schema is stickyctl.verify/v2\u{1b}[31m, and stickyctl.verify/v1 is read"),
        ] {
            std::fs::write(&path, text).unwrap();
            let failure = read(&path).unwrap_err();
            assert!(failure.exit == Exit::Usage && failure.what.contains(why) && failure.what.contains("a.json"), "{}", failure.what);
        }
        assert!(read(folder.path()).unwrap_err().what.contains("no plain file"));
        assert!(read(&folder.path().join("none")).unwrap_err().what.contains("No such file"));
    }

    #[test]
    fn strangers_words_are_harmless() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.json");
        std::fs::write(
            &path,
            r#"{"schema": "stickyctl.verify/v1", "url": "a\u001b[2J", "reasons": [{"code": "\u001b"}], "pods": [{"pod": "b\u202e"}]}"#,
        )
        .unwrap();
        let read = read(&path).unwrap();
        assert_eq!((&*read.url, &*read.pods[0].pod, &*read.reasons[0].code), (r"a\u{1b}[2J", r"b\u{202e}", r"\u{1b}"));
    }
}
