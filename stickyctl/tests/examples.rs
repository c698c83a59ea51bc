//! The command line accepts every call of `stickyctl` that the README and `--help` show.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;
use std::process::Command;

/// The arguments of every line that calls `stickyctl`, up to a pipe or a redirection.
fn calls(text: &str) -> Vec<Vec<String>> {
    let line = |line: &str| {
        let line = line.trim().trim_start_matches("$ ");
        let words = shlex::split(line)?;
        let own = match words.first()?.as_str() {
            "stickyctl" => &words[1..],
            "cargo" if words.iter().any(|word| word.ends_with("stickyctl")) => words.splitn(2, |word| word == "--").nth(1)?,
            _ => return None,
        };
        Some(own.iter().take_while(|word| !["|", ">"].contains(&word.as_str())).cloned().collect())
    };
    text.lines().filter_map(line).collect()
}

/// Parses the arguments; nothing is run.
fn is_taken(words: &[String]) -> Result<(), String> {
    let parsed = stickyctl::cli::command().try_get_matches_from(std::iter::once("stickyctl".to_owned()).chain(words.iter().cloned()));
    let matches = parsed.map_err(|error| error.to_string())?;
    stickyctl::cli::misplaced(&matches).map_or(Ok(()), |failure| Err(failure.what))
}

#[test]
fn the_readme() {
    let readme = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../README.md")).unwrap();
    let shown: String = readme.lines().filter(|line| line.starts_with("$ ")).map(|line| format!("{line}\n")).collect();
    let all = calls(&shown);
    assert!(all.len() >= 11, "{all:?}");
    for words in all {
        is_taken(&words).unwrap_or_else(|why| panic!("stickyctl {}: {why}", words.join(" ")));
    }
}

#[test]
fn the_examples_of_help() {
    let mut seen = 0;
    for command in stickyctl::cli::command().get_subcommands() {
        let name = command.get_name();
        let after = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        let all = calls(&after);
        assert!(name == "help" || !all.is_empty(), "{name} shows no example");
        for words in all {
            assert_eq!(words[0], name);
            is_taken(&words).unwrap_or_else(|why| panic!("stickyctl {}: {why}", words.join(" ")));
            seen += 1;
        }
    }
    assert!(seen >= 20, "{seen}");
}

/// A flag for a cluster with `--local`, and the reverse, are refused before anything is done.
#[test]
fn flags_that_do_not_go_together() {
    for (words, says) in [
        (&["up", "--port", "1"][..], "--port requires --local"),
        (&["up", "--local", "--timeout", "1s"], "--timeout applies to a cluster"),
        (&["up", "--local", "--image", "a:1"], "--image applies to a cluster"),
        (&["scale", "2", "--local", "--namespace", "x"], "--namespace applies to a cluster"),
        (&["down", "--local", "--delete-data"], "--delete-data applies to a cluster"),
    ] {
        let done = Command::new(env!("CARGO_BIN_EXE_stickyctl")).args(words).env("KUBECONFIG", "/nowhere").output().unwrap();
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        assert!(done.status.code() == Some(2) && said.contains(says), "{words:?}: {:?} {said}", done.status);
    }
}
