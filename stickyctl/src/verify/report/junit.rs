//! The report as JUnit XML, with one test case for each scenario.

use super::model::{Ran, Report, Told};
use quick_junit::{NonSuccessKind, SerializeError, TestCase, TestCaseStatus, TestSuite};
use std::time::Duration;
use sticky_affinity::scenario::Mark;
use sticky_affinity::verdict::Verdict;

/// The name of the suite, and the class name of its cases.
const SUITE: &str = "stickyctl verify";

impl Report {
    /// The report as JUnit XML. It passes exactly if the exit code is 0. Then a scenario that failed but does not count is skipped, with what
    /// was seen. Otherwise it is a failure, and the scenario that decided the exit code is an error if it did not fail. An interrupted run has
    /// a case of its own.
    ///
    /// # Errors
    /// Never in practice: the text is written to memory.
    pub fn junit(&self) -> Result<String, SerializeError> {
        let time = Duration::try_from_secs_f64(self.took_ms / 1e3).unwrap_or_default();
        let mut suite = TestSuite::new(SUITE);
        suite.set_time(time);
        // As text: the report has no other form of it.
        suite.extra.insert("timestamp".into(), self.began.trim_end_matches('Z').into());
        suite.add_properties([
            ("verdict", self.verdict.word()),
            ("workers", self.workers.word()),
            ("exit code", &self.exit_code.to_string()),
            ("partial", &self.partial.to_string()),
            ("seed", &self.seed.to_string()),
            ("url", &self.url),
            ("stickyctl", self.stickyctl),
        ]);
        if let Some(logs) = &self.identity.logs {
            let numbers = [("unidentified", logs.unidentified + logs.unidentified_sockets), ("retries", logs.retries)];
            suite.add_property(("identity", &*self.identity.pod));
            suite.add_properties(numbers.map(|(name, number)| quick_junit::Property::new(name, number.to_string())));
        }
        suite.add_test_cases(self.cases().iter().map(|case| self.test_case(case)));
        suite.add_test_cases(self.disrupted_cases());
        let mut report = quick_junit::Report::new(SUITE);
        report.set_time(time).add_test_suite(suite);
        report.to_string()
    }

    fn test_case(&self, Case { name, ran, came }: &Case<'_>) -> TestCase {
        let message = ran.map_or("", |ran| &ran.detail);
        let skipped = |message: &str| {
            let mut status = TestCaseStatus::skipped();
            status.set_message(message);
            status
        };
        let problem = |kind, message: &str, ty: &str, text: &str| {
            let mut status = TestCaseStatus::non_success(kind);
            status.set_message(message).set_type(ty).set_description(text);
            status
        };
        let status = match came {
            Came::Passed => TestCaseStatus::success(),
            Came::Skipped => skipped(message),
            Came::Uncounted => skipped(&format!("failed, but does not count: {message}")),
            Came::Failed => {
                let code = self.reasons.iter().find(|reason| reason.scenario == *name).map_or("failed", |reason| reason.code.word());
                problem(NonSuccessKind::Failure, message, code, &self.in_full(*ran))
            }
            Came::Unproven(reason) => {
                // Pods may well be sticky if workers decided.
                let word = if reason.scenario == WORKERS { self.workers.word() } else { self.verdict.word() };
                problem(NonSuccessKind::Error, &format!("{word}: {}", reason.detail), reason.code.word(), &in_full(reason))
            }
            Came::Ended(why) => problem(NonSuccessKind::Error, why, "exit-code", &self.summary.lead),
        };
        let mut case = TestCase::new(*name, status);
        case.set_classname(SUITE);
        if matches!(came, Came::Uncounted) {
            case.set_system_out(self.in_full(*ran));
        }
        case
    }

