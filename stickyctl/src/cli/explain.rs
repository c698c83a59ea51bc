//! `stickyctl explain`: the reason codes of `verify`.

use crate::exit::{Exit, Failure};
use crate::fit::fit;
use crate::output::Output;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use sticky_affinity::code::Code;
use sticky_affinity::topic::Topic;

/// Prints what a reason means and what to try; without one, all of them.
pub(super) fn run(code: Option<Code>, output: Output) -> Result<Exit, Failure> {
    let text = code
        .map_or_else(list, |code| format!("{}  {}\n\nCauses, the most common first, and what to try:\n{}", code.word(), code.title(), code.advice()));
    output.answer(&fit(&text, output.columns()))?;
    if code.is_none() {
        output.hint("\nNext: stickyctl explain CODE shows the causes of one, and what to try");
    }
    Ok(Exit::Done)
}

/// All codes, one a line, below the title of their topic.
fn list() -> String {
    let width = Code::ALL.iter().map(|code| code.word().len()).max().unwrap_or_default();
    let topic = |topic: &Topic| {
        let codes = Code::ALL.iter().filter(|code| code.topic() == *topic);
        let lines: String = codes.map(|code| format!("\n  {:<width$}  {}", code.word(), code.title())).collect();
        format!("{}{lines}", topic.title())
    };
    Topic::ALL.iter().map(topic).collect::<Vec<_>>().join("\n\n")
}

/// Parses a reason's code; `--help` lists all of them.
pub(super) fn code() -> impl TypedValueParser<Value = Code> {
    PossibleValuesParser::new(Code::ALL.iter().map(|code| PossibleValue::new(code.word()).help(code.title()))).try_map(|word| word.parse::<Code>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_one_line() {
        let list = list();
        for code in Code::ALL {
            assert_eq!(list.lines().filter(|line| line.trim_start().starts_with(&format!("{} ", code.word()))).count(), 1, "{}", code.word());
        }
        let seen = crate::output::recorded::Recorded::narrow(80);
        for code in Code::ALL.iter().copied().map(Some).chain([None]) {
            assert_eq!(run(code, seen.output()).ok(), Some(Exit::Done));
        }
        assert!(seen.raw().lines().all(|line| line.chars().count() <= 80), "{}", seen.raw());
    }
}
