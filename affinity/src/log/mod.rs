//! Lines of access logs: which upstream answered a request. No I/O.
//!
//! # Text from clients
//!
//! A line holds text that a client chose: its path, its `User-Agent`, often a request id. Somebody could write an address there that looks like
//! an upstream. Each format is therefore read from an end of the line that clients can't reach, as its source says, and has to fit as a
//! whole: the right number of quotes, of fields, of entries in lists. JSON with a key that occurs twice is refused, because a format that
//! does not escape lets a client add keys. What remains is an address, or a name of letters, digits and `-_.:`. A line that fits no format, or
//! that was cut, has no upstream: a probe is rather unidentified than on the wrong pod. Nor can a stranger's request be taken for a probe: its
//! line has no [marker](crate::marker) of the run.

mod envoy;
mod haproxy;
mod json;
mod nginx;
mod pattern;
mod said;
mod traefik;
mod upstream;

pub use pattern::{Pattern, PatternError};
pub use said::Said;
pub use upstream::{Upstream, Upstreams};

/// How a line of an access log is written.
#[derive(Debug, Clone)]
pub enum Format {
    /// ingress-nginx's `upstreaminfo`.
    Nginx,
    /// JSON of nginx, ingress-nginx or F5's controller, with `$upstream_addr` in a field.
    NginxJson,
    /// Traefik's common format.
    Traefik,
    /// Traefik's JSON.
    TraefikJson,
    /// Envoy's default text, and Istio's.
    Envoy,
    /// JSON of Envoy, as Envoy Gateway and Istio write it.
    EnvoyJson,
    /// HAProxy's `option httplog`. It has names of servers, no addresses.
    Haproxy,
    /// As the user's pattern says.
    Pattern(Pattern),
}

impl Format {
    /// The format of a line; `None` if it fits none that is known here.
    #[must_use]
    pub fn of(line: &str) -> Option<Self> {
        // Others may have a field with one of the names that nginx's users choose.
        let all = [Self::TraefikJson, Self::EnvoyJson, Self::NginxJson, Self::Nginx, Self::Traefik, Self::Envoy, Self::Haproxy];
        all.into_iter().find(|format| format.parse(line).is_some())
    }

    /// The upstreams that a line names; `None` if it names none, or does not fit the format.
    #[must_use]
    pub fn read(&self, line: &str) -> Option<Upstreams> {
        match self.parse(line) {
            Some(Said::Upstreams(upstreams)) => Some(upstreams),
            Some(Said::Nobody) | None => None,
        }
    }

    /// What a line says; `None` if it does not fit the format.
    #[must_use]
    pub fn parse(&self, line: &str) -> Option<Said> {
        let line = line.trim();
        match self {
            Self::Nginx => nginx::upstreaminfo(line),
            Self::NginxJson => nginx::json(&json::fields(line)?),
            Self::Traefik => traefik::common(line),
            Self::TraefikJson => traefik::json(&json::fields(line)?),
            Self::Envoy => envoy::text(line),
            Self::EnvoyJson => envoy::json(&json::fields(line)?),
            Self::Haproxy => haproxy::httplog(line),
            Self::Pattern(pattern) => pattern.read(line),
        }
    }
}

#[cfg(test)]
mod tests;
