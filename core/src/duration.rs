//! Durations with units, as flags and files write them.

use std::time::Duration;

/// The longest duration that [`parse`] accepts.
const LONGEST: Duration = Duration::from_hours(31 * 24);

/// A text that is not a duration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadDuration {
    /// The number is missing or not whole, or the unit is unknown.
    #[error("expected a whole number with a unit: 500ms, 10s, 5m or 1h")]
    Form,
    /// It is zero, where something has to take time.
    #[error("too short: it must be more than zero")]
    Zero,
    /// It is more than 31 days.
    #[error("too long: the longest duration is 31 days")]
    TooLong,
}

/// Reads `500ms`, `10s`, `5m` or `1h`: a whole number and a unit, at most 31 days.
///
/// # Errors
/// [`BadDuration`] for any other text.
pub fn parse(text: &str) -> Result<Duration, BadDuration> {
    let split = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let millis_per = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return Err(BadDuration::Form),
    };
    let number: u64 = number.parse().map_err(|_| BadDuration::Form)?;
    let duration = number.checked_mul(millis_per).map(Duration::from_millis);
    duration.filter(|duration| *duration <= LONGEST).ok_or(BadDuration::TooLong)
}

/// Like [`parse`], for a time limit or an interval: zero is refused.
///
/// # Errors
/// [`BadDuration`] for any other text.
pub fn positive(text: &str) -> Result<Duration, BadDuration> {
    parse(text).and_then(|duration| if duration.is_zero() { Err(BadDuration::Zero) } else { Ok(duration) })
}

/// Writes a duration so that [`parse`] reads it back, in the largest unit without a fraction.
#[must_use]
pub fn write(duration: Duration) -> String {
    let ms = duration.as_millis();
    for (unit, per) in [("h", 3_600_000), ("m", 60_000), ("s", 1_000)] {
        if ms >= per && ms.is_multiple_of(per) {
            return format!("{}{unit}", ms / per);
        }
    }
    format!("{ms}ms")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zero_is_no_time_limit() {
        assert_eq!((positive("0s"), positive("0ms"), positive("1ms")), (Err(BadDuration::Zero), Err(BadDuration::Zero), parse("1ms")));
    }

    #[test]
    fn both_ways() {
        for (text, ms) in [("500ms", 500), ("0ms", 0), ("10s", 10_000), ("90s", 90_000), ("5m", 300_000), ("1h", 3_600_000)] {
            assert_eq!(parse(text).unwrap().as_millis(), ms);
            assert_eq!(write(Duration::from_millis(ms as u64)), text);
        }
        for bad in ["", "10", "s", "1.5s", "-1s", "10 s", "99999999999999999999h", "10000h"] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
