//! A site, a command line, and the expected result.

use crate::site::{Served, Site};
use crate::stub::Stub;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::process::Stdio;
use tokio::process::Command;

/// A case. The report must have exactly these reasons, in this order.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    site: Where,
    pub(crate) flags: &'static [&'static str],
    pub(crate) exit: i32,
    pub(crate) verdict: &'static str,
    pub(crate) reasons: &'static [&'static str],
    /// Similar codes that must not be among the reasons.
    pub(crate) beside: &'static [&'static str],
}

/// What is served.
#[derive(Clone, Copy)]
enum Where {
    Site(fn() -> Site),
    Stub(fn() -> Stub),
}

const fn case(name: &'static str, site: fn() -> Site, exit: i32, verdict: &'static str, reasons: &'static [&'static str]) -> Case {
    Case { name, site: Where::Site(site), flags: &[], exit, verdict, reasons, beside: &[] }
}

/// A site where sessions stay, without any reason.
pub(crate) const fn sticky(name: &'static str, site: fn() -> Site) -> Case {
    case(name, site, 0, "sticky", &[])
}

/// A site where sessions move, and why.
pub(crate) const fn not_sticky(name: &'static str, site: fn() -> Site, reasons: &'static [&'static str]) -> Case {
    case(name, site, 3, "not-sticky", reasons)
}

/// A site that cannot be judged, and why.
pub(crate) const fn unclear(name: &'static str, site: fn() -> Site, reasons: &'static [&'static str]) -> Case {
    case(name, site, 6, "inconclusive", reasons)
}

/// What a stub's run ends with: exit code and verdict.
pub(crate) const STICKY: (i32, &str) = (0, "sticky");
pub(crate) const NOT_STICKY: (i32, &str) = (3, "not-sticky");
pub(crate) const UNCLEAR: (i32, &str) = (6, "inconclusive");

impl Case {
    /// A stub, and what its run ends with.
    pub(crate) const fn stub(name: &'static str, stub: fn() -> Stub, ends: (i32, &'static str), reasons: &'static [&'static str]) -> Self {
        Self { name, site: Where::Stub(stub), flags: &[], exit: ends.0, verdict: ends.1, reasons, beside: &[] }
    }

    /// Starts what is served.
    pub(crate) async fn serve(&self) -> Served {
        match self.site {
            Where::Site(site) => site().serve().await,
            Where::Stub(stub) => stub().serve().await,
        }
    }

    /// The flags of its command line.
    pub(crate) const fn with(self, flags: &'static [&'static str]) -> Self {
        Self { flags, ..self }
    }

    /// Reasons beside the verdict.
    pub(crate) const fn tells(self, reasons: &'static [&'static str]) -> Self {
        Self { reasons, ..self }
    }

    /// The exit code, if workers count too.
    pub(crate) const fn exits(self, exit: i32) -> Self {
        Self { exit, ..self }
    }

    /// Similar codes that it must not have.
    pub(crate) const fn beside(self, beside: &'static [&'static str]) -> Self {
        Self { beside, ..self }
    }

    /// Serves the site, runs the command, and returns what is wrong.
    pub(crate) async fn check(&self) -> Result<Done, String> {
        let done = verify(&self.serve().await, self.flags).await;
        let seen = (done.code, done.report["verdict"].as_str().unwrap_or_default(), done.reasons());
        let wanted = (Some(self.exit), self.verdict, self.reasons.to_vec());
        if seen == wanted {
            return Ok(done);
        }
        Err(format!("{}: {seen:?} and not {wanted:?}: {} {}", self.name, done.details(), done.stderr))
    }
}

