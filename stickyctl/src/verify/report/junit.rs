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
    /// As JUnit XML, green exactly where the exit code is 0. Then a scenario that failed and does not count is skipped, with what was seen;
    /// otherwise it is a failure, and the scenario that the exit code is owed to is an error where it did not fail. A run that was
    /// interrupted has a case of its own for that.
    ///
    /// # Errors
    /// Never in practice: the text is written to memory.
    pub fn junit(&self) -> io::Result<String> {
        let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
        writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
        let cases = self.cases();
        let count = |is: fn(&Came<'_>) -> bool| cases.iter().filter(|case| is(&case.came)).count();
        let (failures, errors) = (count(|came| matches!(came, Came::Failed)), count(|came| matches!(came, Came::Unproven(_) | Came::Ended(_))));
        let skipped = count(|came| matches!(came, Came::Skipped | Came::Uncounted));
        let (tests, time) = (cases.len().to_string(), format!("{:.3}", self.took_ms / 1e3));
        let (failures, errors, skipped) = (failures.to_string(), errors.to_string(), skipped.to_string());
        let began = self.began.trim_end_matches('Z').to_owned();
        let counts = [("tests", &*tests), ("failures", &failures), ("errors", &errors), ("skipped", &skipped), ("time", &time)];
        let suites = writer.create_element("testsuites").with_attribute(("name", SUITE)).with_attributes(counts);
        suites.write_inner_content(|writer| {
            let suite = writer.create_element("testsuite").with_attribute(("name", SUITE)).with_attributes(counts);
            suite.with_attribute(("timestamp", &*began)).write_inner_content(|writer| self.suite(&cases, writer)).map(drop)
        })?;
        let mut text = String::from_utf8(writer.into_inner()).map_err(io::Error::other)?;
        text.push('\n');
        Ok(text)
    }

    fn suite(&self, cases: &[Case<'_>], writer: &mut Writer<Vec<u8>>) -> io::Result<()> {
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
        for Case { name, ran, came } in cases {
            let case = writer.create_element("testcase").with_attributes([("classname", SUITE), ("name", *name)]);
            let message = allowed(ran.map_or("", |ran| &ran.detail));
            match came {
                Came::Passed => case.write_empty()?,
                Came::Skipped => case.write_inner_content(|writer| skipped(writer, &message))?,
                Came::Uncounted => case.write_inner_content(|writer| {
                    skipped(writer, &format!("it failed, and does not count: {message}"))?;
                    writer.create_element("system-out").write_text_content(BytesText::new(&self.in_full(*ran))).map(drop)
                })?,
                Came::Failed => {
                    let kind = self.reasons.iter().find(|reason| reason.scenario == *name).map_or("failed", |reason| reason.code.word());
                    problem(case, "failure", &[("message", &message), ("type", kind)], &self.in_full(*ran))?
                }
                Came::Unproven(reason) => {
                    // Pods may well be sticky where workers are what counts.
                    let word = if reason.scenario == WORKERS { self.workers.word() } else { self.verdict.word() };
                    let message = allowed(&format!("{word}: {}", reason.detail));
                    problem(case, "error", &[("message", &message), ("type", reason.code.word())], &allowed(&in_full(reason)))?
                }
                Came::Ended(why) => problem(case, "error", &[("message", why), ("type", "exit-code")], &allowed(&self.summary.lead))?,
            };
        }
        Ok(())
    }

    /// A case for each scenario, and one more where none of them says why the exit code is not 0.
    fn cases(&self) -> Vec<Case<'_>> {
        let mut cases: Vec<Case<'_>> = self.scenarios.iter().map(|one| Case { name: one.name, ran: Some(one), came: self.came(one) }).collect();
        let is_red = cases.iter().any(|case| matches!(case.came, Came::Failed | Came::Unproven(_)));
        let why = match (self.partial, self.exit_code) {
            (true, _) => Some("interrupted before all was asked".to_owned()),
            (false, code) => (code != 0 && !is_red).then(|| format!("exit code {code}")),
        };
        cases.extend(why.map(|why| Case { name: "run", ran: None, came: Came::Ended(why) }));
        cases
    }

    fn came(&self, one: &Ran) -> Came<'_> {
        if self.exit_code == 0 {
            return match one.outcome {
                Mark::Pass => Came::Passed,
                Mark::Skip => Came::Skipped,
                Mark::Fail => Came::Uncounted,
            };
        }
        let mut reasons = self.reasons.iter();
        let decisive = match self.verdict {
            // Pods are as they should be, so that it is workers, or that it was interrupted.
            Verdict::Sticky => reasons.find(|reason| reason.scenario == WORKERS && !self.partial),
            _ => reasons.next(),
        };
        match (one.outcome, decisive.filter(|reason| reason.scenario == one.name)) {
            (Mark::Fail, _) => Came::Failed,
            (_, Some(reason)) => Came::Unproven(reason),
            (Mark::Pass, None) => Came::Passed,
            (Mark::Skip, None) => Came::Skipped,
        }
    }

    /// What a scenario asks, what was seen, and the reasons that are from it.
    fn in_full(&self, ran: Option<&Ran>) -> String {
        let Some(ran) = ran else { return String::new() };
        let reasons = self.reasons.iter().filter(|reason| reason.scenario == ran.name).map(in_full).collect::<Vec<_>>().join("\n\n");
        allowed(format!("{}\n{}\n\n{reasons}", ran.asks, ran.detail).trim_end())
    }
}

