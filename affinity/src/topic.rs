//! What reasons are about, to list them in groups.

use crate::code::Code;

/// What a reason is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Topic {
    /// Where a session's requests go.
    Sessions,
    /// The affinity cookie's attributes.
    Cookie,
    /// What keeps a run from proving anything.
    Proof,
    /// Pods that come and go.
    Disruptions,
    /// Sockets and the messages in them.
    Sockets,
    /// Workers in a pod.
    Workers,
    /// The move to another front door.
    Migration,
}

impl Topic {
    /// In the order in which they are listed.
    pub const ALL: &[Self] = &[Self::Sessions, Self::Cookie, Self::Proof, Self::Disruptions, Self::Sockets, Self::Workers, Self::Migration];

    /// A heading.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Sessions => "Sessions move, or do not settle on a pod",
            Self::Cookie => "Browsers do not keep the cookie, or do not send it",
            Self::Proof => "The run proves little or nothing",
            Self::Disruptions => "Pods come and go",
            Self::Sockets => "Sockets and messages",
            Self::Workers => "Workers in a pod",
            Self::Migration => "The move to another front door",
        }
    }
}

impl Code {
    /// The group in which `stickyctl explain` lists it.
    #[must_use]
    pub const fn topic(self) -> Topic {
        match self {
            Self::NoAffinityCookie
            | Self::CookieNotHonoured
            | Self::ValueNotHonoured
            | Self::Leaks
            | Self::PodsReplaced
            | Self::MovedForced
            | Self::MovedCollateral
            | Self::ProxyDisagreement
            | Self::PathsDisagree
            | Self::DeadPodKept
            | Self::BoundLate
            | Self::CookieOverwritten
            | Self::CookiePicksNode
            | Self::ParallelUnsettled
            | Self::DeadCookieUnsettled
            | Self::SharedConnection
            | Self::SessionLost => Topic::Sessions,
            Self::CookiePathMismatch
            | Self::CookieRefused
            | Self::CookieDomainMismatch
            | Self::SecureOverHttp
            | Self::BornExpired
            | Self::CookieShortLived => Topic::Cookie,
            Self::SingleReadyPod
            | Self::SingleBackendPath
            | Self::UnbalancedControl
            | Self::SessionsTogether
            | Self::TooFewProbes
            | Self::RateUndecided
            | Self::NotByCookie
            | Self::SessionNotInCookie
            | Self::NoIdentity
            | Self::NoLogLine
            | Self::IdentityUnstable
            | Self::Cached
            | Self::ErrorRate
            | Self::SessionEnded
            | Self::SymptomUnseen
            | Self::Transport => Topic::Proof,
            Self::DisruptionMoved
            | Self::RingMoved
            | Self::DisruptionErrors
            | Self::DrainTakesNew
            | Self::DisruptionUnsettled
            | Self::PodsUnknown => Topic::Disruptions,
            Self::SocketElsewhere
            | Self::NoCookieOnUpgrade
            | Self::UpgradeFailed
            | Self::DeliveryMissed
            | Self::RelayMissed
            | Self::Goodbye
            | Self::PodTerminated
            | Self::IdleTimeout
            | Self::ProxyRecycled
            | Self::SocketLost => Topic::Sockets,
            Self::WorkerNotSticky | Self::WorkersUnproven | Self::SingleWorker => Topic::Workers,
            Self::MovedAtCutOver | Self::FlipFlop | Self::ForeignCookieErrors | Self::TwoCookiesOneName | Self::TwoNamesTwoPods | Self::OtherPods => {
                Topic::Migration
            }
        }
    }
}
