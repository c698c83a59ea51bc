//! Names that several programs share: HTTP headers and the environment variables of sticky-app.

/// HTTP headers, in lower case as `http::HeaderName` has them.
pub mod header {
    /// On answers: the pod that answered.
    pub const POD: &str = "x-sticky-pod";
    /// On answers: the number of the worker that answered, from 0.
    pub const WORKER: &str = "x-sticky-worker";
    /// On answers: random for each start of a worker, so that clients notice a restart.
    pub const BOOT: &str = "x-sticky-boot";
    /// On requests: the id of the trace that the client asks for ([`crate::trace::TraceId`]).
    pub const TRACE: &str = "x-sticky-trace";
    /// On requests: the message's key ([`crate::ids::IdempotencyKey`]), which makes it safe to send it again.
    pub const IDEMPOTENCY_KEY: &str = "idempotency-key";
    /// On answers: the hops of the request that our own front door saw, as JSON ([`crate::trace::Hop`]).
    pub const DOOR: &str = "x-sticky-door";
}

macro_rules! variables {
    ($($(#[doc = $doc:literal])* $name:ident = $text:literal,)+) => {
        /// Environment variables of sticky-app. Each is the flag of the same name: `STICKY_MAX_BODY` is `--max-body`.
        pub mod env {
            $($(#[doc = $doc])* pub const $name: &str = $text;)+

            /// All of the above; a test compares them with the flags of sticky-app.
            pub const ALL: &[&str] = &[$($name),+];
        }
    };
}

variables! {
    /// The address of the site.
    LISTEN = "STICKY_LISTEN",
    /// The address of `/healthz`, `/readyz` and `/metrics`.
    ADMIN_LISTEN = "STICKY_ADMIN_LISTEN",
    /// The number of worker processes.
    WORKERS = "STICKY_WORKERS",
    /// `memory` or `redis`.
    BUS = "STICKY_BUS",
    /// A [`crate::choice::Issuer`].
    ISSUER = "STICKY_ISSUER",
    /// The pod's name; without it, the host name.
    POD = "STICKY_POD",
    /// A [`crate::version::Version`].
    REPORT_VERSION = "STICKY_REPORT_VERSION",
    /// A [`crate::topology::Door`] as JSON.
    DOOR = "STICKY_DOOR",
    /// A [`crate::choice::Expose`].
    EXPOSE_IDENTITY = "STICKY_EXPOSE_IDENTITY",
    /// Hosts, separated by commas.
    ALLOWED_ORIGIN = "STICKY_ALLOWED_ORIGIN",
    /// Hosts, separated by commas.
    ALLOWED_HOST = "STICKY_ALLOWED_HOST",
    /// Networks, separated by commas.
    TRUSTED_PROXY = "STICKY_TRUSTED_PROXY",
    /// `auto`, `on` or `off`.
    CLOSE_AFTER_POST = "STICKY_CLOSE_AFTER_POST",
    /// `text` or `json`.
    LOG_FORMAT = "STICKY_LOG_FORMAT",
    /// Where Redis is; may hold a password.
    REDIS_URL = "STICKY_REDIS_URL",
    /// A file that holds the Redis password.
    REDIS_PASSWORD_FILE = "STICKY_REDIS_PASSWORD_FILE",
    /// A file of certificates (PEM).
    REDIS_CA_FILE = "STICKY_REDIS_CA_FILE",
    /// What every channel's name begins with.
    REDIS_PREFIX = "STICKY_REDIS_PREFIX",
    /// A [`crate::choice::Fanout`].
    FANOUT = "STICKY_FANOUT",
    /// [`crate::drain::Plan::delay`].
    DRAIN_DELAY = "STICKY_DRAIN_DELAY",
    /// [`crate::drain::Plan::window`].
    DRAIN_WINDOW = "STICKY_DRAIN_WINDOW",
    /// [`crate::limits::Limits::max_body`].
    MAX_BODY = "STICKY_MAX_BODY",
    /// [`crate::limits::Limits::max_text`].
    MAX_TEXT = "STICKY_MAX_TEXT",
    /// [`crate::limits::Limits::max_frame`].
    MAX_FRAME = "STICKY_MAX_FRAME",
    /// [`crate::limits::Limits::header_timeout`].
    HEADER_TIMEOUT = "STICKY_HEADER_TIMEOUT",
    /// [`crate::limits::Limits::keep_alive`].
    KEEP_ALIVE = "STICKY_KEEP_ALIVE",
    /// [`crate::limits::Limits::request_timeout`].
    REQUEST_TIMEOUT = "STICKY_REQUEST_TIMEOUT",
    /// [`crate::limits::Limits::idle_socket`].
    IDLE_SOCKET = "STICKY_IDLE_SOCKET",
    /// [`crate::limits::Limits::ping_interval`].
    PING_INTERVAL = "STICKY_PING_INTERVAL",
    /// [`crate::limits::Limits::sockets_per_session`].
    SOCKETS_PER_SESSION = "STICKY_SOCKETS_PER_SESSION",
    /// [`crate::limits::Limits::max_sockets`].
    MAX_SOCKETS = "STICKY_MAX_SOCKETS",
    /// [`crate::limits::Limits::socket_queue`].
    SOCKET_QUEUE = "STICKY_SOCKET_QUEUE",
    /// [`crate::limits::Limits::max_requests`].
    MAX_REQUESTS = "STICKY_MAX_REQUESTS",
    /// [`crate::limits::Limits::connections_per_address`].
    CONNECTIONS_PER_ADDRESS = "STICKY_CONNECTIONS_PER_ADDRESS",
    /// The memory from which [`crate::memory::budget`] follows.
    MEMORY_LIMIT = "STICKY_MEMORY_LIMIT",
    /// [`crate::limits::Limits::new_sessions_per_minute`].
    NEW_SESSIONS_PER_MINUTE = "STICKY_NEW_SESSIONS_PER_MINUTE",
    /// [`crate::limits::Limits::max_cursors`].
    MAX_CURSORS = "STICKY_MAX_CURSORS",
    /// [`crate::limits::Limits::max_models`].
    MAX_MODELS = "STICKY_MAX_MODELS",
    /// [`crate::limits::Limits::use_case_ttl`].
    USE_CASE_TTL = "STICKY_USE_CASE_TTL",
}
