//! A site that misbehaves as configured: pods behind a proxy, in one process on loopback. Every rule of the proxy is a field, and the same
//! requests get the same answers.

mod answer;
mod choose;
mod kinds;
mod relay;
mod serve;
mod sockets;
mod state;

pub use kinds::*;
pub use serve::Served;
pub use state::State;

/// Part of every cookie value and password; must never be shown.
pub const SECRET: &str = "tell-nobody";

/// The site.
#[derive(Debug, Clone)]
pub struct Site {
    pub pods: u64,
    pub affinity: Affinity,
    pub balance: Balance,
    /// Attributes of the cookie; none sets no cookie.
    pub cookie: Option<&'static str>,
    /// The cookie's name.
    pub cookie_name: &'static str,
    /// The same for upgrades, if they differ.
    pub socket_cookie: Option<&'static str>,
    pub sets: Sets,
    pub beside: Beside,
    /// How many cookies fit into the proxy's table.
    pub table: u64,
    /// How long an answer takes, in milliseconds.
    pub latency: u64,
    /// One in so many requests with a cookie goes to another pod.
    pub leak: Option<u64>,
    /// One in so many requests gets the proxy's own 502.
    pub errors: Option<u64>,
    /// Whether the proxy's error pages name the pod that it tried.
    pub errors_name: bool,
    /// One in so many requests gets the proxy's own 429.
    pub too_many: Option<u64>,
    /// One in so many requests is never answered.
    pub hangs: Option<u64>,
    /// One in so many connections ends without an answer.
    pub drops: Option<u64>,
    pub dead: Option<Dead>,
    pub cache: Cache,
    pub identity: Identity,
    /// After so many requests every pod is replaced.
    pub replaced_after: Option<u64>,
    /// At this upgrade, by number, every pod is replaced.
    pub replaced_at_upgrade: Option<u64>,
    /// After so many requests there is one more pod.
    pub joined_after: Option<u64>,
    /// After so many requests every cookie means another pod.
    pub rehashed_after: Option<u64>,
    pub workers: u64,
    pub by_worker: Workers,
    pub upgrade: Upgrade,
    pub ends: Ends,
    pub app: App,
    pub login: Login,
    /// Where every request is redirected to.
    pub redirects: Option<&'static str>,
    pub proxies: Proxies,
    /// Behind a tunnel that breaks at this connection, by number, and refuses the next five.
    pub tunnel: Option<u64>,
    pub tls: Option<Tls>,
    /// Whether it supports HTTP/2 with prior knowledge.
    pub http2: bool,
    /// The only host that it knows.
    pub host: Option<&'static str>,
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