/// Checks all cases, and fails with all that are wrong.
pub(crate) async fn all(cases: &[Case]) {
    let mut wrong = Vec::new();
    for case in cases {
        wrong.extend(case.check().await.err());
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

/// The same in parallel, for cases that mostly wait.
pub(crate) async fn all_at_once(cases: &[Case]) {
    let wrong: Vec<String> = futures_util::future::join_all(cases.iter().map(Case::check)).await.into_iter().filter_map(Result::err).collect();
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

/// The result of a command.
pub(crate) struct Done {
    pub(crate) code: Option<i32>,
    pub(crate) report: Value,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Done {
    /// The codes of its reasons.
    pub(crate) fn reasons(&self) -> Vec<&str> {
        self.report["reasons"].as_array().into_iter().flatten().filter_map(|reason| reason["code"].as_str()).collect()
    }

    /// The detail of a reason.
    pub(crate) fn detail(&self, code: &str) -> String {
        let reasons = self.report["reasons"].as_array().into_iter().flatten();
        reasons.filter(|reason| reason["code"] == code).filter_map(|reason| reason["detail"].as_str()).collect()
    }

    /// A scenario's outcome and detail.
    pub(crate) fn scenario(&self, name: &str) -> (String, String) {
        let one = self.report["scenarios"].as_array().unwrap().iter().find(|one| one["name"] == name).unwrap();
        (one["outcome"].as_str().unwrap().to_owned(), one["detail"].as_str().unwrap().to_owned())
    }

    /// The details of reasons and failed scenarios, for a failing test.
    pub(crate) fn details(&self) -> String {
        let reasons = self.report["reasons"].as_array().into_iter().flatten().map(|reason| format!("{}: {}", reason["code"], reason["detail"]));
        let scenarios = self.report["scenarios"].as_array().into_iter().flatten().filter(|one| one["outcome"] == "fail");
        let failed = scenarios.map(|one| format!("{}: {}", one["name"], one["detail"]));
        reasons.chain(failed).collect::<Vec<_>>().join(" | ")
    }
}

/// The command, with the flags that the site needs, and defaults for what `flags` leave out.
pub(crate) fn command(site: &Served, flags: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stickyctl"));
    // A first word that is a path is the URL's; `app` means that the site identifies its pods as sticky-app does.
    let (path, flags) = flags.split_first().filter(|(first, _)| first.starts_with('/')).map_or(("/", flags), |(path, rest)| (*path, rest));
    let (app, flags) = flags.split_first().filter(|(first, _)| **first == "app").map_or((false, flags), |(_, rest)| (true, rest));
    command.arg("verify").arg(format!("{}{}", site.url, path.trim_start_matches('/'))).args(&site.flags).args(flags);
    let mut unless = |flag: &str, words: &[&str]| {
        if !flags.iter().any(|given| given.split('=').next() == Some(flag)) {
            command.args(words);
        }
    };
    unless("-o", &["-o", "json"]);
    unless("--rate", &["--rate", "2000"]);
    unless("--seed", &["--seed", "7"]);
    // The smallest sample that rules out chance.
    unless("--sessions", &["--sessions", "15", "--requests", "8"]);
    if !app {
        unless("--pod-identity", &["--pod-identity", "header:x-pod"]);
        unless("--worker-identity", &["--worker-identity", "header:x-worker"]);
    }
    command.env_clear().stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// A command that gets Ctrl-C as soon as the site has had so many requests.
pub(crate) async fn interrupted(site: &Served, flags: &[&str], asked: u64) -> Done {
    let child = command(site, flags).spawn().unwrap();
    let pid = Pid::from_raw(child.id().unwrap().cast_signed()).unwrap();
    site.state.has(asked).await;
    kill_process(pid, Signal::INT).unwrap();
    done(child.wait_with_output().await.unwrap())
}

/// Runs the command against a site.
pub(crate) async fn verify(site: &Served, flags: &[&str]) -> Done {
    done(command(site, flags).output().await.unwrap())
}

pub(crate) fn done(output: std::process::Output) -> Done {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Done {
        code: output.status.code(),
        report: serde_json::from_slice(&output.stdout).unwrap_or_default(),
        stdout: text(&output.stdout),
        stderr: text(&output.stderr),
    }
}
