//! `cargo xtask test`: installs packages, builds, and runs the suites from the fastest to the slowest.

use crate::count::Count;
use crate::run::{cargo, exit_code, phase};
use crate::{install, suites};
use anyhow::{Context, Result, bail};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;
use suites::{Suite, What};
use testkit::{image, skip, tools, tree};

/// Runs the named suites, or all, up to the first that fails, and returns the exit code. `arguments` go to each test binary.
///
/// # Errors
/// No suite has one of the names, or a program can't be installed or started.
pub(crate) fn run(names: &[&str], arguments: &[&str]) -> Result<u8> {
    let suites = suites::named(names)?;
    install::missing(&tools::NEEDED)?;
    let mut run = Run { count: Count::default(), skipped: tree::root().join("target/skipped.jsonl"), times: Vec::new() };
    std::fs::create_dir_all(tree::root().join("target"))?;
    if run.skipped.exists() {
        std::fs::remove_file(&run.skipped)?;
    }
    let code = run.all(&suites, arguments)?;
    run.count.skips(&run.skipped)?;
    println!("\n== seconds by phase");
    for (name, seconds) in &run.times {
        println!("{seconds:>7.1}  {name}");
    }
    print!("\n{}", run.count.summary());
    Ok(code)
}

struct Run {
    count: Count,
    skipped: PathBuf,
    times: Vec<(String, f64)>,
}

impl Run {
    fn all(&mut self, suites: &[&Suite], arguments: &[&str]) -> Result<u8> {
        if suites.iter().any(|suite| suite.what != What::Page) {
            // One build for all suites. It selects bins and tests together, because cargo's features depend on the selection, and
            // two selections would compile some dependencies twice.
            let code = self.timed("build", |_| phase("build", &mut cargo(&["build", "--workspace", "--all-targets"])))?;
            if code != 0 {
                return Ok(code);
            }
        }
        if suites.iter().any(|suite| suite.needs_image()) {
            println!("== image: the static sticky-app, in the profile `dist`");
            self.timed("image", |_| image::binary().map(drop))?;
        }
        for suite in suites {
            let code = self.timed(suite.name, |run| run.suite(suite, arguments))?;
            if code != 0 {
                return Ok(code);
            }
        }
        Ok(0)
    }

    fn suite(&mut self, suite: &Suite, arguments: &[&str]) -> Result<u8> {
        for mut command in commands(suite)? {
            if suite.what != What::Page && !arguments.is_empty() {
                command.arg("--").args(arguments);
            }
            // With CI set, a test whose program is missing fails instead of being skipped. With backtraces, a test that returns an
            // error shows its line.
            command.env("CI", "1").env("RUST_BACKTRACE", "1").env(skip::FILE, &self.skipped);
            let code = self.counted(suite.name, &mut command)?;
            if code != 0 {
                return Ok(code);
            }
        }
        Ok(0)
    }

    fn timed<T>(&mut self, name: &str, work: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        let start = Instant::now();
        let done = work(self);
        self.times.push((name.to_owned(), start.elapsed().as_secs_f64()));
        done
    }

    /// Runs tests, shows their output, counts them, and returns the exit code.
    fn counted(&mut self, name: &str, command: &mut Command) -> Result<u8> {
        println!("== {name}: {command:?}");
        let mut child = command.stdout(Stdio::piped()).spawn().with_context(|| format!("can't run {:?}", command.get_program()))?;
        for line in BufReader::new(child.stdout.take().context("no stdout")?).split(b'\n') {
            let line = line?;
            let line = String::from_utf8_lossy(&line);
            println!("{line}");
            self.count.read(&line);
        }
        Ok(exit_code(child.wait()?))
    }
}

/// The commands of a suite. They always select the whole workspace, because cargo would rebuild some crates for a part of it.
fn commands(suite: &Suite) -> Result<Vec<Command>> {
    let tests = ["test", "--workspace", "--no-fail-fast"];
    Ok(match suite.what {
        What::Page => {
            let mut node = Command::new(tools::find("node").context("no node")?);
            node.current_dir(tree::root()).arg("--test").args(page_tests(tree::root())?);
            vec![node]
        }
        What::Units => {
            let mut own = cargo(&tests);
            own.args(["--lib", "--bins"]).args(tests_of_crates(tree::root())?.iter().flat_map(|name| ["--test", name]));
            let mut examples = cargo(&tests);
            examples.arg("--doc");
            vec![own, examples]
        }
        What::Tests => {
            let mut one = cargo(&tests);
            one.args(["--test", suite.name]);
            vec![one]
        }
    })
}

/// The integration tests of each crate except e2e, whose tests are suites of their own.
fn tests_of_crates(root: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for folder in std::fs::read_dir(root)? {
        let folder = folder?.path();
        let Ok(tests) = std::fs::read_dir(folder.join("tests")) else { continue };
        if folder.ends_with("e2e") || !folder.join("Cargo.toml").is_file() {
            continue;
        }
        names.extend(tests.filter_map(|test| Some(test.ok()?.path().file_stem()?.to_string_lossy().into_owned())));
    }
    names.sort();
    Ok(names)
}

/// The files of the page's JavaScript tests, listed one by one, because `node --test` treats a folder differently by version.
fn page_tests(root: &Path) -> Result<Vec<PathBuf>> {
    let folder = root.join("app/src/page/tests");
    let files = std::fs::read_dir(&folder).with_context(|| format!("no {}", folder.display()))?;
    let mut tests: Vec<_> = files.filter_map(|file| Some(file.ok()?.path())).filter(|path| path.to_string_lossy().ends_with(".test.mjs")).collect();
    tests.sort();
    if tests.is_empty() {
        bail!("no *.test.mjs in {}", folder.display());
    }
    Ok(tests)
}
