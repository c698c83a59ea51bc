//! The flags of `verify`.

use super::identity::Source;
use super::plan::Sample;
use super::target::{Parts, Socket, Target};
use super::tls::Tls;
use super::{bounds, code::Code};
use crate::cli::{Format, LocalArg, ON_A_CLUSTER};
use crate::cluster::forward;
use crate::cluster::release::ReleaseArgs;
use crate::cluster::tunnel::Tunnel;
use crate::exit::{Exit, Failure};
use crate::local::client::Client;
use clap::Args;
use clap::builder::{PossibleValue, TypedValueParser};
use http::{HeaderMap, HeaderName, HeaderValue};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;
use sticky_app::core::duration;

/// Flags of `verify`.
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// The site [default: the release on the cluster, by way of its front door]
    #[arg(conflicts_with_all = ["local", "kubeconfig", "context"])]
    url: Option<String>,
    #[command(flatten)]
    local: LocalArg,
    #[command(flatten, next_help_heading = ON_A_CLUSTER)]
    release: ReleaseArgs,
    /// Name the scenarios, and ask nothing
    #[arg(long)]
    pub list: bool,
    /// Where answers name their pod: header:NAME, json:/POINTER or regex:PATTERN [default: sticky-app's header]
    #[arg(long, value_name = "WHERE")]
    pod_identity: Option<Source>,
    /// Where answers name their worker, in the same words
    #[arg(long, value_name = "WHERE")]
    worker_identity: Option<Source>,
    /// Path of each session's first request, as a page or a login [default: the URL's own]
    #[arg(long, value_name = "PATH")]
    first: Option<String>,
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
    /// Sessions, each with a cookie jar of its own
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    sessions: u32,
    /// Later requests of each session
    #[arg(long, default_value_t = 12, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    requests: u32,
    /// Rate of moves that is put up with, as in 0.1%; it chooses the sample
    #[arg(long, value_name = "PERCENT", default_value = "0%")]
    pub max_move_rate: Percent,
    /// Requests that begin in a second, at most
    #[arg(long, default_value_t = 200.0, value_parser = rate)]
    pub rate: f64,
    /// The most that one request may take
    #[arg(long, default_value = "10s", value_parser = duration::parse)]
    timeout: Duration,
    /// Seed of the order in which sessions are asked [default: random]
    #[arg(long)]
    seed: Option<u32>,
    /// Connect here instead, as in 127.0.0.1:8080; name and certificate stay the URL's
    #[arg(long, value_name = "ADDRESS")]
    connect: Option<String>,
    /// Name of the site, where it is not the URL's
    #[arg(long, value_name = "NAME")]
    host: Option<String>,
    /// File with headers for each request, one `NAME: VALUE` a line, so that no secret stands in an argument list
    #[arg(long, value_name = "@FILE")]
    header: Vec<AtFile>,
    /// File with the authorities (PEM) to trust instead of the system's
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// Trust every certificate
    #[arg(long, conflicts_with = "ca")]
    insecure: bool,
    /// How to print it
    #[arg(short, long, default_value = "table")]
    pub output: Format,
    /// Don't ask before a load that is larger than usual
    #[arg(short, long)]
    pub yes: bool,
}

impl VerifyArgs {
    /// Where the site is: what was said, the local one, or a release on a cluster.
    pub(super) async fn site(&self) -> Result<Site, Failure> {
        if let Some(url) = &self.url {
            return Ok(Site { url: url.clone(), address: self.connect.clone(), tunnel: None });
        }
        if self.local.local {
            let url = format!("{}/whoami", Client::open()?.status().await?.url.trim_end_matches('/'));
            return Ok(Site { url, address: self.connect.clone(), tunnel: None });
        }
        let way = forward::open(&self.release, 0).await?;
        let host = way.host.as_deref().unwrap_or("127.0.0.1").replace('*', "any");
        if way.tls {
            return Err(Failure::new(Exit::Usage, format!("the route of {} has a certificate, and the tunnel's end is plain", self.release.name))
                .try_this(format!("stickyctl verify https://{host}/whoami")));
        }
        Ok(Site { url: format!("http://{host}/whoami"), address: Some(way.tunnel.addr().to_string()), tunnel: Some(way.tunnel) })
    }

    pub(super) fn pod(&self) -> Source {
        self.pod_identity.clone().unwrap_or_else(Source::pod)
    }

    pub(super) fn worker(&self) -> Source {
        self.worker_identity.clone().unwrap_or_else(Source::worker)
    }

