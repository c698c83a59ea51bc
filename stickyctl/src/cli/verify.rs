//! The flags of `verify`, and how they become a request and what is printed of its result.

mod disrupt;
mod in_cluster;
mod logs;
mod migrate;
mod place;
mod requests;
mod words;

use self::disrupt::DisruptArgs;
use self::in_cluster::{InClusterArgs, MetricsArgs};
use self::logs::LogArgs;
use self::migrate::MigrateArgs;
use self::place::PlaceArgs;
use self::requests::HttpArgs;
use super::local::LocalArg;
use super::place::ON_A_CLUSTER;
use crate::called::typed;
use crate::cluster::workload::Reference;
use crate::exit::{Exit, Failure};
use crate::fit::fit;
use crate::output::{Format, Output};
use crate::relay;
use crate::verify;
use crate::verify::in_cluster::{Inside, manifests, run as run_inside};
use crate::verify::metrics::Sinks;
use crate::verify::migrate as migration;
use crate::verify::redacted::redacted;
use crate::verify::report::Report;
use crate::verify::report::files::Files;
use crate::verify::request::{Amount, PodIdentity, Pods, Request, RequestError, Site};
use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;
use sticky_affinity::identity::Source;
use sticky_affinity::scenario::{self, Name};
use sticky_affinity::symptom::Symptom;
use sticky_core::duration;

#[derive(Debug, Args)]
pub(super) struct VerifyArgs {
    /// What to test: a URL, or ingress/NAME, httproute/NAME or service/NAME on the cluster [default: the release on the cluster]
    #[arg(conflicts_with = "local")]
    target: Option<String>,
    #[command(flatten)]
    local: LocalArg,
    /// List the scenarios and exit
    #[arg(long)]
    list: bool,
    /// Where to read which pod answered: header:NAME, json:/POINTER or regex:PATTERN in the answer, or access-log,
    /// access-log:regex:PATTERN or pod-log on the cluster [default: header:x-sticky-pod]
    #[arg(long, value_name = "WHERE")]
    pod_identity: Option<PodIdentity>,
    /// Where answers identify their worker, in the same form [default: header:x-sticky-worker]
    #[arg(long, value_name = "WHERE")]
    worker_identity: Option<Source>,
    /// Treat matching answers as lost sessions, for sites that never name their pods: status:404, regex:PATTERN or header:NAME=PATTERN;
    /// repeat for more
    #[arg(long, value_name = "SYMPTOM")]
    lost_when: Vec<Symptom>,
    /// Run only these scenarios and those that they need; repeat the flag or separate names with commas
    #[arg(long, value_name = "SCENARIO", value_delimiter = ',', value_parser = scenario())]
    only: Vec<Name>,
    /// Skip these scenarios and those that need them; repeat the flag or separate names with commas
    #[arg(long, value_name = "SCENARIO", value_delimiter = ',', value_parser = scenario())]
    skip: Vec<Name>,
    /// Hold idle sockets for DURATION to see who closes them
    #[arg(long, value_name = "DURATION", value_parser = duration::positive)]
    idle: Option<Duration>,
    /// Also send requests over connections that are kept open, for comparison
    #[arg(long)]
    reuse: bool,
    /// Also send the requests of several sessions over shared connections, as a CDN does
    #[arg(long)]
    shared_connection: bool,
    /// Also fail when workers are not sticky
    #[arg(long)]
    require_workers: bool,
    #[command(flatten, next_help_heading = "Requests")]
    http: HttpArgs,
    #[command(flatten, next_help_heading = "Logs")]
    logs: LogArgs,
    #[command(flatten, next_help_heading = "Sample")]
    amount: AmountArgs,
    #[command(flatten, next_help_heading = "Disruptions")]
    disrupt: DisruptArgs,
    #[command(flatten, next_help_heading = "Migration")]
    migrate: MigrateArgs,
    #[command(flatten, next_help_heading = "Inside the cluster")]
    in_cluster: InClusterArgs,
    #[command(flatten, next_help_heading = "Output")]
    told: OutputArgs,
    #[command(flatten, next_help_heading = "Output")]
    metrics: MetricsArgs,
    /// Label selector for the pods behind URL, to distinguish moves forced by the loss of a pod
    #[arg(long, value_name = "SELECTOR", requires = "target", help_heading = ON_A_CLUSTER)]
    pods: Option<String>,
    #[command(flatten, next_help_heading = ON_A_CLUSTER)]
    place: PlaceArgs,
}

