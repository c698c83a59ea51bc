//! Why a request cannot become a run.

use super::at_file::AtFileError;
use super::url::{PathError, UrlError};
use crate::cluster::permission::Missing;
use crate::cluster::{connect, forward, workload};
use crate::exit::{Exit, Explained};
use crate::local::LocalError;
use crate::verify::probe::session::template::UnknownName;
use crate::verify::probe::tls::{NameError, TlsError};
use std::io;
use std::net::IpAddr;
use sticky_affinity::scenario::CannotSkip;

/// The most requests of a run: each takes a few hundred bytes of memory.
pub(super) const MOST_PROBES: u64 = 500_000;

/// Why a request cannot become a run.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RequestError {
    #[error(transparent)]
    Cluster(#[from] connect::Error),
    #[error(transparent)]
    Forward(#[from] forward::Error),
    #[error(transparent)]
    Local(#[from] LocalError),
    #[error(transparent)]
    Workload(#[from] workload::Error),
    #[error("{route} has a certificate, but no port for HTTPS is known of {door}: neither an argument nor a container port names one")]
    NoHttpsPort { route: String, door: String, url: String },
    #[error("--print-rbac needs an application on a cluster: ingress/NAME, httproute/NAME or service/NAME")]
    RbacOfWhat,
    #[error("--front-door-namespace applies to an application on a cluster: ingress/NAME, httproute/NAME or service/NAME")]
    FrontDoorOfWhat,
    #[error("permission denied to {} {} in {}, which the way to the application takes", .0.verb, .0.resource, .0.place())]
    Denied(Missing),
    #[error("no pod of {door} in namespace {namespace} is ready, so no request would reach the application")]
    NotReady { door: String, namespace: String },
    #[error("invalid target `{0}`: it is neither a URL, which begins with http:// or https://, nor ingress/NAME, httproute/NAME or service/NAME")]
    Target(String),
    #[error(transparent)]
    Url(#[from] UrlError),
    #[error("--ws-url: {0}")]
    SocketPath(PathError),
    #[error("--pod-identity {0} reads logs on a cluster, and nothing says where the logs of this site are")]
    NoLogs(String),
    #[error(transparent)]
    File(#[from] AtFileError),
    #[error(transparent)]
    Tls(#[from] TlsError),
    #[error(transparent)]
    Name(#[from] NameError),
    #[error("--source-ip {address}: {source}")]
    SourceIp { address: IpAddr, source: io::Error },
    #[error("--skip: {0}")]
    Skip(#[from] CannotSkip),
    #[error("{0} requests are more than verify can keep in memory")]
    TooMany(u64),
    #[error("{flag}: {source}")]
    Template { flag: &'static str, source: UnknownName },
    #[error("two captures have the name {0}")]
    CapturedTwice(String),
    #[error("no later request contains {{{0}}}, which --capture reads")]
    CapturedInVain(String),
    #[error("a session's first request can't contain {{{0}}}, which is read from its answer")]
    CapturedFirst(String),
    #[error("a cookie that sessions start with can't contain {{{0}}}, which is read from their first answer")]
    CapturedInCookie(String),
    #[error("the answer to a HEAD request has no body, where {0} looks")]
    NoBody(String),
    #[error("--idle needs the site's WebSocket")]
    IdleWithoutSocket,
}

impl Explained for RequestError {
    fn exit(&self) -> Exit {
        match self {
            Self::Cluster(why) => why.exit(),
            Self::Forward(why) => why.exit(),
            Self::Local(why) => why.exit(),
            Self::Tls(why) => why.exit(),
            Self::Workload(why) => why.exit(),
            Self::NoHttpsPort { .. } | Self::NotReady { .. } => Exit::Failed,
            Self::Denied(_) => Exit::Prerequisite,
            _ => Exit::Usage,
        }
    }

    fn next_steps(&self) -> Vec<String> {
        let one = |step: String| vec![step];
        match self {
            Self::Cluster(why) => why.next_steps(),
            Self::Forward(why) => why.next_steps(),
            Self::Local(why) => why.next_steps(),
            Self::Workload(why) => why.next_steps(),
            Self::NoHttpsPort { url, .. } => one(format!("stickyctl verify {url}   tests it from outside, by its address in DNS")),
            Self::Denied(missing) => vec![missing.remedy(), "stickyctl verify ingress/NAME --print-rbac   prints all rules of a run".to_owned()],
            Self::NotReady { namespace, .. } => one(format!("kubectl get pods -n {namespace}")),
            Self::FrontDoorOfWhat => one("stickyctl verify ingress/NAME -n NAMESPACE --front-door-namespace NAMESPACE".to_owned()),
            Self::RbacOfWhat => one("stickyctl verify ingress/NAME -n NAMESPACE --print-rbac".to_owned()),
            Self::Target(text) => vec![
                format!("stickyctl verify https://{text}   tests a site by its URL"),
                "stickyctl verify ingress/NAME -n NAMESPACE   tests an application on a cluster".to_owned(),
            ],
            Self::Url(why) => why.next_steps(),
            Self::File(why) => why.next_steps(),
            Self::Name(why) => why.next_steps(),
            Self::Tls(why) => why.next_steps(),
            Self::SourceIp { .. } => one("an address of this machine, as `ip address` lists them".to_owned()),
            Self::Skip(_) => one("stickyctl verify --list    lists all scenarios".to_owned()),
            Self::TooMany(_) => one(format!("use --sessions and --requests whose product is below {MOST_PROBES}")),
            Self::IdleWithoutSocket => one("--ws-url /PATH".to_owned()),
            Self::NoLogs(flag) => vec![
                format!("stickyctl verify ingress/NAME -n NAMESPACE --pod-identity {flag}    or httproute/NAME, service/NAME"),
                "--pods SELECTOR -n NAMESPACE --pod-identity pod-log    the logs of the pods behind URL".to_owned(),
            ],
            Self::CapturedInVain(name) => one(format!("write {{{name}}} into --path, --body @FILE, a line of --header @FILE, --ws-url or --ws-send")),
            Self::CapturedFirst(_) => one("--first PATH or --first-body @FILE    gives sessions a first request of their own".to_owned()),
            Self::NoBody(_) => one("--method GET".to_owned()),
            Self::SocketPath(_) | Self::Template { .. } | Self::CapturedTwice(_) | Self::CapturedInCookie(_) => Vec::new(),
        }
    }
}
