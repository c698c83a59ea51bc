//! Durations with units, as flags have them.

use std::time::Duration;

/// Reads `500ms`, `10s`, `5m` or `1h`: a whole number and a unit.
///
/// # Errors
/// A sentence that names the accepted forms.
pub fn parse(text: &str) -> Result<Duration, String> {
    let split = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let millis_per = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return Err("write a whole number and its unit: 500ms, 10s, 5m or 1h".to_owned()),
    };
    let number: u64 = number.parse().map_err(|_| "write a whole number and its unit: 500ms, 10s, 5m or 1h".to_owned())?;
    number
        .checked_mul(millis_per)
        .filter(|ms| *ms <= 31 * 24 * 3_600_000)
        .map(Duration::from_millis)
        .ok_or_else(|| "the longest duration is 31 days".to_owned())
}

/// Writes a duration so that [`parse`] reads the same back, in the largest unit that fits.
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
