//! `stickyctl verify`: proves or refutes affinity from outside, for any site.
//!
//! A pure half: [`plan`] says what is asked in which order, [`jar`] is a session's cookies, [`run`](mod@run) what was seen,
//! [`verdict`] what follows, by [`bounds`] that a chance result can't pass; [`code`] has the reasons, [`report`] writes it down. A thin half asks:
//! [`ask`] one request, [`probe`] all of them.

pub mod args;
pub mod ask;
pub mod bounds;
pub mod code;
pub mod cookie;
pub mod identity;
pub mod jar;
pub mod plan;
pub mod probe;
pub mod report;
pub mod run;
pub mod scenario;
pub mod target;
pub mod tls;
pub mod verdict;

use crate::cli::Format;
use crate::cluster::forward;
use crate::cluster::tunnel::Tunnel;
use crate::exit::{Exit, Failure};
use crate::output::{Mark, Output};
use args::VerifyArgs;
use code::Code;
use probe::{Asking, Book};
use report::Report;
use target::Parts;
use verdict::{Verdict, judge};

/// Asks a site and prints the verdict.
///
/// # Errors
/// The call is wrong, nothing runs here, or somebody said no.
pub async fn run(args: VerifyArgs, output: Output) -> Result<Exit, Failure> {
    if args.list {
        let lines: Vec<String> = scenario::ALL.iter().map(|(name, about)| format!("{name:<15} {about}")).collect();
        output.answer(&lines.join("\n"));
        return Ok(Exit::Done);
    }
    let mut site = args.site().await?;
    let parts = Parts::read(&site.url)?;
    let (target, sample, seed) = (args.target(&parts, site.address.as_deref())?, args.sample(), args.seed());
    let socket = args.socket(&target)?;
    let (requests, sockets) = probe::count(sample, socket.is_some());
    let all = requests + sockets;
    output.note(&format!(
        "{} sessions of 1 + {} requests, {} controls: {requests} requests and {sockets} sockets, seed {seed}",
        sample.sessions, sample.later, sample.controls
    ));
    if all > MOST_UNASKED
        && !parts.is_local()
        && !args.yes
        && !output.confirm(&format!("That is more than the usual load for {}. Go on?", target.host))
    {
        return Err(Failure::new(Exit::Usage, format!("{all} requests are more than the usual load, and nobody said yes"))
            .try_this("stickyctl verify URL --yes"));
    }
    let with_sockets = socket.is_some();
    let asking = Asking { target, socket, pod: args.pod(), worker: args.worker(), sample, seed, rate: args.rate };
    let book = Book::new(sample);
    let line = output.live("asking");
    let partial = tokio::select! {
        () = probe::run(&asking, &book, |done| line.says(&format!("{done} of {all}"))) => false,
        _ = tokio::signal::ctrl_c() => true,
        never = trouble(site.tunnel.as_mut(), output) => match never {},
    };
    let run = book.run();
    let done = run.shots().count() + run.sockets().count() + run.socket_first.iter().filter(|(_, after)| after.is_some()).count();
    line.ends(if partial { Mark::Warning } else { Mark::Done }, &format!("{done} of {all}"));
    let judgement = judge(&run, args.max_move_rate.0);
    let report = Report::new(&site.url, seed, (sample, with_sockets), partial, &run, &judgement);
    match args.output {
        Format::Table => output.answer(&report.table(output.unicode())),
        Format::Json => {
            let text = serde_json::to_string_pretty(&report).map_err(|e| Failure::new(Exit::Failed, format!("writing the report: {e}")))?;
            output.answer(&text);
        }
    }
    Ok(match report.verdict {
        _ if partial => Exit::Interrupted,
        Verdict::Sticky => Exit::Done,
        Verdict::NotSticky => Exit::Negative,
        Verdict::Inconclusive | Verdict::NotJudged => Exit::Inconclusive,
    })
}

/// Tells what happens to the tunnel, where there is one.
async fn trouble(tunnel: Option<&mut Tunnel>, output: Output) -> std::convert::Infallible {
    match tunnel {
        Some(tunnel) => forward::tell(tunnel, output).await,
        None => std::future::pending().await,
    }
}

/// As many requests as the default sample has; more of them at a stranger's site are asked about first.
const MOST_UNASKED: u64 = 600;

/// Prints what a reason means and what to try.
#[must_use]
pub fn explain(code: Code, output: Output) -> Exit {
    output.answer(&format!("{}  {}\n\ncommonest cause first, and what to try:\n{}", code.word(), code.title(), code.advice()));
    Exit::Done
}
