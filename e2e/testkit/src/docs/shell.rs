//! A reader's shell: lines are pasted one after another, and long-running commands keep running.

use crate::process::Process;
use crate::{bin, wait};
use anyhow::{Context, Result, bail, ensure};
use rustix::process::Signal;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::AsyncWriteExt as _;

/// Deadline for a line that exits by itself. The first `up` on a busy machine builds nothing, but waits for pods.
const LIMIT: Duration = Duration::from_secs(300);
const SOON: Duration = Duration::from_secs(60);

/// How the documents call this workspace's programs from a clone, and what is run instead.
const FROM_A_CLONE: [(&str, &str); 2] = [("cargo run -p stickyctl -- ", "stickyctl "), ("cargo run -p sticky-app -- ", "sticky-app ")];
/// Commands that run until they are stopped.
const STAYING: [&str; 6] = [
    "stickyctl up --local",
    "stickyctl forward",
    "stickyctl status --watch",
    "stickyctl status --local --watch",
    "kubectl port-forward",
    "sticky-app --",
];

/// A working folder, a home, variables, and a folder of programs that comes first in PATH.
#[derive(Debug)]
pub struct Shell {
    folder: TempDir,
    variables: Vec<(String, String)>,
    replaced: Vec<(String, String)>,
}

impl Shell {
    /// A new shell with `stickyctl` and `sticky-app` first in PATH, in one folder as in a release's archive.
    pub fn new() -> Result<Self> {
        let shell = Self { folder: tempfile::tempdir()?, variables: Vec::new(), replaced: Vec::new() };
        for folder in ["bin", "home", "run", "work"] {
            fs::create_dir(shell.folder.path().join(folder))?;
        }
        shell.program("stickyctl", &bin::stickyctl()?)?;
        shell.program("sticky-app", &bin::sticky_app()?)?;
        Ok(shell)
    }

    #[must_use]
    pub fn work(&self) -> PathBuf {
        self.folder.path().join("work")
    }

    #[must_use]
    pub fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    /// Adds a program to PATH, as a hard link if possible: with a symbolic link, `stickyctl` would find other programs beside it.
    pub fn program(&self, name: &str, file: &Path) -> Result<()> {
        let place = self.folder.path().join("bin").join(name);
        let _ = fs::remove_file(&place);
        fs::hard_link(file, &place)
            .or_else(|_| fs::copy(file, &place).map(drop))
            .with_context(|| format!("can't put {} into the PATH", file.display()))
    }

    /// Adds a bash script to PATH.
    pub fn script(&self, name: &str, text: &str) -> Result<()> {
        use std::os::unix::fs::PermissionsExt as _;
        let place = self.folder.path().join("bin").join(name);
        fs::write(&place, format!("#!/usr/bin/env bash\nset -euo pipefail\n{text}"))?;
        fs::set_permissions(&place, fs::Permissions::from_mode(0o755))?;
        Ok(())
    }

    pub fn set(&mut self, name: &str, value: &str) {
        self.variables.push((name.to_owned(), value.to_owned()));
    }

    /// Replaces a word in all lines with another one.
    pub fn replace(&mut self, word: &str, by: &str) {
        self.replaced.push((word.to_owned(), by.to_owned()));
    }

    /// The line that is run for a line in the documents.
    #[must_use]
    pub fn meant(&self, line: &str) -> String {
        let own = FROM_A_CLONE.iter().map(|(from, to)| (*from, *to));
        let all = own.chain(self.replaced.iter().map(|(from, to)| (from.as_str(), to.as_str())));
        all.fold(line.to_owned(), |line, (from, to)| line.replace(from, to))
    }

    /// Whether a line runs until it is stopped.
    #[must_use]
    pub fn stays(&self, line: &str) -> bool {
        let line = self.meant(line);
        STAYING.iter().any(|start| line.starts_with(start)) && !line.contains("--detach")
    }

