//! Why a pod could not be reached through the API server.

use crate::cluster::errors::ApiError;
use crate::exit::{Exit, Explained};
use crate::http1;
use std::net::SocketAddr;
use std::time::Duration;

/// Why a pod could not be reached through the API server, or why there is no tunnel to it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Pods could not be listed, or the API server refused the port-forward.
    #[error(transparent)]
    Api(#[from] ApiError),
    /// The API server accepted the port-forward too late or not at all.
    #[error("port-forward: no answer within {} s", .0.as_secs())]
    Late(Duration),
    /// The API server accepted the port-forward without its streams.
    #[error("port-forward: the stream was not opened")]
    NoStream,
    /// The pod's side ended the connection without a byte; its reason.
    #[error("{0}")]
    Ended(String),
    /// A request over a port-forward got no complete answer.
    #[error("{what}: {why}")]
    Http {
        /// The request, as in `GET /whoami`.
        what: String,
        /// Why there is no answer.
        why: http1::Error,
    },
    /// None of the pods is ready.
    #[error("no pod is ready")]
    NoPod,
    /// A connection could not be served by this pod; a tunnel reports the last of the pods that it tried.
    #[error("pod {pod}, port {port}: {why}")]
    At {
        /// `metadata.name`.
        pod: String,
        /// The port inside the pod.
        port: u16,
        /// Never another [`Self::At`].
        why: Box<Error>,
    },
    /// The tunnel's local address can't be listened on.
    #[error("listening on {listen}: {why}")]
    Bind {
        /// As given to [`super::Tunnel::open`]; port 0 means any free port.
        listen: SocketAddr,
        /// Whether the port is taken: [`std::io::ErrorKind::AddrInUse`].
        why: std::io::Error,
    },
}

impl Explained for Error {
    fn exit(&self) -> Exit {
        match self {
            Self::Api(error) => error.exit(),
            Self::Late(_) => Exit::TimedOut,
            Self::At { why, .. } => why.exit(),
            Self::NoStream | Self::Ended(_) | Self::Http { .. } | Self::NoPod | Self::Bind { .. } => Exit::Failed,
        }
    }

    fn next_steps(&self) -> Vec<String> {
        match self {
            Self::Api(error) => error.next_steps(),
            Self::Bind { why, .. } if why.kind() == std::io::ErrorKind::AddrInUse => {
                vec!["stickyctl forward --port 0    picks a free port".to_owned()]
            }
            _ => Vec::new(),
        }
    }
}
