//! The other workers on the bus: a relay after an outage waits for their subscriptions, and what is left of one that vanished is
//! ended.

use std::collections::HashMap;
use std::time::{Duration, Instant};
use sticky_core::presence::Presence;

/// How long a worker may be silent beyond its time to live: it may be starved, or connecting to Redis anew.
const SLACK: Duration = Duration::from_secs(5);
/// So that rubbish on the bus can't fill memory.
const MOST: usize = 4_096;

/// The workers that have announced themselves, by their boot.
#[derive(Debug, Default)]
pub(super) struct Peers(HashMap<String, Instant>);

impl Peers {
    pub(super) fn hear(&mut self, presence: &Presence, now: Instant) {
        if presence.gone {
            self.0.remove(&presence.boot);
            return;
        }
        if self.0.len() >= MOST && !self.0.contains_key(&presence.boot) {
            self.0.retain(|_, until| *until > now);
        }
        if self.0.len() < MOST {
            self.0.insert(presence.boot.clone(), now + Duration::from_millis(presence.ttl_ms.min(60_000)) + SLACK);
        }
    }

    /// The boots of the workers that have not left.
    #[must_use]
    pub(super) fn present(&self, now: Instant) -> Vec<String> {
        self.0.iter().filter(|(_, until)| **until > now).map(|(boot, _)| boot.clone()).collect()
    }

    /// Removes and returns the workers that fell silent without leaving.
    #[must_use]
    pub(super) fn take_silent(&mut self, now: Instant) -> Vec<String> {
        self.0.extract_if(|_, until| *until <= now).map(|(boot, _)| boot).collect()
    }

    /// This worker could not hear anybody: everybody gets their time again.
    pub(super) fn renew(&mut self, now: Instant) {
        self.0.values_mut().for_each(|until| *until = (*until).max(now + 2 * SLACK));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sticky_core::readiness::State;

    #[test]
    fn who_left_or_fell_silent_is_not_waited_for() {
        let presence = |boot: &str, gone| Presence {
            pod: "a".into(),
            worker: 0,
            workers: 1,
            boot: boot.into(),
            version: None,
            state: State::Ready,
            left_ms: None,
            sockets: 0,
            ignored: 0,
            ttl_ms: 3_500,
            gone,
        };
        let (mut peers, now) = (Peers::default(), Instant::now());
        for boot in ["a", "b"] {
            peers.hear(&presence(boot, false), now);
        }
        peers.hear(&presence("b", true), now);
        assert_eq!(peers.present(now + Duration::from_secs(8)), ["a"]);
        assert!(peers.present(now + Duration::from_secs(9)).is_empty());
        peers.renew(now + Duration::from_secs(9));
        assert!(peers.take_silent(now + Duration::from_secs(18)).is_empty());
        assert_eq!(peers.take_silent(now + Duration::from_secs(19)), ["a"], "b has left");
        assert!(peers.take_silent(now + Duration::from_secs(19)).is_empty());
        for n in 0..MOST + 9 {
            peers.hear(&presence(&format!("x{n}"), false), now);
        }
        assert!(peers.present(now).len() <= MOST);
    }
}