    /// A case for each scenario, and another one if none of them explains an exit code other than 0.
    fn cases(&self) -> Vec<Case<'_>> {
        let mut cases: Vec<Case<'_>> = self.scenarios.iter().map(|one| Case { name: one.name, ran: Some(one), came: self.came(one) }).collect();
        let is_red = cases.iter().any(|case| matches!(case.came, Came::Failed | Came::Unproven(_))) || self.unlike_at_rest().is_some();
        let why = match (self.partial, self.exit_code) {
            (true, _) => Some("interrupted before the run was complete".to_owned()),
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
            // Pods are sticky, so the cause is workers, or an interruption.
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

    /// The question of a scenario, what was seen, and its reasons.
    fn in_full(&self, ran: Option<&Ran>) -> String {
        let Some(ran) = ran else { return String::new() };
        let reasons = self.reasons.iter().filter(|reason| reason.scenario == ran.name).map(in_full).collect::<Vec<_>>().join("\n\n");
        format!("{}\n{}\n\n{reasons}", ran.asks, ran.detail).trim_end().to_owned()
    }
}

impl Report {
    /// A case for each disruption, and one for the comparison of proxies. Where such a case decides the exit code, it is no success.
    fn disrupted_cases(&self) -> Vec<TestCase> {
        let all = self.disruptions.iter().map(|one| (one.kind.word(), one.outcome, &one.detail, one.reasons.iter().collect::<Vec<_>>()));
        let proxies = self.proxies.iter().map(|one| ("each-proxy", one.outcome, &one.detail, one.reason.iter().collect()));
        let decides = self.unlike_at_rest().is_some();
        let cases = all.chain(proxies).map(|(name, outcome, detail, reasons)| {
            let word = reasons.first().map_or("failed", |reason| reason.code.word());
            let kind = match outcome {
                Mark::Pass => None,
                Mark::Fail => Some(NonSuccessKind::Failure),
                Mark::Skip if decides => Some(NonSuccessKind::Error),
                Mark::Skip => None,
            };
            let status = match (kind, outcome) {
                (Some(kind), _) => {
                    let mut status = TestCaseStatus::non_success(kind);
                    let told = reasons.iter().map(|reason| format!("{}  {}\nseen: {}", reason.code.word(), reason.title, reason.detail));
                    status.set_message(detail.as_str()).set_type(word).set_description(told.collect::<Vec<_>>().join("\n\n"));
                    status
                }
                (None, Mark::Skip) => {
                    let mut status = TestCaseStatus::skipped();
                    status.set_message(detail.as_str());
                    status
                }
                (None, _) => TestCaseStatus::success(),
            };
            let mut case = TestCase::new(name, status);
            case.set_classname(SUITE);
            case
        });
        cases.collect()
    }
}

const WORKERS: &str = "workers";

/// A scenario, or the run itself.
struct Case<'a> {
    name: &'a str,
    ran: Option<&'a Ran>,
    came: Came<'a>,
}

/// The result of a case.
enum Came<'a> {
    Passed,
    Failed,
    Skipped,
    /// Failed, but the exit code is 0 nevertheless.
    Uncounted,
    /// Not failed, but the reason why the run proves nothing.
    Unproven(&'a Told),
    /// Why the run as a whole did not succeed.
    Ended(String),
}

