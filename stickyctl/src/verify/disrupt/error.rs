//! Why there is no disruption.

use crate::cluster::{connect, disrupt};
use crate::exit::{Exit, Explained};

#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("--disrupt needs a cluster, and --local has none")]
    Local,
    #[error("--disrupt needs the workload behind the URL")]
    NoWorkload,
    #[error("--scale-to {to}: {of} has {now} pods, and scaling has to add some")]
    NotMore { of: disrupt::Reference, to: u16, now: i64 },
    #[error("--disrupt changes {of} in namespace {namespace}, and nobody confirmed that")]
    Unconfirmed { of: disrupt::Reference, namespace: String, command: String },
    #[error("--each-proxy needs several proxies: {0}")]
    NoProxies(String),
    #[error(transparent)]
    Connect(#[from] connect::Error),
    #[error(transparent)]
    Workload(#[from] disrupt::Error),
}

impl Explained for Error {
    fn exit(&self) -> Exit {
        match self {
            Self::Local | Self::NoWorkload | Self::NotMore { .. } | Self::Unconfirmed { .. } | Self::NoProxies(_) => Exit::Usage,
            Self::Connect(why) => why.exit(),
            Self::Workload(why) => why.exit(),
        }
    }

    fn next_steps(&self) -> Vec<String> {
        match self {
            Self::Local => vec!["stickyctl scale 5 --local    while stickyctl verify --local --duration 30s runs".to_owned()],
            Self::NoWorkload => vec![
                "--workload deployment/NAME    names it, in the namespace of --namespace".to_owned(),
                "--pods SELECTOR    selects its pods".to_owned(),
            ],
            Self::NotMore { now, .. } => vec![format!("--scale-to {}", now + 1)],
            Self::Unconfirmed { command, .. } => vec![format!("{command} --yes")],
            Self::NoProxies(_) => vec![
                "--connect ADDRESS --connect ADDRESS    names two proxies of the site at a URL".to_owned(),
                "stickyctl verify ingress/NAME --each-proxy    uses every ready pod of the front door".to_owned(),
            ],
            Self::Connect(why) => why.next_steps(),
            Self::Workload(why) => why.next_steps(),
        }
    }
}
