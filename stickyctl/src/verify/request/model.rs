//! The request to `verify`, as plain values.

use super::at_file::AtFile;
use super::disruptions::Disruptions;
use super::identity::PodIdentity;
use super::site::Site;
use super::url::{Host, Path};
#[cfg(test)]
use crate::cluster::connect::Access;
use crate::verify::probe::session::capture::Capture;
use http::{HeaderValue, Method};
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;
use sticky_affinity::identity::Source;
use sticky_affinity::scenario::Name;
use sticky_affinity::symptom::Symptom;

/// The request to `verify`, from its flags.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) site: Site,
    /// Where to learn which pod answered; none for sticky-app's header, and for a workload also the logs.
    pub(crate) pod_identity: Option<PodIdentity>,
    /// Where answers identify their worker; none for sticky-app's header.
    pub(crate) worker_identity: Option<Source>,
    /// What answers look like when their session is lost; one of several is enough.
    pub(crate) lost_when: Vec<Symptom>,
    /// Scenarios to run, with those that they need; empty for all.
    pub(crate) only: Vec<Name>,
    /// Scenarios to leave out, with those that need them.
    pub(crate) skip: Vec<Name>,
    /// How long to hold silent sockets; none opens none.
    pub(crate) idle: Option<Duration>,
    /// Whether to keep some connections open, for comparison.
    pub(crate) reuse: bool,
    /// Whether to send requests of several sessions over shared connections.
    pub(crate) shared: bool,
    /// Whether the exit code depends on workers, too.
    pub(crate) require_workers: bool,
    pub(crate) http: Http,
    pub(crate) logs: LogReading,
    pub(crate) amount: Amount,
    pub(crate) disruptions: Disruptions,
    /// Whether the report contains values of cookies and of the URL's query.
    pub(crate) show_values: bool,
    /// The command line, to repeat the run; fit for a report.
    pub(crate) command: String,
}

#[cfg(test)]
impl Request {
    /// A small run with the default flags.
    pub(crate) fn plain(site: Site) -> Self {
        let amount = Amount {
            sessions: 4,
            requests: 3,
            max_move_rate: 0.0,
            rate: 200.0,
            duration: None,
            timeout: Duration::from_secs(10),
            seed: Some(7),
            yes: false,
        };
        Self {
            site,
            pod_identity: None,
            worker_identity: None,
            lost_when: Vec::new(),
            only: Vec::new(),
            skip: Vec::new(),
            idle: None,
            reuse: false,
            shared: false,
            require_workers: false,
            http: Http::default(),
            logs: LogReading { in_query: true, patience: Duration::from_secs(20) },
            amount,
            disruptions: Disruptions {
                all: Vec::new(),
                workload: None,
                access: Access::default(),
                namespace: String::new(),
                scale_to: None,
                expect: None,
                tolerated: Duration::ZERO,
                timeout: Duration::ZERO,
                each_proxy: false,
            },
            show_values: false,
            command: "stickyctl verify".to_owned(),
        }
    }
}

/// How requests are sent.
#[derive(Debug, Default)]
pub(crate) struct Http {
    /// The path of each session's first request; none for the URL's own.
    pub(crate) first: Option<Path>,
    /// The body that the first request posts.
    pub(crate) first_body: Option<AtFile>,
    /// Whether redirects of first requests are followed.
    pub(crate) follow: bool,
    /// What sessions read from their first answer.
    pub(crate) captures: Vec<Capture>,
    /// The method of later requests; none for a GET, or a POST if they have a body.
    pub(crate) method: Option<Method>,
    /// The body of later requests.
    pub(crate) body: Option<AtFile>,
    /// Paths of later requests, besides the URL's own.
    pub(crate) paths: Vec<Path>,
    /// A path or a URL; none for sticky-app's, unless `pod_identity` is set.
    pub(crate) ws_url: Option<String>,
    /// A message to send first on each socket.
    pub(crate) ws_send: Option<String>,
    pub(crate) ws_subprotocol: Option<HeaderValue>,
    /// The `Origin` header of sockets; none for the page's.
    pub(crate) origin: Option<HeaderValue>,
    pub(crate) headers: Vec<AtFile>,
    pub(crate) cookies: Vec<AtFile>,
    pub(crate) http2: bool,
    /// Addresses to connect to instead of the URL's host.
    pub(crate) connect: Vec<Host>,
    /// The site's name, if it is not the URL's host.
    pub(crate) host: Option<Host>,
    /// Local addresses to connect from.
    pub(crate) source_ips: Vec<IpAddr>,
    /// A PEM file with certificate authorities.
    pub(crate) ca: Option<PathBuf>,
    /// Whether to accept any certificate.
    pub(crate) insecure: bool,
}

/// How requests can be found in logs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LogReading {
    /// Whether the query has the marker too, and not only `User-Agent`.
    pub(crate) in_query: bool,
    /// The longest wait for lines, each time that something depends on them.
    pub(crate) patience: Duration,
}

/// How many requests are sent, and how fast.
#[derive(Debug)]
pub(crate) struct Amount {
    /// 1 to 1,000.
    pub(crate) sessions: u32,
    /// Later requests of each session, 1 to 10,000.
    pub(crate) requests: u32,
    /// The tolerated rate of moves, 0 to 1; more than 0 enlarges the sample.
    pub(crate) max_move_rate: f64,
    /// The most probes that begin within a second, 0.1 to 10,000.
    pub(crate) rate: f64,
    /// The least duration of the run; none for as fast as the rate allows.
    pub(crate) duration: Option<Duration>,
    /// The time limit of a request.
    pub(crate) timeout: Duration,
    /// The seed of the order; none for a random one.
    pub(crate) seed: Option<u32>,
    /// Whether to start even an unusually large run without asking.
    pub(crate) yes: bool,
}
