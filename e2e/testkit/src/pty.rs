//! A pseudoterminal: what a program writes to a person, and how it reacts to keys.

use crate::wait;
use anyhow::{Context, Result, anyhow};
use rustix::fd::OwnedFd;
use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};
use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How long to wait for something on the screen.
const SOON: Duration = Duration::from_secs(20);

/// Our end of a new terminal, and its own end.
fn open() -> Result<(OwnedFd, File)> {
    let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)?;
    grantpt(&ours)?;
    unlockpt(&ours)?;
    let name = ptsname(&ours, Vec::new())?;
    let theirs = OpenOptions::new().read(true).write(true).open(name.to_str()?).context("opening the terminal")?;
    Ok((ours, theirs))
}

/// A program on a terminal of its own; dropping it kills the program.
pub struct Terminal {
    child: Child,
    ours: File,
    screen: Arc<Mutex<Screen>>,
}

struct Screen {
    parser: vt100::Parser,
    bytes: Vec<u8>,
    complete: bool,
}

impl Terminal {
    /// Starts a command on a terminal of so many columns and rows, by way of `setsid`, which makes the terminal its controlling one.
    pub fn start(command: &Command, columns: u16, rows: u16) -> Result<Self> {
        let (ours, theirs) = open()?;
        tcsetwinsize(&ours, size(columns, rows))?;
        let mut asked = Command::new("setsid");
        asked.arg("--ctty").arg(command.get_program()).args(command.get_args());
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => asked.env(name, value),
                None => asked.env_remove(name),
            };
        }
        asked.stdin(Stdio::from(theirs.try_clone()?)).stdout(Stdio::from(theirs.try_clone()?)).stderr(Stdio::from(theirs));
        let child = asked.spawn().context("starting it on a terminal")?;
        // It keeps our copies of the terminal until it is dropped.
        drop(asked);
        let screen =
            Arc::new(Mutex::new(Screen { parser: vt100::Parser::new(nonzero(rows)?, nonzero(columns)?, 0), bytes: Vec::new(), complete: false }));
        let (mut terminal, kept) = (File::from(ours.try_clone()?), screen.clone());
        std::thread::spawn(move || {
            let mut part = [0; 4_096];
            // With nobody left on the other side, reading is an error on Linux.
            while let Ok(read @ 1..) = terminal.read(&mut part) {
                let mut screen = kept.lock().unwrap_or_else(PoisonError::into_inner);
                screen.parser.process(&part[..read]);
                screen.bytes.extend_from_slice(&part[..read]);
            }
            kept.lock().unwrap_or_else(PoisonError::into_inner).complete = true;
        });
        Ok(Self { child, ours: File::from(ours), screen })
    }

    /// Types keys, as the bytes that a terminal sends for them.
    pub fn types(&mut self, keys: &str) -> Result<()> {
        Ok(self.ours.write_all(keys.as_bytes())?)
    }

    /// Changes the size of the terminal.
    pub fn resize(&mut self, columns: u16, rows: u16) -> Result<()> {
        self.screen.lock().unwrap_or_else(PoisonError::into_inner).parser.screen_mut().set_size(nonzero(rows)?, nonzero(columns)?);
        Ok(tcsetwinsize(&self.ours, size(columns, rows))?)
    }

    pub fn signal(&self, signal: Signal) -> Result<()> {
        Ok(kill_process(Pid::from_child(&self.child), signal)?)
    }

    /// What the screen shows.
    #[must_use]
    pub fn text(&self) -> String {
        self.screen.lock().unwrap_or_else(PoisonError::into_inner).parser.screen().contents()
    }

    /// Every byte that the terminal got.
    #[must_use]
    pub fn bytes(&self) -> String {
        String::from_utf8_lossy(&self.screen.lock().unwrap_or_else(PoisonError::into_inner).bytes).into_owned()
    }

    /// Waits until the screen fits, and returns it.
    pub async fn until(&self, what: &str, fits: impl Fn(&str) -> bool) -> Result<String> {
        let found = wait::until(what, SOON, async || Some(self.text()).filter(|text| fits(text))).await;
        found.map_err(|error| anyhow!("{error}\n--- screen ---\n{}", self.text()))
    }

    /// Waits until the program ends and everything that it wrote is here. Death by a signal is 128 plus the signal's number.
    pub async fn exit_code(&mut self) -> Result<i32> {
        let status = wait::until("the program on the terminal ends", SOON, async || self.child.try_wait().ok().flatten()).await;
        let status = status.map_err(|error| anyhow!("{error}\n--- screen ---\n{}", self.text()))?;
        let complete = async || self.screen.lock().unwrap_or_else(PoisonError::into_inner).complete.then_some(());
        wait::until("its last words", SOON, complete).await?;
        Ok(status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or_default()))
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn nonzero(cells: u16) -> Result<NonZeroU16> {
    NonZeroU16::new(cells).context("a screen has at least one column and one row")
}

fn size(columns: u16, rows: u16) -> Winsize {
    Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 }
}

/// Runs a command to its end with a terminal as its stdin, stdout and stderr. Returns every byte that the terminal got.
pub fn run(command: &mut Command) -> Result<(ExitStatus, String)> {
    let (ours, theirs) = open()?;
    command.stdin(Stdio::from(theirs.try_clone()?)).stdout(Stdio::from(theirs.try_clone()?)).stderr(Stdio::from(theirs));
    let mut child = command.spawn().context("starting it on a terminal")?;
    // The command keeps our copies of the terminal until it gets other streams.
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut seen = Vec::new();
    let mut part = [0; 4_096];
    let mut terminal = File::from(ours);
    // With nobody left on the other side, reading is an error on Linux.
    while let Ok(size @ 1..) = terminal.read(&mut part) {
        seen.extend_from_slice(&part[..size]);
    }
    Ok((child.wait()?, String::from_utf8(seen).context("the terminal got something that is not UTF-8")?))
}
