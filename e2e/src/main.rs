//! `e2e`: the README's test command, the test cluster, the measurement of many sockets, and the soak of `verify`.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command talks to whoever called it")]

use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Instant;

const HELP: &str = "\
e2e: all tests of this workspace, and a measurement

  cargo run -p e2e -- test [-- ARGS]          installs what is missing (Debian, as root), builds, runs every test;
                                              ARGS go to `cargo test -p e2e`
  cargo run -p e2e -- generate                writes the files of the tree that are made from the code
  cargo run -p e2e --release -- sockets [N]   opens N sockets (10000) on `sticky-app --workers 4` with a real Redis
                                              and prints what they cost in memory
  cargo run -p e2e -- soak [N]                builds, puts `stickyctl verify` N times (20) to the test of every case on real
                                              proxies (about a minute each), prints each wrong verdict with its case, seed
                                              and report; exit 1 where there is one
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        ["test"] => test(&[]),
        ["test", "--", rest @ ..] => test(rest),
        ["cluster", rest @ ..] => cluster(rest),
        ["generate"] => generate(),
        ["sockets"] => sockets(10_000),
        ["sockets", count] => count.parse().with_context(|| format!("`{count}` is no number of sockets")).and_then(sockets),
        ["soak"] => soak(20),
        ["soak", count] => count.parse().with_context(|| format!("`{count}` is no number of rounds")).and_then(soak),
        ["help" | "--help" | "-h"] => {
            print!("{HELP}{}", e2e::cluster::HELP);
            Ok(0)
        }
        _ => {
            eprint!("{HELP}{}", e2e::cluster::HELP);
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

/// All phases in order, up to the first that fails; its exit code.
fn test(arguments: &[&str]) -> Result<u8> {
    let root = root()?;
    let cargo = || {
        let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        // Set for strictness: a test that lacks a program then fails instead of being skipped. Backtraces name the line
        // of a test that returns an error.
        command.current_dir(&root).env("CI", "1").env("RUST_BACKTRACE", "1");
        command
    };
    install_missing(&e2e::tools::NEEDED)?;
    let mut build = cargo();
    build.args(["build", "--workspace", "--bins"]);
    let mut units = cargo();
    units.args(["test", "--workspace", "--exclude", "e2e"]);
    let mut tests = cargo();
    tests.args(["test", "-p", "e2e"]).args(arguments);
    let mut page = Command::new(e2e::tools::find("node").unwrap_or_else(|| "node".into()));
    page.current_dir(&root).arg("--test").args(page_tests(&root)?);
    for (name, mut command) in [("page tests", page), ("build", build), ("unit tests", units), ("tests with the real parts", tests)] {
        let code = phase(name, &mut command)?;
        if code != 0 {
            return Ok(code);
        }
    }
    Ok(0)
}

/// The test that compares the generated files, told to write them first.
fn generate() -> Result<u8> {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root()?).args(["test", "--quiet", "-p", "e2e", "--test", "generated"]).env("STICKY_GENERATE", "1");
    phase("generated files", &mut command)
}

/// The files of the page's own tests. Each by its name: what `node --test` makes of a folder differs between its versions.
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

fn root() -> Result<PathBuf> {
    let own = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    Ok(own.parent().context("the workspace is gone")?.to_owned())
}

/// Runs one phase and tells how long it took.
fn phase(name: &str, command: &mut Command) -> Result<u8> {
    println!("== {name}: {command:?}");
    let start = Instant::now();
    let status = command.status().with_context(|| format!("can't run {:?}", command.get_program()))?;
    println!("== {name}: {} after {:.1} s", if status.success() { "done" } else { "FAILED" }, start.elapsed().as_secs_f64());
    Ok(if status.success() { 0 } else { u8::try_from(status.code().unwrap_or(1)).unwrap_or(1).max(1) })
}

/// Installs the Debian packages of the programs that are missing. Nothing of theirs is started or set up: the tests run
/// these programs with ports and folders of their own.
fn install_missing(needed: &[(&str, &str)]) -> Result<()> {
    let missing = || -> Vec<_> { needed.iter().filter(|(program, _)| e2e::tools::find(program).is_none()).collect() };
    if missing().is_empty() {
        return Ok(());
    }
    // Two commands may run beside each other, and apt-get waits for no other apt-get.
    let lock = std::fs::File::create(root()?.join("target/install.lock")).context("making the lock of the installation")?;
    lock.lock().context("waiting for another installation")?;
    let missing = missing();
    if missing.is_empty() {
        return Ok(());
    }
    let programs: Vec<_> = missing.iter().map(|(program, _)| *program).collect();
    let packages: Vec<_> = missing.iter().map(|(_, package)| *package).collect();
    if !rustix::process::geteuid().is_root() {
        bail!("missing: {}. Only root can install them: apt-get install --no-install-recommends {}", programs.join(", "), packages.join(" "));
    }
    let apt =
        e2e::tools::find("apt-get").with_context(|| format!("missing: {}, and this is no Debian: install them by hand", programs.join(", ")))?;
    println!("== missing: {}; installing the Debian packages {}", programs.join(", "), packages.join(", "));
    let apt = |arguments: &[&str]| {
        let mut command = Command::new(&apt);
        command.args(arguments).env("DEBIAN_FRONTEND", "noninteractive");
        // Asks Debian's scripts not to start a service that they have just installed; one that runs all the same is in
        // nobody's way.
        command.env("RUNLEVEL", "1");
        command
    };
    let steps = [
        ("package lists", apt(&["update"])),
        ("packages", {
            let mut install = apt(&["install", "-y", "--no-install-recommends"]);
            install.args(&packages);
            install
        }),
    ];
    for (name, mut command) in steps {
        let code = phase(name, &mut command)?;
        if code != 0 {
            bail!("apt-get gave {code}");
        }
    }
    Ok(())
}

/// A real Kubernetes of one node: the words after `cluster`.
fn cluster(words: &[&str]) -> Result<u8> {
    let Some(order) = e2e::cluster::Order::parse(words) else {
        eprint!("{}", e2e::cluster::HELP);
        return Ok(2);
    };
    if order.needs_programs() {
        install_missing(&e2e::cluster::NEEDED)?;
    }
    order.run()
}

fn sockets(count: usize) -> Result<u8> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    for line in runtime.block_on(e2e::sockets::run(count))? {
        println!("{line}");
    }
    Ok(0)
}

fn soak(rounds: usize) -> Result<u8> {
    install_missing(&e2e::tools::NEEDED)?;
    let mut build = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    build.current_dir(root()?).args(["build", "--workspace", "--bins"]);
    let code = phase("build", &mut build)?;
    if code != 0 {
        return Ok(code);
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let wrong = runtime.block_on(e2e::proxies::soak::run(rounds, |text| println!("{text}")))?;
    println!("{wrong} wrong verdicts in {rounds} rounds");
    Ok(u8::from(wrong > 0))
}
