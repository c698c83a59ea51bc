//! A command line that clap does not take: near names beside what was typed, in the width of the terminal.

use crate::fit::{columns, fit};
use clap::Command;
use clap::error::{ContextKind, ContextValue, Error, ErrorKind};
use std::cmp::Reverse;
use std::process::ExitCode;
use sticky_app::console;
use sticky_core::harmless::harmless_styled;

/// More values than this are not listed in an error; their command lists them.
const MOST_VALUES: usize = 16;
/// The most names that are suggested.
const MOST_NEAR: usize = 4;

/// Prints help, or what is wrong with the command line, and returns the exit code. `all` is the whole command line.
pub(super) fn refuse(error: Error, all: &Command) -> ExitCode {
    if !error.use_stderr() {
        return sticky_app::cli::refuse(&error);
    }
    console::report(&text(error, all, columns(&std::io::stderr())));
    ExitCode::from(2)
}

fn text(error: Error, all: &Command, columns: Option<usize>) -> String {
    let is_help = error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand;
    let text = harmless_styled(&with_near(error, all).render().ansi().to_string());
    // Help is already as wide as the terminal.
    if is_help { text } else { format!("{}\n", fit(text.trim_end(), columns)) }
}

/// clap suggests nothing for `help scal`, and lists every value of a flag that has dozens.
fn with_near(mut error: Error, all: &Command) -> Error {
    let typed = |error: &Error, kind| match error.get(kind) {
        Some(ContextValue::String(word)) => word.clone(),
        _ => String::new(),
    };
    if error.kind() == ErrorKind::InvalidSubcommand && error.get(ContextKind::SuggestedSubcommand).is_none() {
        let near = near(&typed(&error, ContextKind::InvalidSubcommand), all.get_subcommands().map(Command::get_name));
        if !near.is_empty() {
            error.insert(ContextKind::SuggestedSubcommand, ContextValue::Strings(near));
        }
    }
    let values = match error.get(ContextKind::ValidValue) {
        Some(ContextValue::Strings(values)) if values.len() > MOST_VALUES => values.clone(),
        _ => return error,
    };
    error.remove(ContextKind::ValidValue);
    let near = near(&typed(&error, ContextKind::InvalidValue), values.iter().map(String::as_str));
    if !near.is_empty() {
        error.insert(ContextKind::SuggestedValue, ContextValue::Strings(near));
    }
    // Only the reason codes are so many.
    error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec!["'stickyctl explain' lists all codes".to_owned().into()]));
    error
}

/// The names that are most like a word, or that contain it; the nearest first.
fn near<'a>(word: &str, names: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut near: Vec<(u32, &str)> = names
        .map(|name| (if word.len() > 2 && name.contains(word) { 1_000 } else { (strsim::jaro(word, name) * 1_000.0) as u32 }, name))
        .filter(|(likeness, _)| *likeness > 700)
        .collect();
    near.sort_by_key(|(likeness, _)| Reverse(*likeness));
    near.into_iter().take(MOST_NEAR).map(|(_, name)| name.to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use sticky_core::harmless::harmless_lines;

    fn said(words: &str) -> String {
        let all = crate::cli::command();
        let error = all.clone().try_get_matches_from(words.split(' ')).unwrap_err();
        anstream::adapter::strip_str(&text(error, &all, Some(80))).to_string()
    }

    /// Each is a mistyped name; its error has the right one, and fits the terminal.
    #[test]
    fn what_was_meant() {
        for (words, meant) in [
            ("stickyctl scal 5", "'scale'"),
            ("stickyctl help scal", "'scale'"),
            ("stickyctl hlep", "'help'"),
            ("stickyctl status --locl", "'--local'"),
            ("stickyctl up --local --redis-ulr x", "'--redis-url'"),
            ("stickyctl verify --only stick-htp", "'stick-http'"),
            ("stickyctl verify --skip realy", "'relay'"),
            ("stickyctl up --front-door nginz", "'nginx'"),
            ("stickyctl render --preset nginx-3x2", "'nginx-3x1'"),
            ("stickyctl status -o yml", "'yaml'"),
            ("stickyctl explain single-backnd-path", "'single-backend-path'"),
            ("stickyctl explain cookie", "'cookie-not-honoured'"),
            ("stickyctl explain service-adress", "'service-address'"),
            ("stickyctl doctr", "'doctor'"),
            ("stickyctl doctor -o sarf", "'sarif'"),
            ("stickyctl explain nothing-like-it-at-all-x", "'stickyctl explain' lists all codes"),
            ("stickyctl completions bsh", "'bash'"),
        ] {
            let said = said(words);
            assert!(said.contains(&format!("tip: {}", meant)) || said.contains("similar") && said.contains(meant), "{words}: {said}");
            assert!(said.lines().all(|line| line.chars().count() <= 80) && said.ends_with('\n'), "{words}: {said}");
            assert_eq!(harmless_lines(&said), said);
        }
    }

    /// All codes are not an answer to a word that is none of them.
    #[test]
    fn a_wrong_code_does_not_list_all_of_them() {
        assert!(said("stickyctl explain x").lines().count() < 8, "{}", said("stickyctl explain x"));
        assert!(said("stickyctl up --front-door x").contains("[possible values: nginx, traefik, gateway]"));
    }
}
