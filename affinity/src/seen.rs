//! Single observations: an answer, a socket and its end, and events apart from the probes.

use crate::cookie::JOINED;
use crate::jar::{Fate, Withheld};
use crate::told::Told;
use std::time::Duration;

/// The result of one probe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// An answer that identifies its pod.
    By(Who),
    /// An answer that identifies no pod, or whose identity does not count: a proxy's own page, and every 429 and 5xx, because a proxy adds the
    /// name of the pod that it tried to its own error pages as well. Never a move.
    Nameless {
        /// The HTTP status, or 101 for a socket that opened without identifying its pod.
        status: u16,
    },
    /// No answer, and why: the connection, TLS, a timeout. Never a move.
    Lost(String),
}

impl Outcome {
    /// Whether an answer with this status may be a proxy's own, although it has a pod's name: 429 and 5xx.
    #[must_use]
    pub const fn is_error(status: u16) -> bool {
        status == 429 || status >= 500
    }

    /// The result of an answer with this status and identity. An identity on a 429 or a 5xx does not count.
    #[must_use]
    pub fn of(status: u16, who: Option<Who>) -> Self {
        who.filter(|_| !Self::is_error(status)).map_or(Self::Nameless { status }, Self::By)
    }
}

/// The pod that answered, and its worker.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Who {
    /// The pod's identity, as [`Source::read`](crate::identity::Source::read) returns it.
    pub pod: String,
    /// The worker, if the answer identifies it.
    pub worker: Option<String>,
}

/// A cookie that an answer set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offered {
    /// The name, never empty; case matters.
    pub name: String,
    /// Its attributes ([`Offer::attributes`](crate::cookie::Offer::attributes)).
    pub attributes: String,
    /// What the jar did with it, seen from the URL that was requested.
    pub fate: Fate,
    /// Whether the jar had a cookie of this name with another value until then, whoever set that: for the same URL, so that requests sent it.
    pub overwrites: bool,
    /// Its lifetime from then on, by Max-Age or Expires; `None` for a cookie that lasts until the browser exits.
    pub lives: Option<Duration>,
    /// Its value; `None` unless the user allows values to be shown, because it may be a secret.
    pub value: Option<String>,
}

impl Offered {
    /// Whether its line had a second cookie in it, which browsers do not see.
    #[must_use]
    pub fn is_joined(&self) -> bool {
        self.attributes.contains(JOINED)
    }

    /// Whether it is sent from now on instead of another value.
    #[must_use]
    pub fn is_overwriting(&self) -> bool {
        self.overwrites && self.fate == Fate::Kept
    }
}

/// One probe and its result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shot {
    /// Its round, from 0.
    pub round: u32,
    /// When it began, since the start of the run.
    pub at: Duration,
    /// How long it took until the whole answer was there, or until it failed. Connecting counts.
    pub took: Duration,
    /// Who answered, if anyone did.
    pub outcome: Outcome,
    /// Names of the cookies that were sent, oldest first, with duplicates.
    pub carried: Vec<String>,
    /// For a socket: the session's cookies that were not sent with it, by name, and why.
    pub withheld: Vec<(String, Withheld)>,
    /// Cookies that the answer set, in its order.
    pub offered: Vec<Offered>,
    /// For an answer that identifies no pod: a hint at the cause, such as the target of a redirect.
    pub aside: Option<String>,
    /// The header that marks the answer as one of a bot challenge or a firewall ([`challenge`](crate::guard::challenge)).
    pub challenge: Option<&'static str>,
    /// Whether a cache answered, by its own headers ([`is_cached`](crate::cache::is_cached)).
    pub cached: bool,
    /// Index of the address that it was sent to, if there are several.
    pub way: usize,
    /// Index of its path: 0 is the URL's own; a path that only first requests use comes last.
    pub path: usize,
    /// The number of its [marker](crate::marker::Token::marker), if logs are to tell which pod answered.
    pub mark: Option<u32>,
    /// What a log said of it.
    pub told: Option<Box<Told>>,
    /// Whether the answer shows that the session was lost ([`lost`](crate::symptom::lost)); `None` if it shows nothing.
    pub symptom: Option<bool>,
}

impl Shot {
    /// A probe that was not made, as a base for others.
    #[must_use]
    pub const fn none() -> Self {
        let outcome = Outcome::Lost(String::new());
        let (at, took) = (Duration::ZERO, Duration::ZERO);
        let (aside, challenge) = (None, None);
        Self {
            round: 0,
            at,
            took,
            outcome,
            carried: Vec::new(),
            withheld: Vec::new(),
            offered: Vec::new(),
            aside,
            challenge,
            cached: false,
            way: 0,
            path: 0,
            mark: None,
            told: None,
            symptom: None,
        }
    }

