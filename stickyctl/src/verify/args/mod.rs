//! The flags of `verify`.

mod read;

use super::at_file::AtFile;
use super::code::Code;
use super::identity::Source;
use super::scenario::Name;
use super::target::{Host, Path};
use crate::cli::cluster::ReleaseArgs;
use crate::cli::{LocalArg, ON_A_CLUSTER};
use crate::output::Format;
use clap::Args;
use clap::builder::{PossibleValue, TypedValueParser};
use http::HeaderValue;
use std::net::IpAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;
use sticky_app::core::duration;

/// Flags of `verify`.
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// The site [default: the release on the cluster, by way of its front door]
    #[arg(conflicts_with = "local")]
    url: Option<String>,
    #[command(flatten)]
    local: LocalArg,
    /// Name the scenarios, and ask nothing
    #[arg(long)]
    pub list: bool,
    /// Where answers name their pod: header:NAME, json:/POINTER or regex:PATTERN [default: sticky-app's header]
    #[arg(long, value_name = "WHERE")]
    pod_identity: Option<Source>,
    /// Where answers name their worker, in the same words
    #[arg(long, value_name = "WHERE")]
    worker_identity: Option<Source>,
    /// Run these scenarios and what they need; repeat or separate by commas
    #[arg(long, value_name = "SCENARIO", value_delimiter = ',')]
    only: Vec<Name>,
    /// Leave these scenarios out, and those that need them
    #[arg(long, value_name = "SCENARIO", value_delimiter = ',')]
    skip: Vec<Name>,
    /// Hold silent sockets so long, to see who ends them
    #[arg(long, value_name = "DURATION", value_parser = duration::parse)]
    idle: Option<Duration>,
    /// Ask on kept connections too, for comparison
    #[arg(long)]
    reuse: bool,
    /// Let the exit code speak of workers too
    #[arg(long)]
    pub require_workers: bool,
    #[command(flatten, next_help_heading = "How the site is asked")]
    asked: Asked,
    #[command(flatten, next_help_heading = "How much is asked")]
    amount: Amount,
    #[command(flatten, next_help_heading = "What is told")]
    told: Telling,
    /// Pods behind a URL, by label in the namespace: tells moves that a pod forced from others
    #[arg(long, value_name = "SELECTOR", requires = "url", help_heading = ON_A_CLUSTER)]
    pods: Option<String>,
    #[command(flatten, next_help_heading = ON_A_CLUSTER)]
    release: ReleaseArgs,
}

/// How the site is asked.
#[derive(Debug, Args)]
struct Asked {
    /// Path of each session's first request, as a page or a login [default: the URL's own]
    #[arg(long, value_name = "PATH")]
    first: Option<Path>,
    /// File with what the first request posts, JSON or a form
    #[arg(long, value_name = "@FILE")]
    first_body: Option<AtFile>,
    /// Path that a session asks besides the URL's own; repeat for more
    #[arg(long, value_name = "PATH")]
    path: Vec<Path>,
    /// The site's WebSocket, a path or a URL [default: sticky-app's, where no --pod-identity says otherwise]
    #[arg(long, value_name = "URL")]
    ws_url: Option<String>,
    /// Text that a socket sends first, where the identity is in the reply
    #[arg(long, value_name = "TEXT")]
    ws_send: Option<String>,
    /// Subprotocol that a socket asks for
    #[arg(long, value_name = "NAME")]
    ws_subprotocol: Option<HeaderValue>,
    /// Origin that a socket names [default: the page's]
    #[arg(long)]
    origin: Option<HeaderValue>,
    /// File with headers for each request, one `NAME: VALUE` a line, so that no secret stands in an argument list
    #[arg(long, value_name = "@FILE")]
    header: Vec<AtFile>,
    /// File with cookies that each session begins with, one `NAME=VALUE` a line, as of a login
    #[arg(long, value_name = "@FILE")]
    cookie: Vec<AtFile>,
    /// Ask over HTTP/2; sockets stay with HTTP/1.1
    #[arg(long)]
    http2: bool,
    /// Connect here instead, as in 127.0.0.1:8080; repeat it and sessions ask all in turn, as through several proxies
    #[arg(long, value_name = "ADDRESS")]
    connect: Vec<Host>,
    /// Name of the site, where it is not the URL's; with the port that users see, where that is another one
    #[arg(long, value_name = "NAME")]
    host: Option<Host>,
    /// Address of this machine that connections come from; repeat it and sessions come from all in turn
    #[arg(long, value_name = "ADDRESS")]
    source_ip: Vec<IpAddr>,
    /// File with the authorities (PEM) to trust instead of the system's
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// Trust every certificate
    #[arg(long, conflicts_with = "ca")]
    insecure: bool,
}