#[derive(Debug, Args)]
struct AmountArgs {
    /// Number of sessions, each with its own cookie jar
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    sessions: u32,
    /// Number of later requests of each session
    #[arg(long, default_value_t = 12, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    requests: u32,
    /// Tolerated rate of moves, such as 0.1%; sets the sample size
    #[arg(long, value_name = "PERCENT", default_value = "0%")]
    max_move_rate: Percent,
    /// Maximum number of requests per second; below 8, scenarios that need 8 concurrent requests are skipped
    #[arg(long, default_value_t = 200.0, value_parser = rate)]
    rate: f64,
    /// Spread the run over DURATION, to catch slow faults [default: as fast as --rate allows]
    #[arg(long, value_name = "DURATION", value_parser = duration::positive)]
    duration: Option<Duration>,
    /// Give up on a request after DURATION
    #[arg(long, value_name = "DURATION", default_value = "10s", value_parser = duration::positive)]
    timeout: Duration,
    /// Seed for the order of sessions [default: random]
    #[arg(long)]
    seed: Option<u32>,
    /// Start an unusually large run without asking
    #[arg(short, long)]
    yes: bool,
}

#[derive(Debug, Args)]
struct OutputArgs {
    /// Output format
    #[arg(short, long, default_value = "table")]
    output: Format,
    /// Write the whole run to FILE.html, a self-contained page for a browser
    #[arg(long, value_name = "FILE.html")]
    report: Option<PathBuf>,
    /// Write the scenarios to FILE as JUnit XML
    #[arg(long, value_name = "FILE")]
    junit_file: Option<PathBuf>,
    /// Let --report and --junit-file replace files that verify did not write
    #[arg(long)]
    force: bool,
    /// Compare with an earlier report from -o json; the comparison does not affect the exit code
    #[arg(long, value_name = "FILE.json")]
    baseline: Option<PathBuf>,
    /// Show the values of cookies and of the URL's query, which are secrets on many sites
    #[arg(long)]
    show_values: bool,
}

/// Runs `verify`: prints the report, and writes its files. Files that cannot be written or read are found before the first request. `all` is
/// the whole command line as clap has it.
pub(super) async fn run(args: VerifyArgs, all: clap::Command, output: Output) -> Result<Exit, Failure> {
    if args.list {
        let lines: Vec<String> = scenario::ALL.iter().map(|one| format!("{:<15} {}", one.word, one.asks)).collect();
        output.answer(&fit(&lines.join("\n"), output.columns()))?;
        return Ok(Exit::Done);
    }
    if args.place.front_door_namespace.is_some() && args.reference().is_none() && !args.migrate.is_there() {
        return Err(RequestError::FrontDoorOfWhat.into());
    }
    if args.place.print_rbac {
        output.exactly(&args.request().rbac().await?)?;
        return Ok(Exit::Done);
    }
    let told = &args.told;
    let metrics = &args.metrics;
    let inside = args.in_cluster.is_set().then(|| args.inside(all)).transpose()?;
    if let (Some(schedule), Some(inside)) = (args.in_cluster.scheduled(metrics.metrics_file.clone()), &inside) {
        let printed = manifests(inside, &schedule, &args.request(), output).await?;
        output.exactly(printed.trim_end())?;
        return Ok(Exit::Done);
    }
    let files = Files::new(told.report.as_deref(), told.junit_file.as_deref(), told.baseline.as_deref(), told.force)?;
    // The run inside the cluster pushes from there.
    let gateway = metrics.pushgateway.clone().filter(|_| inside.is_none());
    let sinks = Sinks::new(metrics.metrics_file.as_deref(), gateway, told.force)?;
    let format = told.output;
    if args.migrate.is_there() {
        let Some(request) = args.migration() else { return Err(Failure::new(Exit::Usage, "--to requires --from")) };
        let migrated = migration::run(request, output).await?;
        let written = output.document(format, &migrated.report, |columns| migrated.report.table(output.unicode(), columns));
        files.write(&migrated.report, output)?;
        written?;
        return Ok(migrated.exit);
    }
    let mut verified = match inside {
        Some(inside) => run_inside(&inside, &args.request(), output).await?,
        None => verify::run(args.request(), output).await?,
    };
    sinks.send(&verified.report, output).await?;
    if output.relayed() {
        relayed(&verified.report, output)?;
        return Ok(verified.exit);
    }
    files.compare(&mut verified.report);
    let written = output.document(format, &verified.report, |columns| verified.report.table(output.unicode(), columns));
    // A full disk behind stdout doesn't keep the files from being written.
    files.write(&verified.report, output)?;
    written?;
    Ok(verified.exit)
}

/// Writes the report for the stickyctl that started this one inside the cluster.
fn relayed(report: &Report, output: Output) -> Result<(), Failure> {
    let unwritten = |why: &dyn std::fmt::Display| Failure::new(Exit::Failed, format!("writing the report: {why}"));
    let json = serde_json::to_vec(report).map_err(|why| unwritten(&why))?;
    for line in relay::report(&json).map_err(|why| unwritten(&why))? {
        output.exactly(&line)?;
    }
    Ok(())
}

impl VerifyArgs {
    fn inside(&self, all: clap::Command) -> Result<Inside, Failure> {
        let secret = |(value, shown): (&str, String)| (value != shown && !self.told.show_values).then(|| value.to_owned());
        let hidden: Vec<String> = self.hidden().into_iter().filter_map(secret).collect();
        let is_release = self.target.is_none();
        let namespace = self.place.namespace.clone().or_else(|| is_release.then(|| self.place.of_a_release()));
        self.in_cluster.inside(all, self.place.cluster.access(), namespace, &hidden)
    }

