//! The flags of `verify`.

use super::at_file::AtFile;
use super::identity::Source;
use super::plan::Sample;
use super::probe::Asking;
use super::report::harmless;
use super::save::Place;
use super::scenario::{Chosen, Name};
use super::target::{Parts, Socket, Target};
use super::tell::Told;
use super::tls::Tls;
use super::watch::Witness;
use super::{baseline, bounds, code::Code};
use crate::cli::{Format, LocalArg, ON_A_CLUSTER};
use crate::cluster::connect::connect;
use crate::cluster::forward;
use crate::cluster::release::ReleaseArgs;
use crate::cluster::tunnel::Tunnel;
use crate::exit::{Exit, Failure};
use crate::local::client::Client;
use clap::Args;
use clap::builder::{PossibleValue, TypedValueParser};
use http::{HeaderMap, HeaderValue};
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
    first: Option<String>,
    /// File with what the first request posts, JSON or a form
    #[arg(long, value_name = "@FILE")]
    first_body: Option<AtFile>,
    /// Path that a session asks besides the URL's own; repeat for more
    #[arg(long, value_name = "PATH")]
    path: Vec<String>,
    /// The site's WebSocket, a path or a URL [default: sticky-app's, where no --pod-identity says otherwise]
    #[arg(long, value_name = "URL")]
    ws_url: Option<String>,
    /// Text that a socket sends first, where the identity is in the reply
    #[arg(long, value_name = "TEXT")]
    ws_send: Option<String>,
    /// Subprotocol that a socket asks for
    #[arg(long, value_name = "NAME")]
    ws_subprotocol: Option<HeaderValue>,
    /// Origin that a socket names [default: the site's own]
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
    connect: Vec<String>,
    /// Name of the site, where it is not the URL's
    #[arg(long, value_name = "NAME")]
    host: Option<String>,
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
    /// Requests that begin in a second, at most
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

impl VerifyArgs {
    /// What is told, with the files looked at that are to be written.
    ///
    /// # Errors
    /// A file can't be written, or the baseline is none ([`Exit::Usage`]).
    pub(super) fn told(&self) -> Result<Told, Failure> {
        let place = |path: &Option<PathBuf>| path.as_deref().map(Place::new).transpose();
        let baseline = self.told.baseline.as_deref();
        let told = Told {
            output: self.told.output,
            page: place(&self.told.report)?,
            junit: place(&self.told.junit_file)?,
            baseline: baseline.map(|path| Ok::<_, Failure>((harmless(&path.display().to_string()), baseline::read(path)?))).transpose()?,
        };
        if told.page.is_some() && told.page == told.junit {
            return Err(Failure::new(Exit::Usage, "--report and --junit-file name the same file"));
        }
        Ok(told)
    }

    /// Where the site is: what was said, the local one, or a release on a cluster.
    pub(super) async fn site(&self) -> Result<Site, Failure> {
        let plain = |url: String, witness| Site { url, address: None, tunnel: None, witness };
        if let Some(url) = &self.url {
            let Some(selector) = self.pods.clone() else { return Ok(plain(url.clone(), None)) };
            let client = connect(&self.release.cluster).await?.client;
            return Ok(plain(url.clone(), Some(Witness::Cluster { client, namespace: self.release.namespace.clone(), selector })));
        }
        if self.local.local {
            let client = Client::open()?;
            let url = format!("{}/whoami", client.status().await?.url.trim_end_matches('/'));
            return Ok(plain(url, Some(Witness::Local(client))));
        }
        let way = forward::open(&self.release, 0).await?;
        let host = way.host.as_deref().unwrap_or("127.0.0.1").replace('*', "any");
        if way.tls {
            return Err(Failure::new(Exit::Usage, format!("the route of {} has a certificate, and the tunnel's end is plain", self.release.name))
                .try_this(format!("stickyctl verify https://{host}/whoami")));
        }
        let witness = Witness::Cluster { client: way.client, namespace: self.release.namespace.clone(), selector: way.selector };
        let address = Some(way.tunnel.addr().to_string());
        Ok(Site { url: format!("http://{host}/whoami"), address, tunnel: Some(way.tunnel), witness: Some(witness) })
    }

