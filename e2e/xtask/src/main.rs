//! The task runner: the README's test command, the generated files, the test cluster, and two measurements.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command talks to whoever called it")]

mod cluster;
mod count;
mod install;
mod run;
mod soak;
mod sockets;
mod suites;
mod test;

use anyhow::{Context, Result};
use run::{cargo, phase};
use std::process::ExitCode;
use testkit::tools;

const HELP: &str = "\
cargo xtask: the tests of this workspace, and what else a contributor runs

  cargo xtask test [SUITE…] [-- ARGS]         installs missing programs (Debian, as root), builds, and runs these suites, or
                                              all; ARGS go to each test binary: a name, or --ignored
";

const MORE: &str = "\
  cargo xtask generate                        writes the files that are generated from the code
  cargo xtask sockets [N]                     opens N sockets (10000) on `sticky-app --workers 4` with a real Redis and prints
                                              what they cost in memory; build with --release for figures that mean something
  cargo xtask soak [N]                        runs `stickyctl verify` N times (20) against every case on real proxies (about a
                                              minute each) and prints each wrong verdict with its case, seed and report;
                                              exits with 1 if there is one
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        ["test", rest @ ..] => {
            let (names, arguments) = rest.iter().position(|word| *word == "--").map_or((rest, &[][..]), |at| (&rest[..at], &rest[at + 1..]));
            test::run(names, arguments)
        }
        ["cluster", rest @ ..] => cluster(rest),
        ["generate"] => generate(),
        ["sockets"] => sockets(10_000),
        ["sockets", count] => count.parse().with_context(|| format!("invalid number of sockets `{count}`")).and_then(sockets),
        ["soak"] => soak(20),
        ["soak", count] => count.parse().with_context(|| format!("invalid number of rounds `{count}`")).and_then(soak),
        ["help" | "--help" | "-h"] => {
            print!("{}", help());
            Ok(0)
        }
        _ => {
            eprint!("{}", help());
            Ok(2)
        }
    };
    match done {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn help() -> String {
    format!("{HELP}{}{MORE}{}", suites::list(), cluster::HELP)
}

/// Writes the generated files, by running the tests that compare them.
fn generate() -> Result<u8> {
    let mut command = cargo(&["test", "--quiet", "--workspace", "--test", "quick", "generated::"]);
    let code = phase("generated files", command.env("STICKY_GENERATE", "1"))?;
    if code != 0 {
        return Ok(code);
    }
    let mut command = cargo(&["test", "--quiet", "-p", "stickyctl", "--test", "verify", "the_document_lists_the_reports"]);
    phase("docs/reported-sites.md", command.env("STICKY_GENERATE", "1"))
}

/// Runs `cluster` with the arguments after it.
fn cluster(words: &[&str]) -> Result<u8> {
    let Some(order) = cluster::Order::parse(words) else {
        eprint!("{}", cluster::HELP);
        return Ok(2);
    };
    if order.needs_programs() {
        install::missing(&cluster::NEEDED)?;
    }
    order.run()
}

fn runtime() -> Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_current_thread().enable_all().build()?)
}

fn sockets(count: usize) -> Result<u8> {
    for line in runtime()?.block_on(sockets::run(count))? {
        println!("{line}");
    }
    Ok(0)
}

fn soak(rounds: usize) -> Result<u8> {
    install::missing(&tools::NEEDED)?;
    let code = phase("build", &mut cargo(&["build", "--workspace", "--all-targets"]))?;
    if code != 0 {
        return Ok(code);
    }
    let wrong = runtime()?.block_on(soak::run(rounds, |text| println!("{text}")))?;
    println!("{wrong} wrong verdicts in {rounds} rounds");
    Ok(u8::from(wrong > 0))
}
