//! A shell of a reader's: lines are pasted one after another, and what goes on by itself goes on.

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

/// No line that ends by itself takes longer: the first `up` on a busy machine builds nothing, but waits for pods.
const LIMIT: Duration = Duration::from_secs(300);
const SOON: Duration = Duration::from_secs(60);

/// How the documents call programs of this workspace from a clone, and what is called here.
const FROM_A_CLONE: [(&str, &str); 2] = [("cargo run -p stickyctl -- ", "stickyctl "), ("cargo run -p sticky-app -- ", "sticky-app ")];
/// What goes on until somebody ends it.
const STAYING: [&str; 5] = ["stickyctl up --local", "stickyctl forward", "stickyctl status --watch", "kubectl port-forward", "sticky-app --"];

/// A folder with programs of its own before everybody's, a home, and variables.
#[derive(Debug)]
pub struct Shell {
    folder: TempDir,
    variables: Vec<(String, String)>,
    replaced: Vec<(String, String)>,
}

impl Shell {
    /// An empty one, in whose PATH `stickyctl` and `sticky-app` come first, side by side as in a release's archive.
    ///
    /// # Errors
    /// A folder can't be made, or the two were not built.
    pub fn new() -> Result<Self> {
        let shell = Self { folder: tempfile::tempdir()?, variables: Vec::new(), replaced: Vec::new() };
        for folder in ["bin", "home", "run", "work"] {
            fs::create_dir(shell.folder.path().join(folder))?;
        }
        shell.program("stickyctl", &bin::stickyctl()?)?;
        shell.program("sticky-app", &bin::sticky_app()?)?;
        Ok(shell)
    }

    /// The folder in which lines are run.
    #[must_use]
    pub fn work(&self) -> PathBuf {
        self.folder.path().join("work")
    }

    /// The user's home.
    #[must_use]
    pub fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    /// Puts a program into the PATH. A hard link where that is possible: a link would lead `stickyctl` to other neighbours.
    ///
    /// # Errors
    /// The file can't be put there.
    pub fn program(&self, name: &str, file: &Path) -> Result<()> {
        let place = self.folder.path().join("bin").join(name);
        let _ = fs::remove_file(&place);
        fs::hard_link(file, &place)
            .or_else(|_| fs::copy(file, &place).map(drop))
            .with_context(|| format!("can't put {} into the PATH", file.display()))
    }

    /// Puts a script of bash into the PATH.
    ///
    /// # Errors
    /// It can't be written.
    pub fn script(&self, name: &str, text: &str) -> Result<()> {
        use std::os::unix::fs::PermissionsExt as _;
        let place = self.folder.path().join("bin").join(name);
        fs::write(&place, format!("#!/usr/bin/env bash\nset -euo pipefail\n{text}"))?;
        fs::set_permissions(&place, fs::Permissions::from_mode(0o755))?;
        Ok(())
    }

    /// Sets a variable.
    pub fn set(&mut self, name: &str, value: &str) {
        self.variables.push((name.to_owned(), value.to_owned()));
    }

    /// Replaces a word of the lines by another one.
    pub fn replace(&mut self, word: &str, by: &str) {
        self.replaced.push((word.to_owned(), by.to_owned()));
    }

    /// What is run for a line of the documents.
    #[must_use]
    pub fn meant(&self, line: &str) -> String {
        let own = FROM_A_CLONE.iter().map(|(from, to)| (*from, *to));
        let all = own.chain(self.replaced.iter().map(|(from, to)| (from.as_str(), to.as_str())));
        all.fold(line.to_owned(), |line, (from, to)| line.replace(from, to))
    }

    /// Whether a line goes on until somebody ends it.
    #[must_use]
    pub fn stays(&self, line: &str) -> bool {
        let line = self.meant(line);
        STAYING.iter().any(|start| line.starts_with(start)) && !line.contains("--detach")
    }

    fn command(&self, line: &str) -> Command {
        let mut command = Command::new("bash");
        // STICKY... in the developer's own environment must not reach the tests, nor cargo's variables: without them stickyctl
        // speaks as it does to somebody who installed it.
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

    /// Runs a line that ends; what it wrote to stdout.
    ///
    /// # Errors
    /// It failed, with all that it said.
    pub async fn run(&self, line: &str) -> Result<String> {
        self.ended(line, tokio::process::Command::from(self.command(&self.meant(line))), "").await
    }

    /// Runs a line in a terminal and types `answer` there; all that it showed.
    ///
    /// # Errors
    /// It failed, with all that it showed.
    pub async fn asked(&self, line: &str, answer: &str) -> Result<String> {
        let mut terminal = self.command("exec script --quiet --return --command \"$LINE\" /dev/null");
        terminal.env("LINE", self.meant(line)).env("TERM", "dumb");
        self.ended(line, terminal.into(), answer).await
    }

    async fn ended(&self, line: &str, mut command: tokio::process::Command, input: &str) -> Result<String> {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().context("can't start bash")?;
        if let Some(mut stdin) = child.stdin.take() {
            // Who reads no answer may be over already.
            let _ = stdin.write_all(input.as_bytes()).await;
        }
        let done = wait::within(line, LIMIT, child.wait_with_output()).await??;
        let (stdout, stderr) = (String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
        ensure!(done.status.success(), "`{line}`: {}\n{stdout}{stderr}", done.status);
        Ok(stdout.into_owned())
    }

    /// Starts a line that goes on, and waits until it has said what it says when it is ready.
    ///
    /// # Errors
    /// It ended, or said nothing of the kind.
    pub async fn start(&self, line: &str) -> Result<Running> {
        let meant = self.meant(line);
        // In place of the shell, so that a signal reaches the program itself.
        let mut process = Process::start(&mut self.command(&format!("exec {meant}")))?;
        let ready =
            |said: &str| said.starts_with("http://") || said.starts_with("Forwarding from") || said.contains("ready") || said.contains("listening");
        let said = process.line("that it is ready", SOON, |said| ready(said).then(|| said.to_owned())).await.with_context(|| format!("`{line}`"))?;
        Ok(Running { line: line.to_owned(), said, process })
    }

    /// Runs lines one after another; those that go on are ended as with Ctrl-C when the next one like it comes, or at the end.
    ///
    /// # Errors
    /// One failed.
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

/// A line that goes on.
#[derive(Debug)]
pub struct Running {
    line: String,
    /// The line that said that it is ready.
    pub said: String,
    process: Process,
}

impl Running {
    /// Ends it as Ctrl-C does; something that another line has ended already is no error.
    ///
    /// # Errors
    /// It does not end, or calls it a failure.
    pub async fn end(mut self) -> Result<()> {
        if self.process.ended().is_none() {
            self.process.signal(Signal::INT)?;
        }
        let code = self.process.exit_code(SOON).await?;
        // kubectl has no handler of its own.
        if ![0, 130].contains(&code) {
            bail!("`{}` ended with {code}\n{}\n{}", self.line, self.process.stdout.text(), self.process.stderr.text());
        }
        Ok(())
    }
}
