//! The report as JUnit has it, for whoever collects results of tests: one case for each scenario.

use super::{Ran, Report, Told};
use crate::verify::scenario::Mark;
use crate::verify::verdict::Verdict;
use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};
use std::io;

/// The suite's name, and the class of its cases.
const SUITE: &str = "stickyctl verify";

impl Report {
    /// As JUnit XML. A scenario fails where it failed; one that was left unjudged and is the reason of a verdict that is not `sticky` is an
    /// error, so that a run that proves nothing is not green.
    ///
    /// # Errors
    /// Never in practice: the text is written to memory.
    pub fn junit(&self) -> io::Result<String> {
        let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
        writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
        let (mut failures, mut errors, mut skipped) = (0, 0, 0);
        for one in &self.scenarios {
            match self.case(one) {
                Case::Passed => {}
                Case::Failed => failures += 1,
                Case::Unproven(_) => errors += 1,
                Case::Skipped => skipped += 1,
            }
        }
        let (tests, time) = (self.scenarios.len().to_string(), format!("{:.3}", self.took_ms / 1e3));
        let (failures, errors, skipped) = (failures.to_string(), errors.to_string(), skipped.to_string());
        let began = self.began.trim_end_matches('Z').to_owned();
        let counts = [("tests", &*tests), ("failures", &failures), ("errors", &errors), ("skipped", &skipped), ("time", &time)];
        let suites = writer.create_element("testsuites").with_attribute(("name", SUITE)).with_attributes(counts);
        suites.write_inner_content(|writer| {
            let suite = writer.create_element("testsuite").with_attribute(("name", SUITE)).with_attributes(counts);
            suite.with_attribute(("timestamp", &*began)).write_inner_content(|writer| self.suite(writer)).map(drop)
        })?;
        let mut text = String::from_utf8(writer.into_inner()).map_err(io::Error::other)?;
        text.push('\n');
        Ok(text)
    }

    fn suite(&self, writer: &mut Writer<Vec<u8>>) -> io::Result<()> {
        let (seed, partial, exit) = (self.seed.to_string(), self.partial.to_string(), self.exit_code.to_string());
        let properties = [
            ("verdict", self.verdict.word()),
            ("workers", self.workers.word()),
            ("exit code", &exit),
            ("partial", &partial),
            ("seed", &seed),
            ("url", &self.url),
            ("stickyctl", self.stickyctl),
        ];
        writer.create_element("properties").write_inner_content(|writer| {
            for (name, value) in properties {
                writer.create_element("property").with_attributes([("name", name), ("value", &*allowed(value))]).write_empty()?;
            }
            Ok(())
        })?;
        for one in &self.scenarios {
            let case = writer.create_element("testcase").with_attributes([("classname", SUITE), ("name", one.name)]);
            let message = allowed(&one.detail);
            match self.case(one) {
                Case::Passed => case.write_empty()?,
                Case::Skipped => case
                    .write_inner_content(|writer| writer.create_element("skipped").with_attribute(("message", &*message)).write_empty().map(drop))?,
                Case::Failed => {
                    let text = self.reasons.iter().filter(|reason| reason.scenario == one.name).map(in_full).collect::<Vec<_>>().join("\n\n");
                    let text = allowed(&format!("{}\n{}\n\n{text}", one.asks, one.detail));
                    let kind = self.reasons.iter().find(|reason| reason.scenario == one.name).map_or("failed", |reason| reason.code.word());
                    problem(case, "failure", &[("message", &message), ("type", kind)], text.trim_end())?
                }
                Case::Unproven(reason) => {
                    let message = allowed(&format!("{}: {}", self.verdict.word(), reason.detail));
                    problem(case, "error", &[("message", &message), ("type", reason.code.word())], &allowed(&in_full(reason)))?
                }
            };
        }
        Ok(())
    }

    fn case(&self, one: &Ran) -> Case<'_> {
        let decisive = self.reasons.first().filter(|reason| self.verdict != Verdict::Sticky && reason.scenario == one.name);
        match (one.outcome, decisive) {
            (Mark::Fail, _) => Case::Failed,
            (_, Some(reason)) => Case::Unproven(reason),
            (Mark::Pass, None) => Case::Passed,
            (Mark::Skip, None) => Case::Skipped,
        }
    }
}

