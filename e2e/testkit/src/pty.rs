//! A pseudoterminal: what a program writes to a person.

use anyhow::{Context, Result};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use std::fs::{File, OpenOptions};
use std::io::Read;
use std::process::{Command, ExitStatus, Stdio};

/// Runs a command to its end with a terminal as its stdin, stdout and stderr. Returns every byte that the terminal got.
pub fn run(command: &mut Command) -> Result<(ExitStatus, String)> {
    let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)?;
    grantpt(&ours)?;
    unlockpt(&ours)?;
    let name = ptsname(&ours, Vec::new())?;
    let theirs = OpenOptions::new().read(true).write(true).open(name.to_str()?).context("opening the terminal")?;
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
