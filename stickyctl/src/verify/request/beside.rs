//! Two front doors of one site: users keep its name while its address changes.

use super::error::RequestError;
use super::model::Request;
use super::url::{Host, Parts};
use crate::exit::{Exit, Explained};
use crate::verify::probe::Asking;
use crate::verify::probe::target::Socket;

/// The way to a site's other front door.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Beside<'a> {
    /// The URL of the old one, and of the new one.
    pub(crate) urls: [&'a str; 2],
    /// Where to connect to the new one; none for the host in its URL.
    pub(crate) addresses: &'a [String],
    /// Where the user wants to connect to it instead.
    pub(crate) connect: &'a [Host],
    /// Whether the paths of both URLs were written by the user, so that a difference is a mistake.
    pub(crate) compares_paths: bool,
}

/// Why two URLs are no two front doors of one site.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BesideError {
    #[error(transparent)]
    Request(#[from] RequestError),
    #[error("--from requests the path {old} and --to the path {new}: a migration keeps the site's paths, so both must be the same")]
    Paths { old: String, new: String },
    #[error("--ws-url is a whole URL, but each front door has its own")]
    SocketUrl,
}

impl Explained for BesideError {
    fn exit(&self) -> Exit {
        match self {
            Self::Request(why) => why.exit(),
            Self::Paths { .. } | Self::SocketUrl => Exit::Usage,
        }
    }

    fn next_steps(&self) -> Vec<String> {
        match self {
            Self::Request(why) => why.next_steps(),
            Self::Paths { .. } => vec!["--path PATH    requests another path at both as well".to_owned()],
            Self::SocketUrl => vec!["--ws-url /PATH".to_owned()],
        }
    }
}

impl Request {
    /// The same run at the site's new front door: with the name and the path that users know, and what came from files.
    pub(crate) fn asking_beside(&self, asking: &Asking, beside: Beside<'_>) -> Result<Asking, BesideError> {
        let read = |url| Parts::read(url).map_err(RequestError::from);
        let [old, mut new] = [read(beside.urls[0])?, read(beside.urls[1])?];
        if beside.compares_paths && old.path != new.path {
            let shown = |path: &str| crate::verify::redacted::redacted(path);
            return Err(BesideError::Paths { old: shown(&old.path), new: shown(&new.path) });
        }
        if self.http.ws_url.as_ref().is_some_and(|url| !url.starts_with('/')) {
            return Err(BesideError::SocketUrl);
        }
        new.path.clone_from(&old.path);
        let own = Host { name: new.host.clone(), port: Some(new.port) };
        let addresses = match (beside.connect, beside.addresses) {
            ([], []) => vec![new.address(&own)],
            ([], all) => all.to_vec(),
            (all, _) => all.iter().map(|host| new.address(host)).collect(),
        };
        let name = self.name(&old, new.tls);
        let target = self.elsewhere(&asking.target, &new, Some(&name), &addresses)?;
        // It may have taken those of the old door.
        let target = crate::verify::probe::target::Target { addresses, ..target };
        let socket = asking.socket.clone().map(|socket| Socket { target: target.clone(), ..socket });
        Ok(Asking { target, socket, ..asking.clone() })
    }

    /// The name that users know the site by, with the port that they see: `--host`, or the host of the old URL.
    fn name(&self, old: &Parts, tls: bool) -> Host {
        let usual = |tls| if tls { 443 } else { 80 };
        let port = |port: u16| if port == usual(old.tls) { usual(tls) } else { port };
        match &self.http.host {
            Some(host) => Host { name: host.name.clone(), port: Some(port(host.port.unwrap_or(old.port))) },
            None => Host { name: old.host.clone(), port: Some(port(old.port)) },
        }
    }
}
