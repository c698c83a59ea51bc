//! Why a probe got no answer.

use super::refusal::failure;
use super::tls::NameError;
use std::io;
use std::net::IpAddr;
use std::time::Duration;

/// Why a probe got no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProbeError {
    #[error("connecting to {address}: {source}")]
    Connect { address: String, source: io::Error },
    #[error("connecting to {address} from {from}: the site has no address of that IP version")]
    Family { address: String, from: IpAddr },
    #[error("TLS with {address}: {}", failure(.source))]
    Tls { address: String, source: io::Error },
    #[error("TLS with {address}: the site does not support HTTP/2")]
    NoHttp2 { address: String },
    #[error(transparent)]
    Name(#[from] NameError),
    #[error("{doing} {address}{over}: {}", chain(.source))]
    Http { doing: &'static str, address: String, over: &'static str, source: hyper::Error },
    #[error("opening a socket at {address}: {}", chain(.source))]
    Socket { address: String, source: Box<tokio_tungstenite::tungstenite::Error> },
    #[error("no answer within {0:?}")]
    Timeout(Duration),
    #[error("building a request: {0}")]
    Request(http::Error),
    #[error("`{0}` cannot be sent as Host")]
    Host(String),
    #[error("a cookie contains characters that a header cannot have")]
    Cookie,
}

/// An error with its causes, which hyper's own text leaves out.
pub(super) fn chain(error: &dyn std::error::Error) -> String {
    std::iter::successors(error.source(), |cause| cause.source()).fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}
