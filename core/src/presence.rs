//! What each worker announces to the others on the bus.

use crate::identity::PodName;
use crate::mode::MOST;
use crate::readiness::State;
use crate::version::Version;
use crate::wire::object;
use serde::{Deserialize, Serialize};

/// The longest presence in bytes: its longest name has 253, and its numbers at most 20 each.
const MOST_PRESENCE: usize = 1_024;

/// What a worker announces about itself at regular intervals.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Presence {
    /// The worker's pod, as in [`crate::identity::PodName`].
    pub pod: String,
    /// The number in the pod, from 0.
    pub worker: u16,
    /// The number of workers of its pod when all of them run.
    pub workers: u16,
    /// Random for each start; a new one replaces the old.
    pub boot: String,
    /// What its pod calls its version; `None` for a worker older than this field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<Version>,
    /// Whether it takes traffic.
    pub state: State,
    /// Milliseconds until it is gone, while it drains.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left_ms: Option<u64>,
    /// Sockets that it holds.
    pub sockets: usize,
    /// Messages that it received from the bus and dropped, because it holds no socket of their session (broadcast).
    pub ignored: u64,
    /// Milliseconds until this expires.
    pub ttl_ms: u64,
    /// Whether this is its goodbye.
    #[serde(default)]
    pub gone: bool,
}

/// A presence that no worker of this app announces. The text doesn't repeat any of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a presence of this app")]
pub struct BadPresence;

impl Presence {
    /// Reads a presence, with the rules of [`crate::identity::Identity`] for its names and numbers.
    ///
    /// # Errors
    /// [`BadPresence`] if no worker of this app announces it.
    pub fn parse(bytes: &[u8]) -> Result<Self, BadPresence> {
        if bytes.len() > MOST_PRESENCE {
            return Err(BadPresence);
        }
        let presence: Self = object(bytes).map_err(|_| BadPresence)?;
        let boot = &presence.boot;
        let fits = PodName::new(&presence.pod).is_ok()
            && (1..=32).contains(&boot.len())
            && boot.bytes().all(|b| b.is_ascii_alphanumeric())
            && (1..=MOST).contains(&presence.workers)
            && presence.worker < presence.workers;
        if fits { Ok(presence) } else { Err(BadPresence) }
    }
}

#[cfg(test)]
pub(crate) mod testing {
    use super::*;

    /// The presence of a worker that is alone in its pod.
    pub(crate) fn presence(pod: &str, worker: u16, boot: &str) -> Presence {
        Presence {
            pod: pod.into(),
            worker,
            workers: 1,
            boot: boot.into(),
            version: Some(Version::own()),
            state: State::Ready,
            left_ms: None,
            sockets: 0,
            ignored: 0,
            ttl_ms: 3_000,
            gone: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::testing::presence;
    use super::*;

    #[test]
    fn a_presence_is_checked_like_a_name_from_a_flag() {
        let written = |presence: &Presence| serde_json::to_vec(presence).unwrap();
        let good = Presence { workers: 4, ..presence("app-1.example", 3, "0123abcd") };
        assert_eq!(Presence::parse(&written(&good)), Ok(good.clone()));
        let long = "a".repeat(100_000);
        for pod in ["", "<img src=x onerror=alert(1)>", "a b", "a:1", &long] {
            assert_eq!(Presence::parse(&written(&Presence { pod: pod.into(), ..good.clone() })), Err(BadPresence));
        }
        for boot in ["", "a-b", &"a".repeat(33)] {
            assert_eq!(Presence::parse(&written(&Presence { boot: boot.into(), ..good.clone() })), Err(BadPresence));
        }
        for (worker, workers) in [(0, 0), (4, 4), (0, MOST + 1), (u16::MAX, u16::MAX)] {
            assert_eq!(Presence::parse(&written(&Presence { worker, workers, ..good.clone() })), Err(BadPresence));
        }
        let text = String::from_utf8(written(&good)).unwrap();
        let foreign = text.replace(&format!("\"version\":\"{}\"", Version::own()), r#""version":"<b>""#);
        assert!(foreign != text && Presence::parse(foreign.as_bytes()) == Err(BadPresence));
        for rubbish in [&b"null"[..], b"[]", b"{}", b"\xff"] {
            assert_eq!(Presence::parse(rubbish), Err(BadPresence));
        }
    }
}
