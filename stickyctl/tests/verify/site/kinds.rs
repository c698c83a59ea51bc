//! Kinds of sites: what each rule may be.

/// What decides which pod gets a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Affinity {
    /// The pod that the cookie names; a value that names none gets a new one.
    Persistent,
    /// The same, and a value that names none gets any pod and no new cookie.
    NeverReplaced,
    /// A hash of the cookie, whatever it is; the first answer's cookie is a random key.
    Ring,
    /// A hash of a cookie that the first pod chose without knowing where the hash leads.
    HashOfForeignCookie,
    /// The connection.
    Connection,
    /// The client's address.
    Source,
    /// The path.
    Path,
    /// A cookie is set, but not read.
    Nothing,
}

/// Load balancing, if nothing else decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Balance {
    /// Round robin.
    Turns,
    /// Weighted round robin, smooth as in nginx.
    Weighted(&'static [i64]),
    /// Least requests under way; round robin among equals.
    LeastConnections,
    /// Random.
    Random,
    /// The pod of an idle upstream connection, the last used first; if all are busy a new one, round robin.
    KeptConnections,
    /// The first pod for so many requests, and then every tenth to others, which have just started.
    SlowStart(u64),
}

/// Which answers set the cookie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sets {
    /// All.
    All,
    /// All but the 101 response.
    NotUpgrades,
    /// Only the 101 response.
    OnlyUpgrades,
}

/// What else sets cookies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Beside {
    /// Nothing.
    Nothing,
    /// The proxy itself, first one for a pod that did not answer.
    DeadFirst,
    /// The same, in the other order.
    DeadLast,
    /// The application, with the same name.
    SameName,
    /// The application, with another name, in each answer.
    OtherName,
}

/// How an upgrade to a WebSocket is handled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Upgrade {
    /// Like any request.
    AsRequests,
    /// Its cookie is not read, and none is set.
    Elsewhere,
    /// Refused with 400.
    Refused,
    /// Like any request, but only text messages identify the pod.
    ByText,
    /// By separate pods.
    OwnPods,
}

/// What ends sockets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ends {
    /// Nothing.
    Never,
    /// All open ones, without a close frame, at a request.
    Cut(u64),
    /// The very first one, without a close frame, at a request.
    CutOne(u64),
    /// All open ones, with 1012, at a request.
    Goodbye(u64),
    /// Nothing, but all open ones get a message of 300 KiB at a request.
    TooMuch(u64),
    /// An idle timeout in milliseconds.
    Idle(u64),
    /// The same, but pods ping more often than that.
    IdleWithPings(u64),
    /// Nothing, but pods ping as fast as they can and never read.
    Flood,
}

/// How answers identify their pod.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Identity {
    /// By the pod's name.
    Pod,
    /// With something that changes with every request.
    Request,
    /// With something that belongs to the session.
    Session,
    /// Not at all.
    Nobody,
    /// With this text and a number.
    Hostile(&'static str),
}

/// A cache in front.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cache {
    /// None.
    Nothing,
    /// It answers all but the first request, and says so in a header.
    Says(&'static str, &'static str),
    /// It caches answers by URL, and does not say so.
    Silent,
}

/// A pod that is dead for a while: from this request to that one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Dead {
    pub(crate) from: u64,
    pub(crate) until: u64,
    /// Whether requests without a cookie are retried on another pod.
    pub(crate) others_are_spared: bool,
}

/// Clients that get a 401.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Login {
    /// Nobody.
    Nobody,
    /// Clients that have not posted the password, which sets a cookie.
    Password,
    /// Clients without a login cookie.
    Cookie,
    /// Clients without `Authorization`.
    Header,
}

/// Several proxies, and how they read each other's cookies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Proxies {
    /// One.
    One,
    /// Two that agree.
    Agree,
    /// Two that read different pods from a value.
    Disagree,
    /// Two that know only their own values.
    OwnValues,
    /// Two that read different pods from a value for so long, as after a change of the pods.
    DisagreeFor(std::time::Duration),
}

/// How the site does TLS, and what the command trusts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tls {
    /// Whether it supports HTTP/2.
    pub(crate) http2: bool,
    /// The CA certificate that the command gets.
    pub(crate) trust: Trust,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trust {
    /// The site's.
    Right,
    /// Another site's.
    Wrong,
    /// None: it accepts any certificate.
    Everybody,
    /// The site's, which is marked as an authority's own, as `openssl req -x509` makes it.
    ItsOwnAuthority,
}

/// The routes of sticky-app.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum App {
    /// None of them.
    No,
    /// All of them.
    Whole,
    /// Its POSTs have a rule without affinity.
    PostsElsewhere,
    /// No worker listens to its bus.
    NoBus,
    /// The bus takes messages and loses them.
    LossyBus,
}

/// Which worker of a pod answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Workers {
    /// The one that accepts the connection.
    Any,
    /// The one that the cookie chooses.
    ByCookie,
}
