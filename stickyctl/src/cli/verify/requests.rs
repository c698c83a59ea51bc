//! The flags that say what is sent, and where to.

use crate::cli::discreet::discreet;
use crate::verify::probe::session::capture::Capture;
use crate::verify::redacted::{HIDDEN, redacted};
use crate::verify::request::{AtFile, Host, Http, Path};
use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use http::{HeaderValue, Method};
use std::net::IpAddr;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(super) struct HttpArgs {
    #[command(flatten)]
    first: FirstArgs,
    #[command(flatten)]
    later: LaterArgs,
    #[command(flatten)]
    socket: SocketArgs,
    #[command(flatten)]
    way: WayArgs,
}

#[derive(Debug, Args)]
struct FirstArgs {
    /// Path of each session's first request, such as a page or a login [default: the URL's path]
    #[arg(long, value_name = "PATH", value_parser = discreet::<Path>())]
    first: Option<Path>,
    /// POST the contents of FILE, JSON or form data, with each session's first request
    #[arg(long, value_name = "@FILE", value_parser = discreet::<AtFile>())]
    first_body: Option<AtFile>,
    /// Follow up to 10 redirects of each session's first request within the site, such as those of a login
    #[arg(long)]
    follow: bool,
    /// Read a value from each session's first answer, for {NAME} in later requests: NAME=header:X, NAME=json:/POINTER or NAME=regex:PATTERN
    #[arg(long, value_name = "NAME=WHERE")]
    capture: Vec<Capture>,
}

#[derive(Debug, Args)]
struct LaterArgs {
    /// Method of later requests [default: GET, or POST with --body]
    #[arg(long, value_parser = method())]
    method: Option<Method>,
    /// Send the contents of FILE, JSON or form data, with later requests
    #[arg(long, value_name = "@FILE", value_parser = discreet::<AtFile>())]
    body: Option<AtFile>,
    /// Request this path as well as the URL's own; repeat for more
    #[arg(long, value_name = "PATH", value_parser = discreet::<Path>())]
    path: Vec<Path>,
    /// Send the headers in FILE, one `NAME: VALUE` per line, with every request; keeps secrets out of the argument list
    #[arg(long, value_name = "@FILE", value_parser = discreet::<AtFile>())]
    header: Vec<AtFile>,
    /// Start every session with the cookies in FILE, such as a login's: NAME=VALUE lines, a copied Cookie header, or curl's cookie jar
    #[arg(long, value_name = "@FILE", value_parser = discreet::<AtFile>())]
    cookie: Vec<AtFile>,
}

#[derive(Debug, Args)]
struct SocketArgs {
    /// Path or URL of the site's WebSocket [default: sticky-app's, unless --pod-identity or --lost-when is set]
    #[arg(long, value_name = "URL")]
    ws_url: Option<String>,
    /// Send TEXT first on each socket, if the reply identifies the pod
    #[arg(long, value_name = "TEXT")]
    ws_send: Option<String>,
    /// Request this subprotocol for sockets
    #[arg(long, value_name = "NAME", value_parser = discreet::<HeaderValue>())]
    ws_subprotocol: Option<HeaderValue>,
    /// Send this Origin header with sockets [default: the page's origin]
    #[arg(long, value_parser = discreet::<HeaderValue>())]
    origin: Option<HeaderValue>,
}

#[derive(Debug, Args)]
struct WayArgs {
    /// Send requests over HTTP/2; sockets still use HTTP/1.1
    #[arg(long)]
    http2: bool,
    /// Connect to ADDRESS, such as 127.0.0.1:8080; repeat to make each session use all of them in turn, such as several proxies
    #[arg(long, value_name = "ADDRESS", value_parser = discreet::<Host>())]
    connect: Vec<Host>,
    /// Name of the site, if it is not the URL's host; with a port, if users see another port than the URL's
    #[arg(long, value_name = "NAME", value_parser = discreet::<Host>())]
    host: Option<Host>,
    /// Connect from this local address; repeat to spread sessions over several addresses
    #[arg(long, value_name = "ADDRESS")]
    source_ip: Vec<IpAddr>,
    /// Trust the certificates (PEM) in FILE, of authorities or of the site itself, instead of the system's
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// Accept any certificate
    #[arg(long, conflicts_with = "ca")]
    insecure: bool,
}

impl HttpArgs {
    pub(super) fn http(self) -> Http {
        let Self { first, later, socket, way } = self;
        Http {
            first: first.first,
            first_body: first.first_body,
            follow: first.follow,
            captures: first.capture,
            method: later.method,
            body: later.body,
            paths: later.path,
            headers: later.header,
            cookies: later.cookie,
            ws_url: socket.ws_url,
            ws_send: socket.ws_send,
            ws_subprotocol: socket.ws_subprotocol,
            origin: socket.origin,
            http2: way.http2,
            connect: way.connect,
            host: way.host,
            source_ips: way.source_ip,
            ca: way.ca,
            insecure: way.insecure,
        }
    }

    /// The first of the additional paths.
    pub(super) fn first_path(&self) -> Option<&str> {
        self.later.path.first().map(|path| path.0.as_str())
    }

    /// Values that may be secrets, each with what a report shows of it.
    pub(super) fn hidden(&self) -> impl Iterator<Item = (&str, String)> {
        let socket = &self.socket;
        let paths = self.first.first.iter().chain(&self.later.path).map(|path| &path.0);
        let urls = socket.ws_url.iter().chain(paths).map(|url| (url.as_str(), redacted(url)));
        let tokens = socket.ws_send.as_deref().into_iter().chain(socket.ws_subprotocol.iter().filter_map(|name| name.to_str().ok()));
        urls.chain(tokens.map(|token| (token, HIDDEN.to_owned())))
    }
}

fn method() -> impl TypedValueParser<Value = Method> {
    PossibleValuesParser::new(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]).try_map(|word| word.parse::<Method>())
}
