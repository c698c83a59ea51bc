//! A site that misbehaves as configured: pods behind a proxy, in one process on loopback. Every rule of the proxy is a field, and the same
//! requests get the same answers.

mod answer;
mod choose;
mod kinds;
mod relay;
mod serve;
mod sockets;
mod state;

pub(crate) use choose::hash;
pub(crate) use kinds::*;
pub(crate) use serve::Served;
pub(crate) use state::State;

/// Part of every cookie value and password; must never be shown.
pub(crate) const SECRET: &str = "tell-nobody";

/// The site.
#[derive(Debug, Clone)]
pub(crate) struct Site {
    pub(crate) pods: u64,
    pub(crate) affinity: Affinity,
    pub(crate) balance: Balance,
    /// Attributes of the cookie; none sets no cookie.
    pub(crate) cookie: Option<&'static str>,
    /// The cookie's name.
    pub(crate) cookie_name: &'static str,
    /// The same for upgrades, if they differ.
    pub(crate) socket_cookie: Option<&'static str>,
    pub(crate) sets: Sets,
    pub(crate) beside: Beside,
    /// How many cookies fit into the proxy's table.
    pub(crate) table: u64,
    /// How long an answer takes, in milliseconds.
    pub(crate) latency: u64,
    /// Answers one request at a time.
    pub(crate) serial: bool,
    /// One in so many requests with a cookie goes to another pod.
    pub(crate) leak: Option<u64>,
    /// One in so many requests gets the proxy's own 502.
    pub(crate) errors: Option<u64>,
    /// Whether the proxy's error pages name the pod that it tried.
    pub(crate) errors_name: bool,
    /// One in so many requests gets the proxy's own 429.
    pub(crate) too_many: Option<u64>,
    /// One in so many requests is never answered.
    pub(crate) hangs: Option<u64>,
    /// One in so many connections ends without an answer.
    pub(crate) drops: Option<u64>,
    pub(crate) dead: Option<Dead>,
    pub(crate) cache: Cache,
    pub(crate) identity: Identity,
    /// After so many requests every pod is replaced.
    pub(crate) replaced_after: Option<u64>,
    /// At this upgrade, by number, every pod is replaced.
    pub(crate) replaced_at_upgrade: Option<u64>,
    /// After so many requests there is one more pod.
    pub(crate) joined_after: Option<u64>,
    /// After so many requests every cookie means another pod.
    pub(crate) rehashed_after: Option<u64>,
    pub(crate) workers: u64,
    pub(crate) by_worker: Workers,
    pub(crate) upgrade: Upgrade,
    pub(crate) ends: Ends,
    pub(crate) app: App,
    pub(crate) login: Login,
    /// Where every request is redirected to.
    pub(crate) redirects: Option<&'static str>,
    pub(crate) proxies: Proxies,
    /// Behind a tunnel that breaks at this connection, by number, and refuses the next five.
    pub(crate) tunnel: Option<u64>,
    pub(crate) tls: Option<Tls>,
    /// Whether it supports HTTP/2 with prior knowledge.
    pub(crate) http2: bool,
    /// The only host that it knows.
    pub(crate) host: Option<&'static str>,
}

impl Default for Site {
    fn default() -> Self {
        Self {
            pods: 3,
            affinity: Affinity::Persistent,
            balance: Balance::Turns,
            cookie: Some("Path=/; HttpOnly"),
            cookie_name: "route",
            socket_cookie: None,
            sets: Sets::All,
            beside: Beside::Nothing,
            table: u64::MAX,
            latency: 0,
            serial: false,
            leak: None,
            errors: None,
            errors_name: false,
            too_many: None,
            hangs: None,
            drops: None,
            dead: None,
            cache: Cache::Nothing,
            identity: Identity::Pod,
            replaced_after: None,
            replaced_at_upgrade: None,
            joined_after: None,
            rehashed_after: None,
            workers: 1,
            by_worker: Workers::Any,
            upgrade: Upgrade::AsRequests,
            ends: Ends::Never,
            app: App::No,
            login: Login::Nobody,
            redirects: None,
            proxies: Proxies::One,
            tunnel: None,
            tls: None,
            http2: false,
            host: None,
        }
    }
}
