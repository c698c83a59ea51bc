//! `stickyctl up --local --detach`.

use super::client::Client;
use super::error::LocalError;
use crate::exit::Exit;
use crate::files;
use crate::output::{Mark, Output};
use crate::poll::{Deadline, until};
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::process::Stdio;
use std::time::{Duration, Instant};

/// How long the background process may take to answer.
const START: Duration = Duration::from_secs(30);
/// Poll interval while it starts.
const LOOK: Duration = Duration::from_millis(20);

/// Starts the same command in the background, without `--detach` and `--open`, and waits until it answers. Returns its URL.
pub(super) async fn start(client: &Client, output: Output) -> Result<String, LocalError> {
    let failed = |doing| move |why| LocalError::Process { doing, why };
    if let Some(running) = client.find().await? {
        return Err(LocalError::AlreadyUp { url: running.url, pid: running.pid });
    }
    let log_path = client.path().with_file_name("local.log");
    let failed_log = |why| LocalError::Log { path: log_path.clone(), why };
    // It gets its name once the demo answers, so that it neither follows a link nor cuts off the log of a running demo.
    let log = files::beside(&log_path, 0o600).map_err(failed_log)?;
    log.as_file().set_permissions(Permissions::from_mode(0o600)).map_err(failed_log)?;
    let stream = || log.as_file().try_clone().map(Stdio::from).map_err(failed("sharing the log"));
    let program = std::env::current_exe().map_err(failed("finding this program"))?;
    let mut child = std::process::Command::new(program)
        .args(std::env::args_os().skip(1).filter(|arg| arg != "--detach" && arg != "--open"))
        .stdin(Stdio::null())
        .stdout(stream()?)
        .stderr(stream()?)
        // A process group of its own, so that the terminal's Ctrl-C doesn't reach it.
        .process_group(0)
        .spawn()
        .map_err(failed("starting the demo in the background"))?;
    let began = Instant::now();
    let answers = async || {
        // One that is busy starting many workers may answer late.
        if let Ok(Some(status)) = client.find().await
            && status.pid == child.id()
        {
            return Ok(Some(status));
        }
        let Some(ended) = child.try_wait().map_err(failed("watching the demo in the background"))? else { return Ok(None) };
        let said = std::fs::read_to_string(log.path()).unwrap_or_default();
        let said = said.trim().trim_start_matches("error: ").to_owned();
        let exit = match ended.code() {
            Some(2) => Exit::Usage,
            Some(5) => Exit::Prerequisite,
            _ => Exit::Failed,
        };
        Err(LocalError::Background { exit, said })
    };
    let started = until(Deadline::after(START), LOOK, answers).await?;
    log.persist(&log_path).map_err(|error| failed_log(error.error))?;
    let Some(status) = started else {
        let _ = child.kill();
        let _ = child.wait();
        return Err(LocalError::BackgroundSilent { limit: START, log: log_path });
    };
    output.phase(Mark::Done, "up", &format!("{}, process {}, log {}", status.mode, status.pid, log_path.display()), Some(began.elapsed()));
    output.answer(&status.url)?;
    output.hint("\nNext: stickyctl status --local, and stickyctl down --local to stop it");
    Ok(status.url)
}
