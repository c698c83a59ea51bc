//! What the beats say about one pair of connections.

use super::config::describe;
use super::shared::Shared;
use ::redis::RedisResult;
use std::time::Duration;

/// Connections on which no beat arrives for so long are lost.
const SILENCE: Duration = Duration::from_secs(2);

/// The beats of one pair of connections.
pub(super) struct Line {
    /// Beats up to this number belong to earlier connections.
    before: u64,
    heard: u64,
    taken: bool,
    silence: Duration,
}

impl Line {
    pub(super) fn new(link: &Shared) -> Self {
        let before = link.pulse.sent();
        Self { before, heard: before, taken: false, silence: Duration::ZERO }
    }

    /// Whether a beat went out on one connection and came in on the other.
    pub(super) fn is_proved(&self) -> bool {
        self.taken && self.heard > self.before
    }

    /// Counts a `period` that has passed. It fails when no beat arrived for too long.
    pub(super) fn tick(&mut self, link: &Shared, period: Duration) -> Result<(), String> {
        let heard = link.pulse.heard();
        self.silence = if heard > self.heard { Duration::ZERO } else { self.silence + period };
        self.heard = self.heard.max(heard);
        if self.silence < SILENCE { Ok(()) } else { Err(format!("Redis passed nothing on for {} s", SILENCE.as_secs())) }
    }

    /// Judges the answer to a beat.
    pub(super) fn answered(&mut self, link: &Shared, done: RedisResult<u64>) -> Result<(), String> {
        match done {
            Ok(0) => Err("Redis has dropped the subscription".to_owned()),
            Ok(_) => {
                self.taken = true;
                link.pulse.published(link.pulse.now(), true);
                Ok(())
            }
            // A slow Redis is not a lost one; one that stays silent is found by its silence.
            Err(error) if error.is_timeout() => Ok(()),
            Err(error) => {
                link.pulse.published(0, false);
                Err(describe(&error))
            }
        }
    }
}
