//! Dates in cookies.

use std::time::{Duration, SystemTime};

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// A date by the lenient rules of RFC 6265 section 5.1.1, which also cover ingress-nginx's form with dashes and a year of two digits.
pub(super) fn read(text: &str) -> Option<SystemTime> {
    let (mut time, mut day, mut month, mut year) = (None, None, None, None);
    let is_delimiter = |c: char| matches!(c, '\t' | ' '..='/' | ';'..='@' | '['..='`' | '{'..='~');
    for token in text.split(is_delimiter).filter(|token| !token.is_empty()) {
        let digits = token.bytes().take_while(u8::is_ascii_digit).count();
        if time.is_none() && clock(token).is_some() {
            time = clock(token);
        } else if day.is_none() && (1..=2).contains(&digits) {
            day = token[..digits].parse::<u64>().ok();
        } else if month.is_none() && token.get(..3).is_some_and(|name| MONTHS.contains(&name.to_ascii_lowercase().as_str())) {
            month = MONTHS.iter().position(|name| token.to_ascii_lowercase().starts_with(name));
        } else if year.is_none() && (2..=4).contains(&digits) {
            year = token[..digits].parse::<i64>().ok();
        }
    }
    let ((hour, minute, second), day, month) = (time?, day?, month? as i64 + 1);
    let year = match year? {
        year @ 70..=99 => year + 1_900,
        year @ 0..=69 => year + 2_000,
        year => year,
    };
    if !(1..=31).contains(&day) || year < 1_601 || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let seconds = days(year, month, day as i64) * 86_400 + (hour * 3_600 + minute * 60 + second) as i64;
    Some(u64::try_from(seconds).map_or(SystemTime::UNIX_EPOCH, |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)))
}

fn clock(token: &str) -> Option<(u64, u64, u64)> {
    let mut parts = token.splitn(3, ':').map(|part| {
        let digits = part.bytes().take_while(u8::is_ascii_digit).count();
        (1..=2).contains(&digits).then(|| part[..digits].parse().ok()).flatten()
    });
    Some((parts.next()??, parts.next()??, parts.next()??))
}

/// Days from 1970-01-01 in the proleptic Gregorian calendar.
fn days(year: i64, month: i64, day: i64) -> i64 {
    // Years that begin in March have their leap day last.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + (153 * month + 2) / 5 + day - 1 - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Option<SystemTime> {
        Some(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))
    }

    #[test]
    fn dates_of_all_forms() {
        for text in ["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"] {
            assert_eq!(read(text), at(784_111_777), "{text}");
        }
        assert_eq!(read("Fri, 27-Nov-26 09:00:00 GMT"), at(1_795_770_000));
        assert_eq!(read("Thu, 01 Jan 1970 00:00:00 GMT"), at(0));
        assert_eq!(read("Wed, 31 Dec 1969 23:59:59 GMT"), at(0), "long over is over");
        for bad in ["", "tomorrow", "32 Jan 2026 00:00:00", "1 Jan 2026 24:00:00", "1 Jan 1600 00:00:00", "1 Foo 2026 00:00:00"] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}
