//! What a shell offers at the Tab key. The script that `completions` prints asks this program at each press, so that it knows the pods
//! that run now.
//!
//! Nothing is ever printed but candidates, and nothing takes longer than [`BOUND`].

use super::plugin;
use crate::called::{Called, called};
use crate::cluster::connect::{Access, contexts, namespaces};
use crate::local::client::Client;
use clap_complete::engine::{ArgValueCandidates, CompletionCandidate};
use clap_complete::env::{CompleteEnv, Shells};
use std::ffi::{OsStr, OsString};
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::mpsc;
use std::time::Duration;

/// The longest wait for a demo, a file or a cluster. Whoever presses Tab waits for it.
const BOUND: Duration = Duration::from_secs(1);
/// Asks for candidates instead of a run; its value is the name of the shell.
const VARIABLE: &str = "STICKYCTL_COMPLETE";
const PROGRAM: &str = "stickyctl";
/// The variable's value for kubectl, which asks for the words of its plugins.
const KUBECTL: &str = "kubectl";

/// Answers a shell that asks for candidates of `command`; `None` in any other run.
pub(super) fn answer(command: fn() -> clap::Command) -> Option<ExitCode> {
    let shell = std::env::var_os(VARIABLE).filter(|shell| !shell.is_empty());
    let is_kubectl = called() == Called::Completer || shell.as_deref() == Some(OsStr::new(KUBECTL));
    if !is_kubectl {
        shell?;
    }
    // A program that a kubeconfig names for credentials must not write into the line that the user is typing.
    if let Ok(null) = std::fs::OpenOptions::new().write(true).open("/dev/null") {
        let _ = rustix::stdio::dup2_stderr(&null);
    }
    let folder = std::env::current_dir().ok();
    if is_kubectl {
        let found = plugin::candidates(plugin::renamed(command()), std::env::args_os().skip(1).collect(), folder.as_deref());
        let written = found.and_then(|lines| std::io::stdout().write_all(format!("{lines}\n").as_bytes()));
        return Some(if written.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE });
    }
    let env = CompleteEnv::with_factory(command).var(VARIABLE).bin(PROGRAM).completer(PROGRAM);
    let done = env.try_complete(std::env::args_os(), folder.as_deref());
    Some(if done.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The script of a shell. It calls the program by its name, so that it can be copied to other machines.
///
/// # Errors
/// There is no such shell, or its script can't be written.
pub(super) fn script(shell: clap_complete::Shell) -> std::io::Result<String> {
    if called() != Called::Directly {
        return Ok(plugin::SCRIPT.to_owned());
    }
    let mut script = Vec::new();
    let name = shell.to_string();
    let known = Shells::builtins();
    let shell = known.completer(&name).ok_or_else(|| std::io::Error::other(format!("no script for {name}")))?;
    shell.write_registration(VARIABLE, PROGRAM, PROGRAM, PROGRAM, &mut script)?;
    Ok(String::from_utf8_lossy(&script).trim().to_owned())
}

/// The pods of the demo on this machine, and their workers if they have several.
pub(super) fn local_pods() -> ArgValueCandidates {
    ArgValueCandidates::new(|| {
        let pods = bounded(|| run(async { Some(Client::open().ok()?.find().await.ok()??.pods) })).unwrap_or_default();
        let several = pods.iter().any(|pod| pod.workers.len() > 1);
        let pod = |name: &str| CompletionCandidate::new(name).help(Some("the pod with all of its workers".into()));
        let mut candidates = Vec::new();
        for one in &pods {
            candidates.push(pod(&one.pod));
            let workers = one.workers.iter().filter(|_| several);
            candidates
                .extend(workers.map(|worker| CompletionCandidate::new(format!("{}:{}", one.pod, worker.worker)).help(Some("one worker".into()))));
        }
        candidates
    })
}

/// The contexts of the kubeconfig.
pub(super) fn context_names() -> ArgValueCandidates {
    ArgValueCandidates::new(|| bounded(|| contexts(&access())).into_iter().map(CompletionCandidate::new).collect())
}

/// The namespaces of the cluster.
pub(super) fn namespace_names() -> ArgValueCandidates {
    ArgValueCandidates::new(|| {
        let found = bounded(|| run(async { namespaces(&access()).await.ok() })).unwrap_or_default();
        found.into_iter().map(CompletionCandidate::new).collect()
    })
}

/// The modes that the documents show.
pub(super) fn modes() -> ArgValueCandidates {
    let mode = |word: &'static str, help: &'static str| CompletionCandidate::new(word).help(Some(help.into()));
    ArgValueCandidates::new(move || {
        vec![
            mode("3x1", "three pods, one worker each: the cookie keeps a session on one worker"),
            mode("1x4", "one pod, four workers: no cookie can choose the worker"),
            mode("3x4", "three pods, four workers each"),
        ]
    })
}

/// The cluster that the line names so far: candidates get only the word under the cursor.
fn access() -> Access {
    let words: Vec<OsString> = std::env::args_os().collect();
    let value = |flag: &str| {
        let after = words.iter().position(|word| word == flag).and_then(|at| words.get(at + 1)).filter(|value| !value.is_empty());
        let joined = words.iter().filter_map(|word| word.to_str()?.strip_prefix(flag)?.strip_prefix('=')).next_back();
        after.cloned().or_else(|| joined.map(Into::into))
    };
    Access { kubeconfig: value("--kubeconfig").map(PathBuf::from), context: value("--context").and_then(|name| name.into_string().ok()) }
}

/// The result of `work`, or nothing if it takes longer than [`BOUND`]. It then ends with the process.
fn bounded<T: Default + Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let (sender, result) = mpsc::sync_channel(1);
    std::thread::spawn(move || sender.send(work()));
    result.recv_timeout(BOUND).unwrap_or_default()
}

fn run<T>(work: impl Future<Output = Option<T>>) -> Option<T> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().ok()?.block_on(work)
}
