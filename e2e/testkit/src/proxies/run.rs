//! Runs one case, or all of them a few at a time.

use super::bench::{Bench, Pods};
use super::case::{Apps, Case, Meanwhile, STICKY};
use super::cases::CASES;
use super::proxy::{Addresses, Proxy, filled};
use crate::{bin, http, wait};
use anyhow::{Context, Result};
use futures_util::StreamExt;
use serde_json::Value;
use std::process::{Output, Stdio};
use std::time::{Duration, Instant};
use tokio::process::Command;

/// A run takes a second or two on a quiet machine.
const LIMIT: Duration = Duration::from_secs(120);
/// Cases that run in parallel; each spends half of its time waiting.
const AT_ONCE: usize = 3;
/// Scenarios with sockets; `verify` skips them where `--pod-identity` marks a third-party app.
const SOCKETS: [&str; 3] = ["stick-ws", "ws-first", "reconnect"];
/// A pod answers this many requests before the event. By then, all sessions are bound, and most of the run is still to come.
const IN_THE_MIDDLE: f64 = 50.0;

/// The result of a case.
#[derive(Debug)]
pub struct Seen {
    pub case: &'static Case,
    /// How long it took, including the start of its proxy.
    pub took: Duration,
    exit: Option<i32>,
    report: Value,
    stderr: String,
    log: String,
}

impl Seen {
    /// All differences from the expected result, with details for debugging; `None` if there are none.
    #[must_use]
    pub fn wrong(&self) -> Option<String> {
        let wanted = self.case.wanted;
        let codes: Vec<&str> = list(&self.report["reasons"]).iter().filter_map(|reason| reason["code"].as_str()).collect();
        let verdict = self.report["verdict"].as_str().unwrap_or_default();
        let is_as_wanted = (self.exit, verdict, codes.as_slice()) == (Some(wanted.exit), wanted.verdict, wanted.codes);
        let scenarios = list(&self.report["scenarios"]);
        let named = |wanted: fn(&str, &str) -> bool| -> Vec<&str> {
            let words = scenarios.iter().filter_map(|one| Some((one["name"].as_str()?, one["outcome"].as_str()?)));
            words.filter(|(name, outcome)| wanted(name, outcome)).map(|(name, _)| name).collect()
        };
        let failed = named(|_, outcome| outcome == "fail");
        let by_socket = named(|name, outcome| SOCKETS.contains(&name) && outcome == "pass");
        let left_out =
            scenarios.iter().filter(|one| one["detail"] == "left out" && SOCKETS.contains(&one["name"].as_str().unwrap_or_default())).count();
        let socket_failed = failed.iter().any(|name| SOCKETS.contains(name));
        // If sessions stay, no scenario may fail, except those that count moves where some are tolerated.
        let is_clean = wanted != STICKY || self.case.flags.contains(&"--max-move-rate") || failed.is_empty();
        let sockets_agree = match wanted.verdict {
            _ if !self.case.asks_sockets() => true,
            "sticky" => !socket_failed && by_socket.len() + left_out == SOCKETS.len(),
            "not-sticky" => socket_failed || self.case.sockets_may_stay,
            _ => true,
        };
        let is_consistent = is_clean && sockets_agree;
        if is_as_wanted && is_consistent {
            return None;
        }
        Some(format!(
            "=== {}: {}, {}\nwanted {} {} {:?}\nseen   {:?} {verdict} {codes:?}, failed scenarios {failed:?}, sockets passed {by_socket:?}, seed {}\n{}\n--- stderr ---\n{}\n--- {} ---\n{}",
            self.case.name,
            self.case.door.title(),
            self.case.about,
            wanted.exit,
            wanted.verdict,
            wanted.codes,
            self.exit,
            self.report["seed"],
            serde_json::to_string_pretty(&self.report).unwrap_or_default(),
            self.stderr.trim(),
            self.case.door.title(),
            self.log,
        ))
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// Runs one case.
pub async fn one(case: &'static Case, bench: &Bench) -> Result<Seen> {
    let began = Instant::now();
    let mut own = match case.meanwhile {
        Meanwhile::Nothing => None,
        // They drain quickly, because the run doesn't wait for them, but with enough time to close every socket.
        _ => Some(Pods::start(&["--drain-delay", "100ms", "--drain-window", "1s"]).await?),
    };
    let addresses = own.as_ref().map_or_else(|| bench.addresses(case.apps), |pods| bench.with(pods.addresses()));
    let proxy = Proxy::start(case, &bench.programs, &addresses).await?;
    // Simulates a site in use: a stick table by address isn't empty.
    let _ = http::get(&proxy.origin).send().await;
    let (done, ()) = tokio::try_join!(verify(case, &proxy, &addresses), meanwhile(case.meanwhile, own.as_mut(), &proxy))?;
    let (report, stderr) = (serde_json::from_slice(&done.stdout).unwrap_or_default(), String::from_utf8_lossy(&done.stderr).into_owned());
    Ok(Seen { case, took: began.elapsed(), exit: done.status.code(), report, stderr, log: proxy.log() })
}

/// Triggers the event once the last pod has answered some of the requests.
async fn meanwhile(what: Meanwhile, own: Option<&mut Pods>, proxy: &Proxy) -> Result<()> {
    let Some(pods) = own else { return Ok(()) };
    let last = pods.0.last().context("three pods")?;
    wait::until("the pod has answered", LIMIT, async || (last.metrics().await.ok()?.sum("sticky_requests_total") >= IN_THE_MIDDLE).then_some(()))
        .await?;
    match what {
        Meanwhile::Nothing => {}
        Meanwhile::PodKilled => drop(pods.0.pop()),
        Meanwhile::PodStops => last.process.signal(rustix::process::Signal::TERM)?,
        Meanwhile::Reload => proxy.reload()?,
    }
    Ok(())
}

async fn verify(case: &Case, proxy: &Proxy, addresses: &Addresses) -> Result<Output> {
    let ours = matches!(case.apps, Apps::Pods | Apps::Workers);
    let url = format!("{}/{}", proxy.origin, if ours { "whoami" } else { "" });
    let mut command = Command::new(bin::stickyctl()?);
    command.args(["verify", &url, "--output", "json", "--yes"]);
    if !case.flags.contains(&"--rate") {
        command.args(["--rate", "1000"]);
    }
    command.args(case.flags.iter().map(|flag| filled(flag, addresses, proxy.folder.path())));
    command.env_clear().stdin(Stdio::null()).kill_on_drop(true);
    wait::within(case.name, LIMIT, command.output()).await?.context("can't start stickyctl")
}

/// Runs all selected cases, a few at a time, and calls `tell` with each result as soon as it is there.
pub async fn all(bench: &Bench, pick: impl Fn(&Case) -> bool, mut tell: impl FnMut(&'static Case, Result<Seen>)) {
    let cases = CASES.iter().filter(|case| pick(case));
    let mut running = futures_util::stream::iter(cases.map(|case| async move { (case, one(case, bench).await) })).buffer_unordered(AT_ONCE);
    while let Some((case, seen)) = running.next().await {
        tell(case, seen);
    }
}