    /// Values that may be secrets, each with what is shown of it.
    fn hidden(&self) -> Vec<(&str, String)> {
        self.target.iter().map(|url| (url.as_str(), redacted(url))).chain(self.http.hidden()).chain(self.migrate.hidden()).collect()
    }

    /// The request to test a move between two front doors, if both are there.
    fn migration(mut self) -> Option<migration::Request> {
        // The command line shows both ends.
        let command = self.command_line();
        let ends = std::mem::take(&mut self.migrate).ends(&self.place)?;
        let mut old = Request { site: ends.old, command, ..self.request() };
        old.http.connect = ends.old_connect;
        Some(migration::Request { old, new: ends.new, new_connect: ends.new_connect })
    }

    fn request(self) -> Request {
        let command = self.command_line();
        let reference = self.reference();
        let amount = self.amount;
        let (access, namespace) = (self.place.cluster.access(), self.place.of_a_release());
        let site = match (reference, self.target) {
            (Some(reference), _) => {
                let hints = self.place.hints(self.http.first_path());
                Site::Workload { access: self.place.cluster.access(), namespace: self.place.namespace, reference, hints }
            }
            (None, Some(url)) => {
                let watched = |selector| Pods { access: self.place.cluster.access(), namespace: self.place.of_a_release(), selector };
                Site::Url { url, pods: self.pods.map(watched) }
            }
            (None, None) if self.local.local => Site::Local,
            (None, None) => Site::Release { access: self.place.cluster.access(), place: self.place.release() },
        };
        let disruptions = self.disrupt.disruptions(access, namespace);
        Request {
            site,
            disruptions,
            pod_identity: self.pod_identity,
            worker_identity: self.worker_identity,
            lost_when: self.lost_when,
            only: self.only,
            skip: self.skip,
            idle: self.idle,
            reuse: self.reuse,
            shared: self.shared_connection,
            require_workers: self.require_workers,
            http: self.http.http(),
            logs: self.logs.reading(),
            amount: Amount {
                sessions: amount.sessions,
                requests: amount.requests,
                max_move_rate: amount.max_move_rate.0,
                rate: amount.rate,
                duration: amount.duration,
                timeout: amount.timeout,
                seed: amount.seed,
                yes: amount.yes,
            },
            show_values: self.told.show_values,
            command,
        }
    }

    /// The application on a cluster, if the target is one.
    fn reference(&self) -> Option<Reference> {
        self.target.as_deref().filter(|text| !text.contains("://")).and_then(|text| text.parse().ok())
    }

    /// This command line, quoted for a shell. What may be a secret in it is hidden, unless values are to be shown.
    fn command_line(&self) -> String {
        let hidden = self.hidden();
        let shown = |word: String| {
            let find = |(value, shown): &(&str, String)| {
                let flag = word.strip_suffix(value)?;
                // By itself, or as --FLAG=VALUE.
                (flag.is_empty() || (flag.starts_with("--") && flag.ends_with('='))).then(|| format!("{flag}{shown}"))
            };
            hidden.iter().find_map(find).filter(|_| !self.told.show_values).unwrap_or(word)
        };
        let words = std::env::args_os().skip(1).map(|word| shown(word.to_string_lossy().into_owned()));
        let words: Vec<String> = typed().split(' ').map(str::to_owned).chain(words).collect();
        // Only a NUL cannot be quoted, and no argument has one.
        shlex::try_join(words.iter().map(String::as_str)).unwrap_or_default()
    }
}

/// A share, written as `0.1%`.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Percent(f64);

#[derive(Debug, thiserror::Error)]
#[error("invalid percentage `{0}`: write it as 0.1%, at least 0% and below 100%")]
struct PercentError(String);

impl FromStr for Percent {
    type Err = PercentError;

    fn from_str(text: &str) -> Result<Self, PercentError> {
        let share = text.strip_suffix('%').and_then(|number| number.trim().parse::<f64>().ok()).map(|percent| percent / 100.0);
        share.filter(|share| (0.0..1.0).contains(share)).map(Self).ok_or_else(|| PercentError(text.to_owned()))
    }
}

#[derive(Debug, thiserror::Error)]
#[error("invalid rate `{0}`: it is a number from 0.1 to 10000")]
struct RateError(String);

fn rate(text: &str) -> Result<f64, RateError> {
    text.parse().ok().filter(|rate| (0.1..=10_000.0).contains(rate)).ok_or_else(|| RateError(text.to_owned()))
}

fn scenario() -> impl TypedValueParser<Value = Name> {
    PossibleValuesParser::new(scenario::ALL.iter().map(|one| one.word)).try_map(|word| word.parse::<Name>())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn percentages() {
        assert_eq!("0.1%".parse::<Percent>().unwrap(), Percent(0.001));
        for bad in ["0.1", "100%", "-1%", "x%"] {
            assert!(bad.parse::<Percent>().is_err(), "{bad}");
        }
    }
}
