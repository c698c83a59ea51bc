//! Kinds of sites: what each rule may be.

/// What decides where a request goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Affinity {
    /// The pod that the cookie names; a value that names none gets a new one.
    Persistent,
    /// The same, and a value that names none gets any pod and no new cookie.
    NeverReplaced,
    /// A hash of the cookie, whatever it is; the first answer's cookie is a random key.
    Ring,
    /// A hash of a cookie that the first answer's pod chose without knowing where it leads.
    HashOfForeignCookie,
    /// The connection.
    Connection,
    /// The client's address.
    Source,
    /// The path.
    Path,
    /// A cookie is set, and nobody looks at it.
    Nothing,
}

/// Who gets a request that nothing decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Balance {
    /// One after another.
    Turns,
    /// One after another by weights, smoothly, as nginx does it.
    Weighted(&'static [i64]),
    /// Whoever has the fewest requests under way; among equals by turns.
    LeastConnections,
    /// By chance.
    Random,
    /// Whoever a kept connection leads to, the one used last first; where all are in use a new one, by turns.
    KeptConnections,
    /// The first pod for so many requests, and then every tenth to others: they have just come.
    SlowStart(u64),
}

/// Which answers set the cookie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sets {
    /// All.
    All,
    /// Not the 101.
    NotUpgrades,
    /// The 101 only.
    OnlyUpgrades,
}

/// What else sets cookies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beside {
    /// Nothing.
    Nothing,
    /// The proxy itself, first one for a pod that did not answer.
    DeadFirst,
    /// The same, in the other order.
    DeadLast,
    /// The application, of the same name.
    SameName,
    /// The application, of a name of its own, in each answer.
    OtherName,
}

/// What becomes of an upgrade to a WebSocket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Upgrade {
    /// As any request.
    AsRequests,
    /// Its cookie is not read, and none is set.
    Elsewhere,
    /// Refused with 400.
    Refused,
    /// As any request, and only its texts say who it is.
    ByText,
    /// By pods of its own.
    OwnPods,
}

/// What ends sockets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ends {
    /// Nothing.
    Never,
    /// All that are open, without a word, at a request.
    Cut(u64),
    /// The first one of all, without a word, at a request.
    CutOne(u64),
    /// All that are open, with 1012, at a request.
    Goodbye(u64),
    /// None, and all that are open get a message of 300 KiB at a request.
    TooMuch(u64),
    /// A silence of so many milliseconds.
    Idle(u64),
    /// The same, and pods ping more often than that.
    IdleWithPings(u64),
}

/// What the pods call themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Identity {
    /// By name.
    Pod,
    /// By the request.
    Request,
    /// By the session.
    Session,
    /// Not at all.
    Nobody,
    /// By this and a number.
    Hostile(&'static str),
}

/// A cache in front.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cache {
    /// None.
    Nothing,
    /// All but the first answer are its own, by a header.
    Says(&'static str, &'static str),
    /// It keeps what was answered to a URL, and says nothing.
    Silent,
}

/// A pod that is dead for a while: from this request on, up to that one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dead {
    pub from: u64,
    pub until: u64,
    /// Whether requests that no cookie binds are tried elsewhere.
    pub others_are_spared: bool,
}

/// Who gets no answer but 401.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Login {
    /// Nobody.
    Nobody,
    /// Who has not posted the password, which brings a cookie.
    Password,
    /// Who has no cookie of a login.
    Cookie,
    /// Who has no `Authorization`.
    Header,
}

/// Several proxies, and what they make of each other's cookies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proxies {
    /// One.
    One,
    /// Two that agree.
    Agree,
    /// Two for whom a value means different pods.
    Disagree,
    /// Two that know their own values only.
    OwnValues,
}

/// How the site does TLS, and whom the call trusts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tls {
    /// Whether it speaks HTTP/2.
    pub http2: bool,
    /// Whose certificate the call is given.
    pub trust: Trust,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trust {
    /// The site's.
    Right,
    /// Somebody else's.
    Wrong,
    /// It is told to trust everybody.
    Everybody,
}

/// The routes of sticky-app.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum App {
    /// None of them.
    No,
    /// As they are.
    Whole,
    /// Its posts have a rule without affinity.
    PostsElsewhere,
    /// Nobody listens to its bus.
    NoBus,
    /// The bus takes messages and loses them.
    LossyBus,
}

/// Which worker of a pod answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Workers {
    /// Whoever takes the connection.
    Any,
    /// The one that the cookie chooses.
    ByCookie,
}
