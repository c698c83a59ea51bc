//! The cluster's processes: started detached, then found and stopped by their recorded ids.

use super::network::Net;
use anyhow::{Context, Result, anyhow};
use rustix::process::Signal;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;
use testkit::cluster::Place;
use testkit::cluster::modules::tail;
use testkit::{process, sh, wait};

const END: Duration = Duration::from_secs(10);

/// The path of a process's log.
pub(crate) fn log(place: &Place, name: &str) -> PathBuf {
    place.state.join("log").join(format!("{name}.log"))
}

fn note(place: &Place, name: &str) -> PathBuf {
    place.state.join("run").join(name)
}

/// Starts a program in the cluster's network namespace. It keeps running after this command exits.
pub(crate) fn start<S: AsRef<OsStr>>(place: &Place, net: Net, name: &str, program: impl AsRef<OsStr>, arguments: &[S]) -> Result<()> {
    let output = File::options().create(true).append(true).open(log(place, name))?;
    // setsid protects it from Ctrl-C and from the end of a terminal. Both commands exec, so the id is the program's.
    // nsenter, because `ip netns exec` hides /sys/fs/cgroup from the kubelet.
    let mut command = sh::command("setsid", ["nsenter"]).into_std();
    command.arg(format!("--net=/run/netns/{}", net.namespace())).arg("--").arg(program.as_ref()).args(arguments);
    command.current_dir(&place.state).stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output);
    let child = command.spawn().with_context(|| format!("can't start {name}"))?;
    let pid = i32::try_from(child.id())?;
    let born = born(pid).with_context(|| format!("{name} ended at once; see {}", log(place, name).display()))?;
    fs::write(note(place, name), format!("{pid} {born}"))?;
    Ok(())
}

/// When a process started, in ticks since boot. Together with the id, this identifies a process even if the id is reused.
fn born(pid: i32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit_once(") ")?.1.split(' ').nth(19)?.parse().ok()
}

/// The id of a recorded process, if it still runs.
fn pid(place: &Place, name: &str) -> Option<i32> {
    let text = fs::read_to_string(note(place, name)).ok()?;
    let (pid, start) = text.split_once(' ')?;
    let (pid, start) = (pid.parse().ok()?, start.parse::<u64>().ok()?);
    (born(pid)? == start && process::lives(pid)).then_some(pid)
}

/// Whether a recorded process still runs.
pub(crate) fn lives(place: &Place, name: &str) -> bool {
    pid(place, name).is_some()
}

/// The names of all processes that were started and not stopped.
pub(crate) fn recorded(place: &Place) -> Vec<String> {
    let files = fs::read_dir(place.state.join("run")).into_iter().flatten();
    let mut names: Vec<_> = files.filter_map(|file| file.ok()?.file_name().into_string().ok()).collect();
    names.sort();
    names
}

/// Stops a process and waits until it exits: SIGTERM first, then SIGKILL.
pub(crate) async fn stop(place: &Place, name: &str) -> Result<()> {
    for signal in [Signal::TERM, Signal::KILL] {
        let Some(id) = pid(place, name) else { break };
        let _ = process::signal(id, signal);
        let _ = wait::until("its end", END, async || (!lives(place, name)).then_some(())).await;
    }
    if let Some(id) = pid(place, name) {
        return Err(anyhow!("{name} (process {id}) does not end, not even when killed"));
    }
    let _ = fs::remove_file(note(place, name));
    Ok(())
}

/// Waits for a condition that depends on the process `name`. If it exits, or after the deadline, fails with the end of its log.
pub(crate) async fn until(place: &Place, name: &str, what: &str, limit: Duration, mut probe: impl AsyncFnMut() -> bool) -> Result<()> {
    let condition = format!("{name}: {what}");
    let done = wait::until(&condition, limit, async || {
        if probe().await {
            Some(Ok(()))
        } else if lives(place, name) {
            None
        } else {
            Some(Err(anyhow!("{name} ended before: {what}")))
        }
    });
    done.await.flatten().map_err(|error| with_log(place, name, &error))
}

/// An error with the name of a process's log and the end of it.
pub(crate) fn with_log(place: &Place, name: &str, error: &anyhow::Error) -> anyhow::Error {
    let log = log(place, name);
    let text = fs::read_to_string(&log).unwrap_or_default();
    anyhow!("{error:#}\n{} ends with:\n{}", log.display(), tail(&text, 12))
}
