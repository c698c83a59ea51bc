//! `stickyctl verify`: proves or refutes affinity from outside, for any site.
//!
//! A pure half: [`plan`] says what is asked in which order, [`jar`] is a session's cookies, [`run`](mod@run) what was seen,
//! [`verdict`] what follows, by [`bounds`] that a chance result can't pass; [`code`] has the reasons, [`report`] writes it down. A thin half asks:
//! [`ask`] one request, [`probe`] all of them.

pub mod args;
pub mod ask;
mod at_file;
pub mod baseline;
pub mod bounds;
pub mod code;
pub mod cookie;
pub mod ends;
pub mod identity;
pub mod jar;
pub mod moves;
pub mod plan;
pub mod probe;
pub mod report;
pub mod run;
pub mod save;
pub mod scenario;
pub mod seen;
pub mod target;
pub mod tell;
pub mod tls;
pub mod verdict;
pub mod watch;

use crate::cluster::forward;
use crate::cluster::tunnel::Tunnel;
use crate::exit::{Exit, Failure};
use crate::output::{Mark, Output};
use args::VerifyArgs;
use code::Code;
use k8s_openapi::jiff::Timestamp;
use probe::{Asking, Book};
use report::{About, Report};
use run::Run;
use scenario::{Chosen, Name};
use seen::What;
use std::collections::BTreeSet;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use target::Parts;
use tokio::sync::oneshot;
use verdict::{Judgement, Reason, Verdict, judge};
use watch::Witness;

/// Asks a site and prints the verdict.
///
/// # Errors
/// The call is wrong, nothing runs here, or somebody said no.
pub async fn run(args: VerifyArgs, output: Output) -> Result<Exit, Failure> {
    if args.list {
        let lines: Vec<String> = scenario::ALL.iter().map(|one| format!("{:<15} {}", one.word, one.asks)).collect();
        output.answer(&lines.join("\n"));
        return Ok(Exit::Done);
    }
    let told = args.told()?;
    let mut site = args.site().await?;
    let parts = Parts::read(&site.url)?;
    let asking = args.asking(&parts, site.address.as_deref())?;
    let (requests, sockets) = asking.count();
    let (all, sample) = (requests + sockets, asking.sample);
    output.note(&format!(
        "{} sessions of 1 + {} requests, {} controls: at most {requests} requests and {sockets} sockets, seed {}",
        sample.sessions, sample.later, sample.controls, asking.seed
    ));
    if all > MOST_UNASKED && !args.agreed() {
        let far = if site.tunnel.is_some() { "the cluster".to_owned() } else { foreign(&asking).await };
        if !far.is_empty() && !output.confirm(&format!("That is more than the usual load for {far}. Go on?")) {
            return Err(Failure::new(Exit::Usage, format!("{all} requests are more than the usual load for {far}, and nobody said yes"))
                .try_this(format!("{} --yes", command())));
        }
    }
    let began = Timestamp::now();
    let book = Arc::new(Book::new(sample));
    let line = output.live("asking");
    let (looked, first_look) = oneshot::channel();
    let partial = tokio::select! {
        () = async {
            if site.witness.is_some() {
                // Without a witness in time the run begins all the same, and moves have no cause.
                if tokio::time::timeout(FIRST_LOOK, first_look).await.is_err() {
                    output.warning("the cluster does not say how the pods are; until it does no move has a cause");
                }
            }
            probe::run(&asking, &book, |done| line.says(&format!("{done} of at most {all}"))).await;
        } => false,
        _ = tokio::signal::ctrl_c() => true,
        never = trouble(site.tunnel.as_mut(), &book, output) => match never {},
        never = witness(site.witness.as_ref(), &book, looked, output) => match never {},
    };
    let run = book.run();
    let done = run.shots().count() + run.sockets().count();
    line.ends(if partial { Mark::Warning } else { Mark::Done }, &format!("{done} of at most {all} requests and sockets"));
    let mut judgement = judge(&run, args.tolerated());
    if args.require_workers {
        require_workers(&run, &mut judgement);
    }
    let exit = if partial { Exit::Interrupted } else { exit(judgement.pods, judgement.workers, args.require_workers) };
    let about = About {
        url: site.url,
        command: command(),
        began: began.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        took: book.age(),
        seed: asking.seed,
        sample,
        planned: (requests, sockets),
        paths: asking.target.all_paths(),
        chosen: asking.chosen.clone(),
        partial,
        exit,
        identity: (asking.pod.to_string(), asking.worker.to_string()),
    };
    let mut report = Report::new(&about, &run, &judgement);
    report.baseline = told.compared(&report);
    told.tell(&report, output)?;
    Ok(exit)
}

/// The addresses that requests and sockets go to on other machines; empty where there is none. The name of a site does not tell: a
/// connection may lead elsewhere.
async fn foreign(asking: &Asking) -> String {
    let mut all: BTreeSet<&str> = asking.target.foreign().await.into_iter().collect();
    if let Some(socket) = &asking.socket {
        all.extend(socket.target.foreign().await);
    }
    all.into_iter().collect::<Vec<_>>().join(", ")
}

/// What the verdict is as an exit code: about pods, and about workers where they count too.
fn exit(pods: Verdict, workers: Verdict, workers_count: bool) -> Exit {
    let all = [Some(pods), workers_count.then_some(workers)];
    let is = |verdict| all.contains(&Some(verdict));
    match () {
        () if is(Verdict::NotSticky) => Exit::Negative,
        () if is(Verdict::Inconclusive) || is(Verdict::NotJudged) => Exit::Inconclusive,
        () => Exit::Done,
    }
}

/// Workers count, so that none to judge is a reason too: behind what decides about pods.
fn require_workers(run: &Run, judgement: &mut Judgement) {
    if judgement.workers != Verdict::NotJudged {
        return;
    }
    let (_, detail) = scenario::ALL[Name::Workers as usize].of(run, judgement, &Chosen::default());
    let place = judgement.reasons.len().min(usize::from(judgement.pods != Verdict::Sticky));
    judgement.reasons.insert(place, Reason { code: Code::SingleWorker, scenario: Name::Workers, detail });
}

/// The call as it can be repeated.
fn command() -> String {
    let words: Vec<String> = std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned()).collect();
    let words = std::iter::once("stickyctl").chain(words.iter().map(String::as_str));
    // Only a NUL can't be quoted, and an argument holds none.
    shlex::try_join(words).unwrap_or_default()
}

/// Tells what happens to the tunnel, where there is one.
async fn trouble(tunnel: Option<&mut Tunnel>, book: &Book, output: Output) -> Infallible {
    match tunnel {
        Some(tunnel) => forward::report(tunnel, output, |what| book.happened(What::Tunnel(what.to_owned()), false)).await,
        None => std::future::pending().await,
    }
}

async fn witness(witness: Option<&Witness>, book: &Arc<Book>, looked: oneshot::Sender<()>, output: Output) -> Infallible {
    match witness {
        Some(witness) => watch::pods(witness, book, looked, |what| output.warning(what)).await,
        None => std::future::pending().await,
    }
}

/// For the first word of a cluster about its pods.
const FIRST_LOOK: Duration = Duration::from_secs(5);

/// As many requests and sockets as the default sample has; more of them at a stranger's site are asked about first.
const MOST_UNASKED: u64 = 800;

/// Prints what a reason means and what to try.
#[must_use]
pub fn explain(code: Code, output: Output) -> Exit {
    output.answer(&format!("{}  {}\n\ncommonest cause first, and what to try:\n{}", code.word(), code.title(), code.advice()));
    Exit::Done
}
