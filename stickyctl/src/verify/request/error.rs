//! Why a request cannot become a run.

use super::at_file::AtFileError;
use super::url::{PathError, UrlError};
use crate::cluster::{connect, forward};
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
    #[error("the route of {release} has a certificate, but the tunnel to its front door is plain http")]
    RouteHasTls { release: String, host: String },
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
            _ => Exit::Usage,
        }
    }

    fn next_steps(&self) -> Vec<String> {
        let one = |step: String| vec![step];
        match self {
            Self::Cluster(why) => why.next_steps(),
            Self::Forward(why) => why.next_steps(),
            Self::Local(why) => why.next_steps(),
            Self::RouteHasTls { host, .. } => one(format!("stickyctl verify https://{host}/whoami")),
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
