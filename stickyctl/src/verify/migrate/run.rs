//! One run at two doors: from a request to a report and its exit code.

use super::amount::Amount;
use super::error::MigrateError;
use super::model::Request;
use super::report::Report;
use super::report::build::About;
use super::walk::{Record, Walk};
use crate::exit::Exit;
use crate::output::{Mark, Output};
use crate::verify::beside::{FIRST_LOOK, trouble, witness};
use crate::verify::logs::Logs;
use crate::verify::probe::client::Client;
use crate::verify::probe::{Asking, Book, Progress};
use crate::verify::redacted::redacted;
use crate::verify::request::{Beside, Site, Way};
use crate::verify::run::{MOST_UNASKED, VerifyError, foreign, resolve, rounded};
use k8s_openapi::jiff::Timestamp;
use std::cell::Cell;
use std::sync::Arc;
use std::time::{Duration, Instant};
use sticky_affinity::migrate::verdict::Verdict;
use sticky_affinity::migrate::{Door, Migration, judge};
use sticky_affinity::run::Run;
use tokio::sync::oneshot;

/// The result of a run.
#[derive(Debug)]
pub(crate) struct Migrated {
    pub(crate) report: Report,
    pub(crate) exit: Exit,
}

/// Sends sessions through both doors and judges what comes back. Ctrl-C ends the run early; the report then covers what was seen until then.
pub(crate) async fn run(request: Request, output: Output) -> Result<Migrated, MigrateError> {
    let Request { old, new, new_connect } = request;
    let mut ways = [old.site.open().await.map_err(MigrateError::Old)?, new.open().await.map_err(MigrateError::New)?];
    let mut asking = old.asking(&ways[0].url, &ways[0].addresses).map_err(MigrateError::Old)?;
    // Both doors together keep to the rate.
    asking.rate /= 2.0;
    let beside = Beside {
        urls: [&ways[0].url, &ways[1].url],
        addresses: &ways[1].addresses,
        connect: &new_connect,
        compares_paths: [&old.site, &new].iter().all(|site| matches!(site, Site::Url { .. })),
    };
    let other = old.asking_beside(&asking, beside)?;
    let mut other = other;
    let mut marked = [old.marking(ways[0].logs.as_ref()).map_err(MigrateError::Old)?, old.marking(ways[1].logs.as_ref()).map_err(MigrateError::New)?];
    for (asking, marked) in [&mut asking, &mut other].into_iter().zip(&marked) {
        asking.marking = marked.as_ref().map(|(marking, _)| marking.clone());
    }
    if asking.target.addresses == other.target.addresses {
        return Err(MigrateError::Same(asking.target.addresses.join(", ")));
    }
    for (asking, by_connect) in [(&asking, !old.http.connect.is_empty()), (&other, !new_connect.is_empty())] {
        resolve(asking, by_connect).await?;
    }
    let amount = Amount::new(asking.sample, asking.socket.is_some(), asking.rate);
    let (requests, sockets) = amount.count();
    let all = requests + sockets;
    let shown = |url: &str| if old.show_values { url.to_owned() } else { redacted(url) };
    let urls = [shown(&ways[0].url), shown(&ways[1].url)];
    let is_assumed = old.http.host.is_none() && !has_host(&ways[1].url, &asking.target.host);
    for note in ways.iter().flat_map(|way| &way.notes) {
        output.note(note);
    }
    output.note(&plan(&urls, (&asking, &other), is_assumed, amount));
    if all > 2 * MOST_UNASKED && !old.amount.yes {
        let site = places(&ways, [&asking, &other]).await;
        if !site.is_empty() && !output.confirm(&format!("This is more than the usual load for {site}. Continue?")) {
            return Err(VerifyError::Unconfirmed { requests: all, site, command: old.command }.into());
        }
    }
    let began = Timestamp::now();
    let books = [(); 2].map(|()| Arc::new(Book::new(asking.sample)));
    let record = Record::new(amount);
    let logs = [0, 1]
        .map(|door| marked[door].take().zip(ways[door].logs.take()).map(|((marking, which), sources)| Logs::follow(sources, marking.token, which)));
    let line = output.live("probing");
    let done = Cell::new(0);
    let progress = |_: Progress| {
        done.set(done.get() + 1);
        line.says(&format!("{} of at most {all}", done.get()));
    };
    let waited = [Cell::new(Duration::ZERO), Cell::new(Duration::ZERO)];
    let sizes = [amount.movers, amount.newcomers].map(|sessions| sessions as usize);
    let [old_book, new_book] = &books;
    let walk = Walk {
        clients: [Client::new(&asking, old_book, all / 2, sizes[0], &progress), Client::new(&other, new_book, all / 2, sizes[1], &progress)],
        record: &record,
        amount,
        seed: asking.seed,
        is_socket_known: asking.socket.as_ref().is_some_and(|socket| socket.path.is_some()),
    };
    let [old_way, new_way] = &mut ways;
    let (old_witness, new_witness) = (old_way.witness.take(), new_way.witness.take());
    let [(old_looked, first), (new_looked, second)] = [(); 2].map(|()| oneshot::channel());
    let partial = tokio::select! {
        () = async {
            if old_witness.is_some() || new_witness.is_some() {
                // The states of pods explain moves; without them in time the run begins anyway.
                let _ = tokio::time::timeout(FIRST_LOOK, async { tokio::join!(first, second) }).await;
            }
            walk.run().await;
            for (door, asking) in Door::ALL.into_iter().zip([&asking, &other]) {
                if let (Some(logs), Some(marking)) = (&logs[door as usize], &asking.marking) {
                    let began = Instant::now();
                    let awaited = record.note(|run| run.awaited(door));
                    line.says(&format!("waiting for {} lines of the log", awaited.len()));
                    logs.settle(&awaited, marking.patience).await;
                    waited[door as usize].set(began.elapsed());
                }
            }
        } => false,
        _ = tokio::signal::ctrl_c() => true,
        never = trouble(old_way.tunnel.as_mut(), old_book, output) => match never {},
        never = trouble(new_way.tunnel.as_mut(), new_book, output) => match never {},
        never = witness(old_witness.as_ref(), old_book, old_looked, output) => match never {},
        never = witness(new_witness.as_ref(), new_book, new_looked, output) => match never {},
    };
    drop(walk);
    let mut migration = gathered(&record, &books);
    for door in Door::ALL {
        let place = door as usize;
        if let (Some(logs), Some(read)) = (&logs[place], &mut migration.doors[place].logs) {
            (read.waited, read.troubles) = (waited[place].get(), logs.troubles());
            migration.identify(door, &logs.lines(), &logs.unasked());
        }
    }
    let stopped = migration.doors.iter().any(|run| run.stopped.is_some());
    let mark = if partial || stopped { Mark::Warning } else { Mark::Done };
    line.ends(mark, &format!("{} of at most {all} requests and sockets", done.get()));
    for (door, run) in Door::ALL.into_iter().zip(&migration.doors) {
        if let Some(stopped) = run.stopped {
            output.warning(&format!("{}: {stopped}, so the rest was not sent", door.phrase()));
        }
    }
    let judgement = judge(&migration, old.amount.max_move_rate);
    let exit = match judgement.verdict {
        _ if partial => Exit::Interrupted,
        Verdict::Seamless => Exit::Done,
        Verdict::NotSeamless => Exit::Negative,
        Verdict::Inconclusive => Exit::Inconclusive,
    };
    let about = About {
        urls,
        host: asking.target.authority.clone(),
        command: old.command,
        began: began.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        took: books[0].age(),
        seed: asking.seed,
        partial,
        exit,
        planned: (requests, sockets),
        sessions: (amount.movers, amount.newcomers),
        controls: amount.controls,
        identity: old.pod_identity.as_ref().map_or_else(|| asking.pod.to_string(), ToString::to_string),
        tolerated: old.amount.max_move_rate,
    };
    Ok(Migrated { report: Report::new(&about, &migration, &judgement), exit })
}

