//! `stickyctl explain`: the reason codes of `verify`, and the findings of `doctor`.

use crate::doctor::checks::codes::{self, Code as Fault};
use crate::exit::{Exit, Failure};
use crate::fit::fit;
use crate::output::Output;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use sticky_affinity::code::Code;
use sticky_affinity::topic::Topic;

/// What a code stands for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Explains {
    /// A reason of `verify`.
    Reason(Code),
    /// A finding of `doctor`.
    Finding(&'static Fault),
}

impl Explains {
    fn text(self) -> String {
        match self {
            Self::Reason(code) => {
                format!("{}  {}\n\nCauses, the most common first, and what to try:\n{}", code.word(), code.title(), code.advice())
            }
            Self::Finding(Fault { word, severity, title, means, source }) => {
                format!("{word}  {title}\n\n{means}\n\nseverity  {} at most\nsource    {source}", severity.word())
            }
        }
    }
}

/// Prints what a code means and what to try; without one, all of them.
pub(super) fn run(code: Option<Explains>, output: Output) -> Result<Exit, Failure> {
    let text = code.map_or_else(list, Explains::text);
    output.answer(&fit(&text, output.columns()))?;
    if code.is_none() {
        output.hint("\nNext: stickyctl explain CODE shows the causes of one, and what to try");
    }
    Ok(Exit::Done)
}

/// All codes, one a line, those of `verify` below the title of their topic.
fn list() -> String {
    let words = Code::ALL.iter().map(|code| code.word()).chain(codes::ALL.iter().map(|code| code.word));
    let width = words.map(str::len).max().unwrap_or_default();
    let topic = |topic: &Topic| {
        let codes = Code::ALL.iter().filter(|code| code.topic() == *topic);
        let lines: String = codes.map(|code| format!("\n  {:<width$}  {}", code.word(), code.title())).collect();
        format!("{}{lines}", topic.title())
    };
    let findings: String = codes::ALL.iter().map(|code| format!("\n  {:<width$}  {}", code.word, code.title)).collect();
    let topics = Topic::ALL.iter().map(topic).chain([format!("Findings of doctor{findings}")]);
    topics.collect::<Vec<_>>().join("\n\n")
}

/// Parses a code; `--help` lists all of them.
pub(super) fn code() -> impl TypedValueParser<Value = Explains> {
    let reasons = Code::ALL.iter().map(|code| PossibleValue::new(code.word()).help(code.title()));
    let findings = codes::ALL.iter().map(|code| PossibleValue::new(code.word).help(code.title));
    PossibleValuesParser::new(reasons.chain(findings)).try_map(|word| match Fault::of(&word) {
        Some(code) => Ok(Explains::Finding(code)),
        None => word.parse::<Code>().map(Explains::Reason),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_one_line() {
        let list = list();
        for word in Code::ALL.iter().map(|code| code.word()).chain(codes::ALL.iter().map(|code| code.word)) {
            assert_eq!(list.lines().filter(|line| line.trim_start().starts_with(&format!("{word} "))).count(), 1, "{word}");
        }
        let seen = crate::output::recorded::Recorded::narrow(80);
        let all = Code::ALL.iter().copied().map(Explains::Reason).chain(codes::ALL.iter().copied().map(Explains::Finding));
        for code in all.map(Some).chain([None]) {
            assert_eq!(run(code, seen.output()).ok(), Some(Exit::Done));
        }
        assert!(seen.raw().lines().all(|line| line.chars().count() <= 80), "{}", seen.raw());
    }
}
