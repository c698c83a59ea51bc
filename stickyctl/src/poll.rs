//! Looking again until something is so, or until the time for it is over.

use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// When to give up, and how long that was from the start, for the message that says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadline {
    end: Instant,
    timeout: Duration,
}

impl Deadline {
    /// `timeout` from now. Needs a Tokio runtime only where tests pause its clock.
    #[must_use]
    pub fn after(timeout: Duration) -> Self {
        Self { end: Instant::now() + timeout, timeout }
    }

    /// The whole time, as it was given.
    pub(crate) const fn timeout(self) -> Duration {
        self.timeout
    }

    pub(crate) const fn end(self) -> Instant {
        self.end
    }

    /// The same or an earlier deadline: at most `timeout` from now.
    pub(crate) fn at_most(self, timeout: Duration) -> Self {
        let sooner = Self::after(timeout);
        if sooner.end < self.end { sooner } else { self }
    }
}

/// Looks until `look` finds something, pausing in between, and once more at the deadline. `None` is a deadline that passed.
///
/// # Errors
/// The first error of `look` ends it.
pub(crate) async fn until<T, E>(deadline: Deadline, pause: Duration, mut look: impl AsyncFnMut() -> Result<Option<T>, E>) -> Result<Option<T>, E> {
    loop {
        if let Some(found) = look().await? {
            return Ok(Some(found));
        }
        let now = Instant::now();
        if now >= deadline.end {
            return Ok(None);
        }
        sleep_until(deadline.end.min(now + pause)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn it_looks_at_once_in_between_and_at_the_deadline() {
        let began = Instant::now();
        let mut looks = Vec::new();
        let none: Result<Option<()>, ()> = until(Deadline::after(Duration::from_secs(5)), Duration::from_secs(2), async || {
            looks.push(began.elapsed().as_secs());
            Ok(None)
        })
        .await;
        assert_eq!((none, looks), (Ok(None), vec![0, 2, 4, 5]));
    }

    #[tokio::test(start_paused = true)]
    async fn it_ends_with_what_is_found_and_with_the_first_error() {
        let deadline = Deadline::after(Duration::from_secs(60));
        let mut left = 3;
        let found: Result<Option<u8>, ()> = until(deadline, Duration::from_secs(1), async || {
            left -= 1;
            Ok((left == 0).then_some(7))
        })
        .await;
        assert_eq!(found, Ok(Some(7)));
        assert_eq!(until::<(), _>(deadline, Duration::from_secs(1), async || Err("no")).await, Err("no"));
    }

    #[tokio::test(start_paused = true)]
    async fn the_earlier_of_two_deadlines() {
        let long = Deadline::after(Duration::from_secs(60));
        assert_eq!(long.at_most(Duration::from_secs(90)), long);
        assert_eq!(long.at_most(Duration::from_secs(5)).timeout(), Duration::from_secs(5));
    }
}
