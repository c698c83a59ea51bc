//! What a single probe saw: an answer, a socket and its end, and what happened beside the probes.

use super::jar::Fate;
use std::time::Duration;

/// What came of one probe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Somebody answered and said who.
    By(Who),
    /// An answer that does not say whose it is, or is none of a pod's to judge by: a proxy's own page, and every 429 and 5xx, whatever it says
    /// of itself, since a proxy puts the name of whom it asked on its own error pages too. Never a move.
    Nameless {
        /// The status.
        status: u16,
    },
    /// No answer: the connection, TLS, time. Never a move.
    Lost(String),
}

/// Who answered.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Who {
    /// The pod.
    pub pod: String,
    /// The worker, where it is told.
    pub worker: Option<String>,
}

/// A cookie that came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offered {
    /// Its name.
    pub name: String,
    /// Its attributes as they would be written, without its value.
    pub attributes: String,
    /// What the jar made of it.
    pub fate: Fate,
    /// How long it lives from the moment that it came, by Max-Age or Expires; none for one of the browser's session.
    pub lives: Option<Duration>,
    /// Its value, where values may be shown.
    pub value: Option<String>,
}

/// One probe, seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shot {
    /// The round it was in, 0 the first.
    pub round: u32,
    /// When it began, from the start of the run.
    pub at: Duration,
    /// How long it took.
    pub took: Duration,
    /// What came of it.
    pub outcome: Outcome,
    /// Names of the cookies that went along.
    pub carried: Vec<String>,
    /// Cookies that came, and what the jar made of them.
    pub offered: Vec<Offered>,
    /// Of an answer that names nobody: what tells why, as where a redirect leads.
    pub aside: Option<String>,
    /// Whether a cache says that it is its own (`Age`, RFC 9111 section 5.1).
    pub cached: bool,
    /// Which of the addresses it went to, where several were named.
    pub way: usize,
    /// Which of the paths it asked: 0 the URL's own; one that only first requests ask comes last.
    pub path: usize,
}

impl Shot {
    /// One that has not been made.
    #[must_use]
    pub const fn none() -> Self {
        let outcome = Outcome::Lost(String::new());
        let (at, took) = (Duration::ZERO, Duration::ZERO);
        Self { round: 0, at, took, outcome, carried: Vec::new(), offered: Vec::new(), aside: None, cached: false, way: 0, path: 0 }
    }

    /// Whether nobody answered.
    #[must_use]
    pub const fn is_lost(&self) -> bool {
        matches!(self.outcome, Outcome::Lost(_))
    }

    /// The pod that answered.
    #[must_use]
    pub fn pod(&self) -> Option<&str> {
        match &self.outcome {
            Outcome::By(who) => Some(&who.pod),
            _ => None,
        }
    }
}

/// A socket: how it opened, and how it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Socket {
    /// The handshake, or the reply that named the pod. One that opened and never said whose it is is [`Outcome::Nameless`] with status 101.
    pub opened: Shot,
    /// Who refused it, where the refusal says so, of any status: of 429 and 5xx that may be a proxy's word about a pod.
    pub refused_by: Option<Who>,
    /// Its end; none where it never opened, or was still open when the run was broken off.
    pub end: Option<End>,
}

impl Socket {
    /// The pod that it is on, or that refused it: a pod that does not know a session turns it away. What 429 and 5xx name may be a proxy's word.
    #[must_use]
    pub fn met(&self) -> Option<&str> {
        let refused = || match self.opened.outcome {
            Outcome::Nameless { status: 400..=428 | 430..=499 } => self.refused_by.as_ref().map(|who| who.pod.as_str()),
            _ => None,
        };
        self.opened.pod().or_else(refused)
    }
}

/// The end of a socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct End {
    /// When, from the start of the run.
    pub at: Duration,
    /// When something went over it last, a ping included.
    pub quiet_since: Duration,
    /// How.
    pub how: How,
}

impl End {
    /// How long nothing had gone over it.
    #[must_use]
    pub const fn silence(&self) -> Duration {
        self.at.saturating_sub(self.quiet_since)
    }
}

/// How a socket ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum How {
    /// The run closed it, or would not read a message as large as came.
    Ours,
    /// The other side said goodbye (RFC 6455 section 5.5.1).
    Goodbye {
        /// The status, 1005 where none was said.
        code: u16,
        /// The reason.
        reason: String,
    },
    /// It ended without a word.
    Cut(String),
}

/// A message that was posted by HTTP for the socket of its session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// The POST.
    pub posted: Shot,
    /// Whether it came over the socket.
    pub arrived: bool,
}

/// Something that happened beside the probes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// When, from the start of the run; zero for what was so when it began.
    pub at: Duration,
    /// What.
    pub what: What,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// A pod is ready, not ready, or gone, by its cluster's word.
    Pod {
        /// Its name.
        pod: String,
        /// How it is now.
        state: PodState,
    },
    /// The tunnel to the site had trouble.
    Tunnel(String),
}

/// How a pod is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PodState {
    /// Ready.
    Ready,
    /// There, and not ready.
    NotReady,
    /// Gone.
    Gone,
}
