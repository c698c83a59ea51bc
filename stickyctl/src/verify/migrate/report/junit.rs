//! The report as JUnit XML, with one test case for each check.

use super::model::{Checked, Finding, Report};
use quick_junit::{NonSuccessKind, SerializeError, TestCase, TestCaseStatus, TestSuite};
use std::time::Duration;
use sticky_affinity::scenario::Mark;

/// The name of the suite, and the class name of its cases: that of `verify`, whose files these may replace.
const SUITE: &str = "stickyctl verify";

impl Report {
    /// The report as JUnit XML. It passes exactly if the exit code is 0: then a check that failed but does not count is skipped. Otherwise the
    /// case of the first finding is a failure, or an error if the run proves nothing. An interrupted run has a case of its own.
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
            ("exit code", &self.exit_code.to_string()),
            ("partial", &self.partial.to_string()),
            ("seed", &self.seed.to_string()),
            ("from", &self.from.url),
            ("to", &self.to.url),
            ("stickyctl", self.stickyctl),
        ]);
        suite.add_test_cases(self.checks.iter().map(|check| self.case(check)));
        if self.partial || (self.exit_code != 0 && self.findings.is_empty()) {
            let why = if self.partial { "interrupted before the run was complete".to_owned() } else { format!("exit code {}", self.exit_code) };
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
            status.set_message(why).set_type("exit-code").set_description(&self.summary.lead);
            let mut case = TestCase::new("run", status);
            case.set_classname(SUITE);
            suite.add_test_case(case);
        }
        let mut report = quick_junit::Report::new(SUITE);
        report.set_time(time).add_test_suite(suite);
        report.to_string()
    }

    fn case(&self, check: &Checked) -> TestCase {
        let findings: Vec<&Finding> = self.findings.iter().filter(|finding| finding.check == check.name).collect();
        let skipped = |message: &str| {
            let mut status = TestCaseStatus::skipped();
            status.set_message(message);
            status
        };
        let is_red = self.exit_code != 0;
        let status = match (check.outcome, findings.first()) {
            (_, Some(finding)) if is_red => {
                let kind = if check.outcome == Mark::Fail { NonSuccessKind::Failure } else { NonSuccessKind::Error };
                let text: Vec<String> = findings.iter().map(|finding| in_full(finding)).collect();
                let mut status = TestCaseStatus::non_success(kind);
                status.set_message(&finding.detail).set_type(finding.code.word()).set_description(format!("{}\n\n{}", check.asks, text.join("\n\n")));
                status
            }
            (Mark::Pass, _) => TestCaseStatus::success(),
            (Mark::Skip, _) => skipped(&check.detail),
            (Mark::Fail, _) if is_red => {
                let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
                status.set_message(&check.detail).set_type("failed").set_description(check.asks);
                status
            }
            (Mark::Fail, _) => skipped(&format!("failed, but does not count: {}", check.detail)),
        };
        let mut case = TestCase::new(check.name, status);
        case.set_classname(SUITE);
        case
    }
}

fn in_full(finding: &Finding) -> String {
    let causes: Vec<String> = finding.shown().iter().map(|advice| format!("- {}: {}", advice.cause, advice.attempt)).collect();
    format!("{}: {}\nseen: {}\n{}", finding.code.word(), finding.title, finding.detail, causes.join("\n"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::super::sample::{Kind, report};

    #[test]
    fn it_is_red_exactly_if_the_exit_code_is() {
        for kind in Kind::ALL {
            let report = report(kind);
            let text = report.junit().unwrap();
            let red = text.contains("<failure") || text.contains("<error");
            assert_eq!(red, report.exit_code != 0, "{kind:?}: {text}");
        }
        assert!(report(Kind::FlipFlop).junit().unwrap().contains("type=\"flip-flop\""));
    }
}