/// How much is asked.
#[derive(Debug, Args)]
struct Amount {
    /// Sessions, each with a cookie jar of its own
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    sessions: u32,
    /// Later requests of each session
    #[arg(long, default_value_t = 12, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    requests: u32,
    /// Rate of moves that is put up with, as in 0.1%; it chooses the sample
    #[arg(long, value_name = "PERCENT", default_value = "0%")]
    max_move_rate: Percent,
    /// Requests that begin in a second, at most; below 8, what is asked 8 at once is left out
    #[arg(long, default_value_t = 200.0, value_parser = rate)]
    rate: f64,
    /// Spread the run over so much time, to catch slow faults [default: as fast as --rate]
    #[arg(long, value_parser = duration::parse)]
    duration: Option<Duration>,
    /// The most that one request may take
    #[arg(long, default_value = "10s", value_parser = duration::parse)]
    timeout: Duration,
    /// Seed of the order in which sessions are asked [default: random]
    #[arg(long)]
    seed: Option<u32>,
    /// Don't ask before a load that is larger than usual
    #[arg(short, long)]
    yes: bool,
}

/// What is told.
#[derive(Debug, Args)]
struct Telling {
    /// How to print it
    #[arg(short, long, default_value = "table")]
    output: Format,
    /// Write a page with the whole run to this file, for a browser; it needs nothing else and can be sent on
    #[arg(long, value_name = "FILE.html")]
    report: Option<PathBuf>,
    /// Write the scenarios to this file as JUnit XML
    #[arg(long, value_name = "FILE")]
    junit_file: Option<PathBuf>,
    /// Compare with an earlier report, as -o json printed it; the exit code is that of this run alone
    #[arg(long, value_name = "FILE.json")]
    baseline: Option<PathBuf>,
    /// Show the values of cookies, which are secrets at many sites
    #[arg(long)]
    show_values: bool,
}

/// A share, `0.1%`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Percent(pub f64);

impl FromStr for Percent {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no percentage below 100: write it as 0.1%");
        let share = text.strip_suffix('%').ok_or_else(wrong)?.trim().parse::<f64>().map_err(|_| wrong())? / 100.0;
        if (0.0..1.0).contains(&share) { Ok(Self(share)) } else { Err(wrong()) }
    }
}

fn rate(text: &str) -> Result<f64, String> {
    let rate: f64 = text.parse().map_err(|_| format!("`{text}` is no number"))?;
    if (0.1..=10_000.0).contains(&rate) { Ok(rate) } else { Err("it is 0.1 to 10000 in a second".to_owned()) }
}

/// Reads a reason's code, and names them all.
#[derive(Debug, Clone, Copy)]
pub struct CodeParser;

impl TypedValueParser for CodeParser {
    type Value = Code;

    fn parse_ref(&self, command: &clap::Command, argument: Option<&clap::Arg>, value: &std::ffi::OsStr) -> Result<Code, clap::Error> {
        let words = Code::ALL.iter().map(|code| code.word());
        let word = clap::builder::PossibleValuesParser::new(words).parse_ref(command, argument, value)?;
        Code::ALL.iter().copied().find(|code| code.word() == word).ok_or_else(|| clap::Error::new(clap::error::ErrorKind::InvalidValue))
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(Code::ALL.iter().map(|code| PossibleValue::new(code.word()).help(code.title()))))
    }
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