    /// Whether there was no answer at all; an error page is an answer.
    #[must_use]
    pub const fn is_lost(&self) -> bool {
        matches!(self.outcome, Outcome::Lost(_))
    }

    /// Whether the answer gave a cookie that requests to the URL send another value than it had.
    #[must_use]
    pub fn overwrites(&self) -> bool {
        self.offered.iter().any(Offered::is_overwriting)
    }

    /// Pods that the front door tried before the one that answered, in order, according to its log.
    #[must_use]
    pub fn tried(&self) -> &[String] {
        self.told.as_ref().map_or(&[], |told| &told.tried)
    }

    /// Whether a log should have told which pod gave this answer, but has no line about it. An answer that may be a proxy's own identifies no pod
    /// in any case.
    #[must_use]
    pub fn is_unidentified(&self) -> bool {
        self.told.is_none() && self.awaits_log()
    }

    /// Whether a log has a line about this answer that tells no pods apart, such as one with the Service's address.
    #[must_use]
    pub fn is_by_stranger(&self) -> bool {
        self.told.is_some() && self.awaits_log()
    }

    fn awaits_log(&self) -> bool {
        self.mark.is_some() && matches!(self.outcome, Outcome::Nameless { status } if !Outcome::is_error(status))
    }

    /// The pod that answered; `None` without an answer or without an identity that counts.
    #[must_use]
    pub fn pod(&self) -> Option<&str> {
        match &self.outcome {
            Outcome::By(who) => Some(&who.pod),
            _ => None,
        }
    }
}

/// A WebSocket: how it opened, and how it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Socket {
    /// The handshake, or the message that identified the pod. A socket that opened without identifying its pod is [`Outcome::Nameless`] with
    /// status 101.
    pub opened: Shot,
    /// Who refused it, if the refusal says so, with any status. With 429 and 5xx a proxy may have added a pod's name.
    pub refused_by: Option<Who>,
    /// Its end; `None` if it never opened, or was still open when the run was interrupted.
    pub end: Option<End>,
}

impl Socket {
    /// The pod that it reached: the one that holds it, or the one that refused it because it does not know the session. Names on a 429 or 5xx
    /// do not count.
    #[must_use]
    pub fn met(&self) -> Option<&str> {
        let refused = || match self.opened.outcome {
            Outcome::Nameless { status: 400..=428 | 430..=499 } => self.refused_by.as_ref().map(|who| who.pod.as_str()),
            _ => None,
        };
        self.opened.pod().or_else(refused)
    }
}

/// The end of a WebSocket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct End {
    /// Time since the start of the run.
    pub at: Duration,
    /// When something was last sent over it, pings included; time since the start of the run.
    pub quiet_since: Duration,
    /// What the client saw of the end; [`Run::ends`](crate::run::Run::ends) infers the cause.
    pub how: How,
}

impl End {
    /// How long nothing had been sent over it.
    #[must_use]
    pub const fn silence(&self) -> Duration {
        self.at.saturating_sub(self.quiet_since)
    }
}

/// How a WebSocket ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum How {
    /// The client closed it, or rejected a message because of its size.
    Ours,
    /// The server sent a close frame (RFC 6455 section 5.5.1).
    Goodbye {
        /// The status code, 1005 if there was none.
        code: u16,
        /// The reason as the server wrote it, often empty.
        reason: String,
    },
    /// It ended without a close frame; the text is the error that the client got.
    Cut(String),
}

/// A message that was posted over HTTP for its session's socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// The POST. The pod that answered it need not be the one that holds the socket.
    pub posted: Shot,
    /// Whether it arrived over the socket in time.
    pub arrived: bool,
}

/// Something that happened apart from the probes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Time since the start of the run; zero for the state at the start.
    pub at: Duration,
    /// The change that was reported.
    pub what: What,
}

/// A change that can explain moves or broken sockets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// A pod became ready, not ready, or gone, according to its cluster.
    Pod {
        /// The pod's name in the cluster, comparable to [`Who::pod`] if the site shows it.
        pod: String,
        /// The state from then on.
        state: PodState,
    },
    /// The tunnel to the site broke or came back; the text says which.
    Tunnel(String),
}

/// The state of a pod, according to its cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PodState {
    /// Its Ready condition is true, and it is not terminating. Moves away from such a pod are collateral.
    Ready,
    /// It exists, but is not ready. Moves away from it are forced.
    NotReady,
    /// It is being deleted, and may still serve. Moves away from it are forced.
    Terminating,
    /// The cluster no longer has it. Moves away from it are forced.
    Gone,
}
