//! One run: from a request to a report and its exit code.

use super::beside::{FIRST_LOOK, trouble, witness};
use super::disrupt;
use super::logs::Logs;
use super::probe::{self, Asking, Book, Progress};
use super::redacted::redacted;
use super::report::build::About;
use super::report::model::Report;
use super::request::{Request, RequestError};
use crate::exit::{Exit, Explained};
use crate::output::{Mark, Output};
use k8s_openapi::jiff::Timestamp;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use sticky_affinity::judge;
use sticky_affinity::run::Run;
use sticky_affinity::told::By;
use sticky_affinity::verdict::Verdict;
use tokio::sync::oneshot;

/// The size of the default sample, in requests and sockets. A larger run against another machine needs a confirmation.
pub(super) const MOST_UNASKED: u64 = 800;

/// The result of a run.
#[derive(Debug)]
pub(crate) struct Verified {
    pub(crate) report: Report,
    pub(crate) exit: Exit,
}

/// Why there was no run.
#[derive(Debug, thiserror::Error)]
pub(crate) enum VerifyError {
    #[error(transparent)]
    Request(#[from] RequestError),
    #[error(transparent)]
    Disrupt(#[from] disrupt::Error),
    #[error("cannot resolve {host}: {why}")]
    Unresolved { host: String, why: String, by_connect: bool },
    #[error("{requests} requests are more than the usual load for {site}, and nobody confirmed them")]
    Unconfirmed { requests: u64, site: String, command: String },
}

impl Explained for VerifyError {
    fn exit(&self) -> Exit {
        match self {
            Self::Request(why) => why.exit(),
            Self::Disrupt(why) => why.exit(),
            Self::Unresolved { .. } | Self::Unconfirmed { .. } => Exit::Usage,
        }
    }

    fn next_steps(&self) -> Vec<String> {
        match self {
            Self::Request(why) => why.next_steps(),
            Self::Disrupt(why) => why.next_steps(),
            Self::Unresolved { by_connect: true, .. } => vec!["--connect 10.0.0.7:443    an IP address needs no lookup".to_owned()],
            Self::Unresolved { host, .. } => vec![
                "--connect ADDRESS    connect to this address instead, such as 10.0.0.7:443".to_owned(),
                format!("--host {host}    the site's name, with a URL whose host resolves"),
            ],
            Self::Unconfirmed { command, .. } => vec![format!("{command} --yes")],
        }
    }
}

/// Sends requests to a site and judges what comes back. Ctrl-C ends the run early; the report then covers what was seen until then.
pub(crate) async fn run(request: Request, output: Output) -> Result<Verified, VerifyError> {
    let mut way = request.site.open().await?;
    if request.site.is_the_apps() && !request.identifies_pods() {
        // Versions, for example: what the pods do under their names would not be about them.
        way.witness = None;
    }
    let mut asking = request.asking(&way.url, &way.addresses)?;
    for note in &way.notes {
        output.note(note);
    }
    let marked = request.marking(way.logs.as_ref())?;
    asking.marking = marked.as_ref().map(|(marking, _)| marking.clone());
    resolve(&asking, !request.http.connect.is_empty()).await?;
    let (requests, sockets) = asking.count();
    let (all, sample) = (requests + sockets, asking.sample);
    output.note(&format!(
        "plan: {} sessions of 1 + {} requests, {} controls, seed {}\n      at most {requests} requests and {sockets} sockets\n      {}{}",
        sample.sessions,
        sample.later,
        sample.controls,
        asking.seed,
        takes(&asking),
        by_logs(&asking)
    ));
    if all - asking.redirects() > MOST_UNASKED && !request.amount.yes {
        let site = if way.tunnel.is_some() { "the cluster".to_owned() } else { foreign(&asking).await };
        if !site.is_empty() && !output.confirm(&format!("This is more than the usual load for {site}. Continue?")) {
            return Err(VerifyError::Unconfirmed { requests: all, site, command: request.command });
        }
    }
    let prepared = disrupt::prepare(&request, &way, output).await?;
    let began = Timestamp::now();
    let logs = marked.zip(way.logs.take()).map(|((marking, which), sources)| Logs::follow(sources, marking.token, which));
    let (proxies, cut) = tokio::select! {
        compared = async { if request.disruptions.each_proxy { disrupt::compare(&asking, logs.as_ref(), &way, output).await.map(Some) } else { Ok(None) } } => (compared?, false),
        _ = tokio::signal::ctrl_c() => (None, true),
    };
    let book = Arc::new(Book::new(sample));
    let line = output.live("probing");
    let (looked, first_look) = oneshot::channel();
    let partial = cut
        || tokio::select! {
            () = async {
                if way.witness.is_some() {
                    // Without states in time the run begins anyway, and the causes of moves are unknown.
                    if tokio::time::timeout(FIRST_LOOK, first_look).await.is_err() {
                        output.warning("the cluster has not reported the state of its pods; until it does, the causes of moves are unknown");
                    }
                }
                let left = |done| asking.left(done, book.age()).map(|left| format!(", about {} left", rounded(left))).unwrap_or_default();
                let progress = |step| match step {
                    Progress::Sent(done) => line.says(&format!("{done} of at most {all}{}", left(done))),
                    Progress::Waits { lines } => line.says(&format!("waiting for {lines} lines of the log")),
                };
                probe::run(&asking, &book, logs.as_ref(), progress).await;
            } => false,
            _ = tokio::signal::ctrl_c() => true,
            never = trouble(way.tunnel.as_mut(), &book, output) => match never {},
            never = witness(way.witness.as_ref(), &book, looked, output) => match never {},
        };
    if let Some(logs) = &logs {
        // What has come since the last look, such as lines about the requests of an interrupted run.
        book.identify(logs, Duration::ZERO);
    }
    let run = book.run();
    let done = run.shots().count() as u64 + run.followed + run.sockets().count() as u64;
    line.ends(if partial || run.stopped.is_some() { Mark::Warning } else { Mark::Done }, &format!("{done} of at most {all} requests and sockets"));
    if let Some(stopped) = run.stopped {
        output.warning(&format!("{stopped}, so the rest was not sent"));
    }
    let mut judgement = judge(&run, request.amount.max_move_rate);
    if request.require_workers {
        judgement.require_workers();
    }
    if run.logs.is_none() {
        // Answers tell, and no log has to.
        asking.marking = None;
    }
    let (disrupted, cut) = match prepared {
        Some(prepared) if judgement.pods == Verdict::Sticky && !partial => {
            prepared.run((&asking, logs.as_ref()), way.tunnel.as_mut(), output, async { drop(tokio::signal::ctrl_c().await) }).await
        }
        Some(prepared) => (prepared.skipped(if partial { "the run was interrupted before" } else { "sessions have to stay at rest first" }), false),
        None => (Vec::new(), false),
    };
    let partial = partial || cut;
    let marks = disrupted.iter().map(|one| one.judged.mark).chain(proxies.iter().map(|proxies| proxies.agreement.mark));
    let exit = match (exit(judgement.pods, judgement.workers, request.require_workers), disrupt::exit(marks)) {
        _ if partial => Exit::Interrupted,
        (Exit::Done, more) => more,
        (_, Exit::Negative) => Exit::Negative,
        (own, _) => own,
    };
    let shown = |url: &str| if request.show_values { url.to_owned() } else { redacted(url) };
    let about = About {
        url: shown(&way.url),
        command: request.command.clone(),
        began: began.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        took: book.age(),
        seed: asking.seed,
        sample,
        planned: (requests, sockets),
        paths: asking.target.all_paths().iter().map(|path| shown(path)).collect(),
        chosen: asking.chosen.clone(),
        partial,
        exit,
        identity: (identity(&request, &asking, &run), asking.worker.to_string()),
        lost_when: asking.lost_when.iter().map(ToString::to_string).collect(),
        is_here: way.is_here,
        disrupted,
        proxies,
    };
    Ok(Verified { report: Report::new(&about, &run, &judgement), exit })
}

/// An error for a host that has no IP address: no request could reach it.
pub(super) async fn resolve(asking: &Asking, by_connect: bool) -> Result<(), VerifyError> {
    for target in std::iter::once(&asking.target).chain(asking.socket.as_ref().map(|socket| &socket.target)) {
        if let Some((host, why)) = target.unresolved().await {
            return Err(VerifyError::Unresolved { host: host.to_owned(), why, by_connect });
        }
    }
    Ok(())
}

/// Where identities were read, in the form of `--pod-identity`: with several logs, those that identified something.
fn identity(request: &Request, asking: &Asking, run: &Run) -> String {
    let Some(logs) = &run.logs else { return asking.pod.to_string() };
    if let Some(flag) = &request.pod_identity {
        return flag.to_string();
    }
    let named = run.named();
    let all = [(named.access_log, By::Access), (named.pod_log, By::Pod)];
    let some: Vec<&str> = all.iter().filter(|(count, _)| *count > 0).map(|(_, by)| by.word()).collect();
    if some.is_empty() { logs.from.iter().map(|by| by.word()).collect::<Vec<_>>().join(" and ") } else { some.join(" and ") }
}

/// Where the pods' names come from if logs have them, as further lines of the plan.
fn by_logs(asking: &Asking) -> String {
    let Some(marking) = &asking.marking else { return String::new() };
    let answer = marking.or_answers.then(|| format!("each answer's {}", asking.pod));
    let logs = marking.from.iter().map(|by| match by {
        By::Access => "the front door's access log".to_owned(),
        By::Pod => "the pods' own logs".to_owned(),
    });
    let from: Vec<String> = answer.into_iter().chain(logs).collect();
    let place = if marking.in_query { "User-Agent and in the query (stickyctl=...)" } else { "User-Agent" };
    let sockets = if asking.socket.is_some() { "\n      a socket's pod is known when the socket has ended" } else { "" };
    format!("\n      pods are named by {}\n      each request has a marker in {place}{sockets}", from.join(", or else by "))
}

/// How long the run takes, and what decides that.
fn takes(asking: &Asking) -> String {
    let least = asking.least_duration();
    if asking.over == least && !least.is_zero() {
        return format!("spread over {}; longer if the site is slow", rounded(least));
    }
    format!("about {} at {} requests/s; longer if the site is slow", rounded(least), asking.rate)
}

/// A time to plan with: seconds up to two minutes, then minutes.
pub(super) fn rounded(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    if seconds < 120.0 { format!("{:.0} s", seconds.ceil()) } else { format!("{:.0} min", (seconds / 60.0).ceil()) }
}

/// The addresses on other machines that requests and sockets go to; empty if there are none. The site's name is not enough to tell: its
/// connections may go elsewhere.
pub(super) async fn foreign(asking: &Asking) -> String {
    let mut all: BTreeSet<&str> = asking.target.foreign().await.into_iter().collect();
    if let Some(socket) = &asking.socket {
        all.extend(socket.target.foreign().await);
    }
    all.into_iter().collect::<Vec<_>>().join(", ")
}

/// The exit code of a verdict on pods, and on workers if they count.
fn exit(pods: Verdict, workers: Verdict, workers_count: bool) -> Exit {
    let all = [Some(pods), workers_count.then_some(workers)];
    let is = |verdict| all.contains(&Some(verdict));
    match () {
        () if is(Verdict::NotSticky) => Exit::Negative,
        () if is(Verdict::Inconclusive) || is(Verdict::NotJudged) => Exit::Inconclusive,
        () => Exit::Done,
    }
}