    fn command(&self, line: &str) -> Command {
        let mut command = Command::new("bash");
        // Keeps the developer's own STICKY... variables out of the tests, and cargo's too: without those, stickyctl's hints say `stickyctl`
        // and not `cargo run`.
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("STICKY")) {
            command.env_remove(name);
        }
        let path = std::env::var("PATH").unwrap_or_default();
        command.args(["-euo", "pipefail", "-c", line]).current_dir(self.work()).stdin(Stdio::null());
        command.env_remove("CARGO").env_remove("KUBECONFIG").env("NO_COLOR", "1").env("HOME", self.home());
        command.env("XDG_RUNTIME_DIR", self.folder.path().join("run")).env("PATH", format!("{}:{path}", self.folder.path().join("bin").display()));
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Runs a line that exits by itself, and returns its stdout.
    ///
    /// # Errors
    /// It fails; the error includes its output.
    pub async fn run(&self, line: &str) -> Result<String> {
        self.ended(line, tokio::process::Command::from(self.command(&self.meant(line))), "").await
    }

    /// Runs a line in a terminal, types `answer`, and returns everything it showed.
    ///
    /// # Errors
    /// It fails; the error includes what it showed.
    pub async fn asked(&self, line: &str, answer: &str) -> Result<String> {
        let mut terminal = self.command("exec script --quiet --return --command \"$LINE\" /dev/null");
        terminal.env("LINE", self.meant(line)).env("TERM", "dumb");
        self.ended(line, terminal.into(), answer).await
    }

    async fn ended(&self, line: &str, mut command: tokio::process::Command, input: &str) -> Result<String> {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().context("can't start bash")?;
        if let Some(mut stdin) = child.stdin.take() {
            // A command that reads no answer may have exited already.
            let _ = stdin.write_all(input.as_bytes()).await;
        }
        let done = wait::within(line, LIMIT, child.wait_with_output()).await??;
        let (stdout, stderr) = (String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
        ensure!(done.status.success(), "`{line}`: {}\n{stdout}{stderr}", done.status);
        Ok(stdout.into_owned())
    }

    /// Starts a long-running line, and waits until it reports that it is ready.
    pub async fn start(&self, line: &str) -> Result<Running> {
        let meant = self.meant(line);
        // `exec` replaces the shell, so that a signal reaches the program itself.
        let mut process = Process::start(&mut self.command(&format!("exec {meant}")))?;
        let ready =
            |said: &str| said.starts_with("http://") || said.starts_with("Forwarding from") || said.contains("ready") || said.contains("listening");
        let said = process.line("that it is ready", SOON, |said| ready(said).then(|| said.to_owned())).await.with_context(|| format!("`{line}`"))?;
        Ok(Running { line: line.to_owned(), said, process })
    }

    /// Runs lines one after another. A long-running one is stopped as with Ctrl-C before the next one of its kind starts, or at the end.
    pub async fn all(&self, lines: &[String]) -> Result<()> {
        let mut running: Vec<Running> = Vec::new();
        for line in lines {
            if self.stays(line) {
                for before in running.drain(..) {
                    before.end().await?;
                }
                running.push(self.start(line).await?);
            } else {
                self.run(line).await?;
            }
        }
        for left in running {
            left.end().await?;
        }
        Ok(())
    }
}

/// A long-running line.
#[derive(Debug)]
pub struct Running {
    line: String,
    /// The output line that reported that it is ready.
    pub said: String,
    process: Process,
}

impl Running {
    /// Stops it as with Ctrl-C. It is no error if another line has stopped it already.
    ///
    /// # Errors
    /// It doesn't exit, or exits with a failure.
    pub async fn end(mut self) -> Result<()> {
        if self.process.ended().is_none() {
            self.process.signal(Signal::INT)?;
        }
        let code = self.process.exit_code(SOON).await?;
        // kubectl doesn't handle the signal.
        if ![0, 130].contains(&code) {
            bail!("`{}` ended with {code}\n{}\n{}", self.line, self.process.stdout.text(), self.process.stderr.text());
        }
        Ok(())
    }
}