const WORKERS: &str = "workers";

/// A case: a scenario, or the run itself.
struct Case<'a> {
    name: &'a str,
    ran: Option<&'a Ran>,
    came: Came<'a>,
}

/// What came of a case.
enum Came<'a> {
    Passed,
    Failed,
    Skipped,
    /// Failed, and the exit code is 0 all the same.
    Uncounted,
    /// Not failed, and why the run proves nothing.
    Unproven(&'a Told),
    /// The run ended so.
    Ended(String),
}

fn skipped(writer: &mut Writer<Vec<u8>>, message: &str) -> io::Result<()> {
    writer.create_element("skipped").with_attribute(("message", message)).write_empty().map(drop)
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
    use super::super::build::told;
    use super::super::sample::{Kind, hostile, report};
    use super::*;
    use crate::verify::code::Code;
    use crate::verify::scenario::Name;
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

    /// Elements of a kind in a report's text.
    fn count(report: &Report, kind: &str) -> usize {
        read(&report.junit().unwrap()).iter().filter(|one| **one == *kind || one.starts_with(&format!("{kind} "))).count()
    }

    #[test]
    fn a_run_that_proves_nothing_is_not_green() {
        let mut report = report(Kind::Sticky);
        (report.verdict, report.exit_code) = (Verdict::Inconclusive, 6);
        report.reasons = vec![told(Code::TooFewProbes, Name::StickHttp, "2 of 3")];
        let all = read(&report.junit().unwrap());
        assert!(all.contains(&"error message=inconclusive: 2 of 3 type=too-few-probes".to_owned()), "{all:#?}");
    }

    /// Whatever comes together: it is green where the exit code is 0, and nowhere else.
    #[test]
    fn it_is_green_where_the_exit_code_is_0() {
        for verdict in [Verdict::Sticky, Verdict::NotSticky, Verdict::Inconclusive] {
            for workers in [Verdict::Sticky, Verdict::NotSticky, Verdict::Inconclusive, Verdict::NotJudged] {
                for (exit, partial) in [(0, false), (3, false), (6, false), (130, true)] {
                    for (reasons, outcome) in [(true, Mark::Fail), (true, Mark::Skip), (false, Mark::Pass)] {
                        let mut report = report(Kind::Sticky);
                        (report.verdict, report.workers, report.exit_code, report.partial) = (verdict, workers, exit, partial);
                        if reasons {
                            report.reasons =
                                vec![told(Code::SocketElsewhere, Name::StickWs, "1 of 2"), told(Code::WorkersUnproven, Name::Workers, "1")];
                        }
                        report.scenarios.iter_mut().for_each(|one| one.outcome = outcome);
                        let red = count(&report, "failure") + count(&report, "error");
                        assert_eq!(red == 0, exit == 0, "{verdict:?} {workers:?} {exit} {outcome:?}: {}", report.junit().unwrap());
                    }
                }
            }
        }
    }

    /// What failed and does not count is told all the same.
    #[test]
    fn what_does_not_count_is_skipped_and_told() {
        let mut report = report(Kind::Sticky);
        report.reasons = vec![told(Code::WorkerNotSticky, Name::Workers, "3 of 9")];
        report.scenarios.iter_mut().filter(|one| one.name == WORKERS).for_each(|one| (one.outcome, one.detail) = (Mark::Fail, "3 of 9".to_owned()));
        let text = report.junit().unwrap();
        assert!(text.contains(r#"<skipped message="it failed, and does not count: 3 of 9"/>"#), "{text}");
        assert!(text.contains("<system-out>Where pods have several workers") && text.contains("worker-not-sticky  Sessions"), "{text}");
        // Where workers count, they are what failed.
        report.exit_code = 3;
        assert_eq!((count(&report, "failure"), count(&report, "error"), count(&report, "system-out")), (1, 0, 0));
    }

    #[test]
    fn a_run_that_was_broken_off_is_an_error_of_its_own() {
        let mut report = report(Kind::Sticky);
        (report.partial, report.exit_code) = (true, 130);
        let all = read(&report.junit().unwrap());
        assert!(all.contains(&"error message=interrupted before all was asked type=exit-code".to_owned()), "{all:#?}");
        assert_eq!((count(&report, "testcase"), count(&report, "failure")), (14, 0));
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