    /// How the site is asked; `address` is where its tunnel begins.
    pub(super) fn asking(&self, parts: &Parts, address: Option<&str>) -> Result<Asking, Failure> {
        let target = self.target(parts, address)?;
        let socket = self.socket(&target, address)?;
        let sample = self.sample();
        if sample.probes() > MOST_PROBES {
            return Err(Failure::new(Exit::Usage, format!("{} requests are more than a run can keep in mind", sample.probes()))
                .try_this(format!("--sessions and --requests whose product is below {MOST_PROBES}")));
        }
        if self.idle.is_some() && socket.is_none() {
            return Err(Failure::new(Exit::Usage, "--idle needs the site's WebSocket").try_this("--ws-url /PATH"));
        }
        Ok(Asking {
            // A release that runs here or on a cluster has its routes; at a URL it is sticky-app's way of telling pods that says so.
            app: self.pod_identity.is_none() && self.asked.ws_url.is_none(),
            pod: self.pod_identity.clone().unwrap_or_else(Source::pod),
            worker: self.worker_identity.clone().unwrap_or_else(Source::worker),
            chosen: Chosen::new(&self.wanted(), &self.skip)?,
            idle: self.idle.filter(|_| !self.skip.contains(&Name::Idle)),
            reuse: self.reuse && !self.skip.contains(&Name::Reuse),
            seed: u64::from(self.amount.seed.unwrap_or_else(|| fastrand::u32(1..10_000))),
            rate: self.amount.rate,
            over: self.amount.duration.unwrap_or_default(),
            show_values: self.told.show_values,
            target,
            socket,
            sample,
        })
    }

    /// What `--only` names, with what is asked for by a flag of its own; nothing where it is not used.
    fn wanted(&self) -> Vec<Name> {
        let flags = [(self.idle.is_some(), Name::Idle), (self.reuse, Name::Reuse)].into_iter().filter(|(set, _)| *set && !self.only.is_empty());
        self.only.iter().copied().chain(flags.map(|(_, name)| name)).collect()
    }

    /// The rate of moves that is put up with, 0 to 1.
    pub(super) const fn tolerated(&self) -> f64 {
        self.amount.max_move_rate.0
    }

    /// Whether a larger load than usual was agreed to.
    pub(super) const fn agreed(&self) -> bool {
        self.amount.yes
    }

    fn sample(&self) -> Sample {
        let amount = &self.amount;
        let sample = Sample { sessions: amount.sessions, later: amount.requests, controls: amount.sessions * 2 };
        if amount.max_move_rate.0 > 0.0 { sample.for_requests(bounds::needed(amount.max_move_rate.0)) } else { sample }
    }

    /// The socket that is opened: the one that was said, sticky-app's own, or none at a stranger's site.
    fn socket(&self, target: &Target, address: Option<&str>) -> Result<Option<Socket>, Failure> {
        let asked = &self.asked;
        let (target, path) = match asked.ws_url.as_deref() {
            None if self.pod_identity.is_some() => return Ok(None),
            None => (target.clone(), None),
            Some(path) if path.starts_with('/') => (target.clone(), Some(path.to_owned())),
            Some(url) => {
                let parts = Parts::read(url)?;
                let path = parts.path.clone();
                (self.target(&parts, address)?, Some(path))
            }
        };
        let (origin, subprotocol, send) = (asked.origin.clone(), asked.ws_subprotocol.clone(), asked.ws_send.clone());
        let names_in_texts = !matches!(self.pod_identity, None | Some(Source::Header(_)));
        Ok(Some(Socket { target, path, origin, subprotocol, send, names_in_texts }))
    }

    fn target(&self, parts: &Parts, address: Option<&str>) -> Result<Target, Failure> {
        let asked = &self.asked;
        let host = asked.host.as_ref().unwrap_or(&parts.host).to_ascii_lowercase();
        if let Some(path) = asked.path.iter().chain(&asked.first).find(|path| !path.starts_with('/')) {
            return Err(Failure::new(Exit::Usage, format!("`{path}` is no path: it begins with a slash")));
        }
        let mut headers = HeaderMap::new();
        for file in &asked.header {
            headers.extend(file.headers()?);
        }
        let own = address.map_or_else(|| format!("{}:{}", parts.host, parts.port), str::to_owned);
        Ok(Target {
            authority: parts.authority(&host),
            host,
            addresses: if asked.connect.is_empty() { vec![own] } else { asked.connect.clone() },
            sources: asked.source_ip.clone(),
            http2: asked.http2,
            first: asked.first.clone().unwrap_or_else(|| parts.path.clone()),
            first_body: asked.first_body.as_ref().map(AtFile::body).transpose()?,
            cookies: asked.cookie.iter().map(AtFile::cookies).collect::<Result<Vec<_>, _>>()?.concat(),
            paths: std::iter::once(parts.path.clone()).chain(asked.path.iter().cloned()).collect(),
            tls: if parts.tls { Some(Tls::new(asked.ca.as_deref(), asked.insecure)?) } else { None },
            headers,
            timeout: self.amount.timeout,
        })
    }
}

/// The most requests of a run: each is kept in mind, a few hundred bytes.
const MOST_PROBES: u64 = 500_000;

/// Where a site is.
pub(super) struct Site {
    /// Its URL.
    pub url: String,
    /// Where to connect, if not there.
    pub address: Option<String>,
    /// What leads there; it ends with this value.
    pub tunnel: Option<Tunnel>,
    /// Who says how its pods are.
    pub witness: Option<Witness>,
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
