//! Why a request cannot become a run.

use super::at_file::AtFileError;
use super::url::{PathError, UrlError};
use crate::cluster::{connect, forward};
use crate::exit::{Exit, Explained};
use crate::local::LocalError;
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
            Self::SocketPath(_) => Vec::new(),
        }
    }
}