    pub(super) fn seed(&self) -> u64 {
        u64::from(self.seed.unwrap_or_else(|| fastrand::u32(1..10_000)))
    }

    pub(super) fn sample(&self) -> Sample {
        let sample = Sample { sessions: self.sessions, later: self.requests, controls: self.sessions * 2 };
        if self.max_move_rate.0 > 0.0 { sample.for_requests(bounds::needed(self.max_move_rate.0)) } else { sample }
    }

    /// The socket that is opened: the one that was said, sticky-app's own, or none at a stranger's site.
    pub(super) fn socket(&self, target: &Target) -> Result<Option<Socket>, Failure> {
        let (target, path) = match self.ws_url.as_deref() {
            None if self.pod_identity.is_some() => return Ok(None),
            None => (target.clone(), None),
            Some(path) if path.starts_with('/') => (target.clone(), Some(path.to_owned())),
            Some(url) => {
                let parts = Parts::read(url)?;
                let path = parts.path.clone();
                (self.target(&parts, self.connect.as_deref())?, Some(path))
            }
        };
        let (origin, subprotocol, send) = (self.origin.clone(), self.ws_subprotocol.clone(), self.ws_send.clone());
        Ok(Some(Socket { target, path, origin, subprotocol, send }))
    }

    /// The site as it is asked; `address` is where to connect instead of the URL's own.
    pub(super) fn target(&self, parts: &Parts, address: Option<&str>) -> Result<Target, Failure> {
        let host = self.host.as_ref().unwrap_or(&parts.host).to_ascii_lowercase();
        if let Some(path) = self.path.iter().chain(&self.first).find(|path| !path.starts_with('/')) {
            return Err(Failure::new(Exit::Usage, format!("`{path}` is no path: it begins with a slash")));
        }
        let mut headers = HeaderMap::new();
        for file in &self.header {
            headers.extend(file.headers()?);
        }
        Ok(Target {
            authority: parts.authority(&host),
            host,
            address: address.map_or_else(|| format!("{}:{}", parts.host, parts.port), str::to_owned),
            first: self.first.clone().unwrap_or_else(|| parts.path.clone()),
            paths: std::iter::once(parts.path.clone()).chain(self.path.iter().cloned()).collect(),
            tls: if parts.tls { Some(Tls::new(self.ca.as_deref(), self.insecure)?) } else { None },
            headers,
            timeout: self.timeout,
        })
    }
}

/// Where a site is.
pub(super) struct Site {
    /// Its URL.
    pub url: String,
    /// Where to connect, if not there.
    pub address: Option<String>,
    /// What leads there; it ends with this value.
    pub tunnel: Option<Tunnel>,
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

/// `@FILE`.
#[derive(Debug, Clone)]
struct AtFile(PathBuf);

impl FromStr for AtFile {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.strip_prefix('@')
            .filter(|path| !path.is_empty())
            .map(|path| Self(path.into()))
            .ok_or_else(|| "write @ and a file, which holds `NAME: VALUE` lines: what stands in an argument list is seen by others".to_owned())
    }
}

impl AtFile {
    fn headers(&self) -> Result<HeaderMap, Failure> {
        let wrong = |why: String| Failure::new(Exit::Usage, format!("reading headers from {}: {why}", self.0.display()));
        let text = std::fs::read_to_string(&self.0).map_err(|e| wrong(e.to_string()))?;
        let mut headers = HeaderMap::new();
        for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            // Not the line itself: it may be a secret.
            let bad = || wrong(format!("line {} is no `NAME: VALUE`", number + 1));
            let (name, value) = line.split_once(':').ok_or_else(bad)?;
            let name: HeaderName = name.trim().parse().map_err(|_| bad())?;
            let mut value: HeaderValue = value.trim().parse().map_err(|_| bad())?;
            value.set_sensitive(true);
            headers.append(name, value);
        }
        Ok(headers)
    }
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

    #[test]
    fn headers_are_read_from_a_file_and_never_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("headers");
        std::fs::write(&path, "Authorization: Bearer secret\n\nX-Test:1\n").unwrap();
        let file: AtFile = format!("@{}", path.display()).parse().unwrap();
        let headers = file.headers().unwrap();
        assert_eq!((headers.len(), headers["authorization"].is_sensitive()), (2, true));
        std::fs::write(&path, "secret without a name\n").unwrap();
        let failure = file.headers().unwrap_err();
        assert!(failure.what.contains("line 1") && !failure.what.contains("secret"), "{}", failure.what);
        assert!("Authorization: x".parse::<AtFile>().is_err());
    }
}