fn in_full(reason: &Told) -> String {
    let causes = reason.causes.iter().enumerate().map(|(place, advice)| format!("  {}  {}\n     {}", place + 1, advice.cause, advice.attempt));
    format!("{}  {}\nseen: {}\n{}", reason.code.word(), reason.title, reason.detail, causes.collect::<Vec<_>>().join("\n"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::super::build::told;
    use super::super::sample::{Kind, hostile, report};
    use super::*;
    use sticky_affinity::code::Code;
    use sticky_affinity::scenario::{ALL, Name};
    use sticky_affinity::verdict::Reason;

    fn read(text: &str) -> quick_junit::Report {
        // Consumers of JUnit expect no time zone in a timestamp, but this parser does.
        quick_junit::Report::deserialize_from_str(&text.replace(r#"T14:02:07""#, r#"T14:02:07Z""#)).unwrap()
    }

    /// Failures, errors and skipped cases.
    fn counts(report: &Report) -> (usize, usize, usize) {
        let suite = read(&report.junit().unwrap()).test_suites.remove(0);
        (suite.failures, suite.errors, suite.skipped)
    }

    #[test]
    fn a_case_for_each_scenario() {
        for kind in [Kind::Sticky, Kind::NotSticky, Kind::OnePod] {
            let report = report(kind);
            let text = report.junit().unwrap();
            let all = read(&text);
            let count = |element: &str| text.matches(&format!("<{element} ")).count();
            let (failed, unproven, skipped) = (count("failure"), count("error"), count("skipped"));
            assert_eq!((count("testcase"), all.test_suites[0].test_cases.len()), (ALL.len(), ALL.len()), "{text}");
            let counts = format!(r#" tests="{}" skipped="{skipped}" "#, ALL.len());
            assert_eq!(text.matches(&counts).count(), 2, "of all and of the suite: {text}");
            assert_eq!((all.failures, all.errors, all.time), (failed, unproven, Some(Duration::from_millis(21_400))), "{text}");
            assert!(text.contains(r#" timestamp="2026-11-25T14:02:07""#), "{text}");
            assert_eq!(failed + unproven > 0, kind != Kind::Sticky, "only what sticks passes: {text}");
        }
        let text = report(Kind::NotSticky).junit().unwrap();
        assert!(text.contains(r#"type="cookie-not-honoured""#) && text.contains("service-upstream (ingress-nginx)"), "{text}");
        assert!(text.contains(r#"<property name="verdict" value="not-sticky"/>"#), "{text}");
    }

    #[test]
    fn a_run_that_proves_nothing_is_not_green() {
        let mut report = report(Kind::Sticky);
        (report.verdict, report.exit_code) = (Verdict::Inconclusive, 6);
        report.reasons = vec![told(&Reason::new(Code::TooFewProbes, Name::StickHttp, "2 of 3"), false)];
        let text = report.junit().unwrap();
        assert!(text.contains(r#"<error message="inconclusive: 2 of 3" type="too-few-probes">"#), "{text}");
    }

    /// Whatever the combination: it passes if the exit code is 0, and only then.
    #[test]
    fn it_is_green_where_the_exit_code_is_0() {
        for verdict in [Verdict::Sticky, Verdict::NotSticky, Verdict::Inconclusive] {
            for workers in [Verdict::Sticky, Verdict::NotSticky, Verdict::Inconclusive, Verdict::NotJudged] {
                for (exit, partial) in [(0, false), (3, false), (6, false), (130, true)] {
                    for (reasons, outcome) in [(true, Mark::Fail), (true, Mark::Skip), (false, Mark::Pass)] {
                        let mut report = report(Kind::Sticky);
                        (report.verdict, report.workers, report.exit_code, report.partial) = (verdict, workers, exit, partial);
                        if reasons {
                            report.reasons = vec![
                                told(&Reason::new(Code::SocketElsewhere, Name::StickWs, "1 of 2"), false),
                                told(&Reason::new(Code::WorkersUnproven, Name::Workers, "1"), false),
                            ];
                        }
                        report.scenarios.iter_mut().for_each(|one| one.outcome = outcome);
                        let (failures, errors, _) = counts(&report);
                        assert_eq!(failures + errors == 0, exit == 0, "{verdict:?} {workers:?} {exit} {outcome:?}: {}", report.junit().unwrap());
                    }
                }
            }
        }
    }

    /// A failure that does not count is visible nevertheless.
    #[test]
    fn what_does_not_count_is_skipped_and_told() {
        let mut report = report(Kind::Sticky);
        report.reasons = vec![told(&Reason::new(Code::WorkerNotSticky, Name::Workers, "3 of 9"), false)];
        report.scenarios.iter_mut().filter(|one| one.name == WORKERS).for_each(|one| (one.outcome, one.detail) = (Mark::Fail, "3 of 9".to_owned()));
        let text = report.junit().unwrap();
        assert!(text.contains(r#"<skipped message="failed, but does not count: 3 of 9"/>"#), "{text}");
        assert!(text.contains("<system-out>In pods with several workers") && text.contains("worker-not-sticky  Sessions"), "{text}");
        // Where workers count, they are what failed.
        report.exit_code = 3;
        assert_eq!(counts(&report).0, 1);
        assert!(!report.junit().unwrap().contains("<system-out>"));
    }

    #[test]
    fn a_run_that_was_broken_off_is_an_error_of_its_own() {
        let mut report = report(Kind::Sticky);
        (report.partial, report.exit_code) = (true, 130);
        let text = report.junit().unwrap();
        assert!(text.contains(r#"<error message="interrupted before the run was complete" type="exit-code">"#), "{text}");
        assert_eq!((read(&text).tests, counts(&report).0), (ALL.len() + 1, 0));
    }

    #[test]
    fn strangers_words_stay_words() {
        let mut report = hostile();
        report.scenarios.iter_mut().for_each(|one| one.detail = "</failure>]]><script>alert(1)</script>".to_owned());
        let text = report.junit().unwrap();
        assert_eq!(read(&text).tests, ALL.len(), "{text}");
        assert!(!text.contains("<script") && !text.contains("]]>") && text.contains("&lt;script&gt;"), "{text}");
    }
}