enum Case<'a> {
    Passed,
    Failed,
    Skipped,
    /// Not failed, and why the run proves nothing.
    Unproven(&'a Told),
}

fn problem<'a>(
    case: quick_xml::writer::ElementWriter<'a, Vec<u8>>,
    element: &str,
    attributes: &[(&str, &str)],
    text: &str,
) -> io::Result<&'a mut Writer<Vec<u8>>> {
    case.write_inner_content(|writer| {
        writer.create_element(element).with_attributes(attributes.iter().copied()).write_text_content(BytesText::new(text)).map(drop)
    })
}

fn in_full(reason: &Told) -> String {
    format!("{}  {}\nseen: {}\n{}", reason.code.word(), reason.title, reason.detail, reason.code.advice())
}

/// A text without the characters that XML 1.0 has no way to write (section 2.2).
fn allowed(text: &str) -> String {
    let has = |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
    text.chars().fold(String::new(), |mut all, c| {
        if has(c) {
            all.push(c);
        } else {
            all.extend(c.escape_unicode());
        }
        all
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::super::sample::{Kind, hostile, report};
    use super::*;
    use quick_xml::Reader;

    /// Names, attributes and texts, as a parser reads them.
    fn read(text: &str) -> Vec<String> {
        let mut reader = Reader::from_str(text);
        reader.config_mut().check_end_names = true;
        let mut all = Vec::new();
        loop {
            match reader.read_event().unwrap() {
                Event::Eof => return all,
                Event::Start(tag) | Event::Empty(tag) => {
                    let attributes = tag.attributes().map(|one| {
                        let one = one.unwrap();
                        format!(" {}={}", one.key.as_ref(), one.normalized_value(quick_xml::XmlVersion::Explicit1_0).unwrap())
                    });
                    all.push(format!("{}{}", tag.name().as_ref(), attributes.collect::<String>()));
                }
                _ => {}
            }
        }
    }

    #[test]
    fn a_case_for_each_scenario() {
        for kind in [Kind::Sticky, Kind::NotSticky, Kind::OnePod] {
            let report = report(kind);
            let all = read(&report.junit().unwrap());
            assert_eq!(all.iter().filter(|one| one.starts_with("testcase ")).count(), 13, "{all:#?}");
            let count = |name: &str| all.iter().filter(|one| one.starts_with(name)).count();
            let (failed, unproven, skipped) = (count("failure "), count("error "), count("skipped "));
            let counts = format!(" tests=13 failures={failed} errors={unproven} skipped={skipped} time=21.400");
            assert!(all[0].ends_with(&counts) && all[1].contains(&counts), "{all:#?}");
            assert_eq!(failed + unproven > 0, kind != Kind::Sticky, "only what sticks is green: {all:#?}");
        }
        let text = report(Kind::NotSticky).junit().unwrap();
        assert!(text.contains(r#"type="cookie-not-honoured""#) && text.contains("service-upstream (ingress-nginx)"), "{text}");
        assert!(text.contains(r#"<property name="verdict" value="not-sticky"/>"#), "{text}");
    }

    #[test]
    fn a_run_that_proves_nothing_is_not_green() {
        let mut report = report(Kind::Sticky);
        report.verdict = Verdict::Inconclusive;
        report.reasons = vec![super::super::build::told(crate::verify::code::Code::TooFewProbes, crate::verify::scenario::Name::StickHttp, "2 of 3")];
        let all = read(&report.junit().unwrap());
        assert!(all.contains(&"error message=inconclusive: 2 of 3 type=too-few-probes".to_owned()), "{all:#?}");
    }

    #[test]
    fn strangers_words_stay_words() {
        let mut report = hostile();
        report.scenarios.iter_mut().for_each(|one| one.detail = "</failure>]]><script>alert(1)</script>".to_owned());
        let text = report.junit().unwrap();
        let all = read(&text);
        assert_eq!(all.iter().filter(|one| one.starts_with("testcase ")).count(), 13, "{text}");
        assert!(!text.contains("<script") && !text.contains("]]>") && text.contains("&lt;script&gt;"), "{text}");
        assert_eq!(allowed("a\u{0}b\u{fffe}c\u{1f600}"), "a\\u{0}b\\u{fffe}c\u{1f600}");
    }
}