/// All observations: those of the record, and what is in the doors' books beside them.
fn gathered(record: &Record, books: &[Arc<Book>; 2]) -> Migration {
    let mut migration = record.note(std::mem::take);
    for (door, book) in Door::ALL.into_iter().zip(books) {
        let mut run = book.run();
        for (one, session) in migration.reconnects.iter_mut().zip(&mut run.sessions) {
            let socket = session.sockets.pop();
            match door {
                Door::Old => one.old = socket,
                Door::New => one.new = socket,
            }
        }
        let place = &mut migration.doors[door as usize];
        *place = Run { controls: std::mem::take(&mut place.controls), sessions: Vec::new(), ..run };
    }
    migration
}

/// Whether a URL has this host.
fn has_host(url: &str, host: &str) -> bool {
    let rest = url.split_once("://").and_then(|(_, rest)| rest.strip_prefix(host));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '/', '?']))
}

/// What the run is about to do, and what it assumes.
fn plan([from, to]: &[String; 2], (old, new): (&Asking, &Asking), is_assumed: bool, amount: Amount) -> String {
    let (requests, sockets) = amount.count();
    let mut text = format!("plan: from {from} to {to}");
    let leads = new.target.addresses.join(", ");
    text.push_str(&format!("\n      users see {} at both; the new front door is reached at {leads}", old.target.authority));
    if is_assumed {
        text.push_str(&format!(
            "\n      assumed: the site keeps its name when it moves, so requests to the new front door name {} too",
            old.target.host
        ));
        text.push_str("\n      --host NAME    if users know the site by another name");
    }
    if old.target.tls.is_some() != new.target.tls.is_some() {
        text.push_str("\n      one of the two is tested without TLS, where no Secure cookie is kept or sent");
    }
    text.push_str(&format!(
        "\n      {} sessions of {} requests begin at the old front door, come back to it several times, and end at the new one\n      {} sessions begin at the new one and go back as often; {} controls at each\n      {} pages load through both at once; {} sockets reconnect at the new one",
        amount.movers, amount.requests, amount.newcomers, amount.controls, amount.pages, amount.reconnects
    ));
    text.push_str(&format!("\n      at most {requests} requests and {sockets} sockets, about half of them at each; seed {}", old.seed));
    let rate = old.rate * 2.0;
    let least = Duration::from_secs_f64((requests + sockets) as f64 / rate).max(old.over);
    text.push_str(&format!("\n      about {} at {rate} requests/s; longer if a front door is slow", rounded(least)));
    text
}

/// What gets the load, if it is not on this machine.
async fn places(ways: &[Way; 2], askings: [&Asking; 2]) -> String {
    if ways.iter().any(|way| way.tunnel.is_some()) {
        return "the cluster".to_owned();
    }
    let (old, new) = (foreign(askings[0]).await, foreign(askings[1]).await);
    [old, new].into_iter().filter(|place| !place.is_empty()).collect::<Vec<_>>().join(" and ")
}
