//! Dates in cookies.

use std::time::{Duration, SystemTime};

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// A date by lenient rules, which also cover ingress-nginx's form with dashes and a year of two digits.
///
/// They are like RFC 6265bis section 5.1.1, but Chromium's, which differ in the details: a number ends where its word ends, a year may have
/// any number of digits up to five, and one before 1601 is long over.
pub(super) fn read(text: &str) -> Option<SystemTime> {
    let (mut time, mut day, mut month, mut year) = (None, None, None, None);
    let is_delimiter = |c: char| matches!(c, '\t' | ' '..='/' | ';'..='@' | '['..='`' | '{'..='~');
    for token in text.split(is_delimiter).filter(|token| !token.is_empty()) {
        if !token.starts_with(|c: char| c.is_ascii_digit()) {
            month = month.or_else(|| MONTHS.iter().position(|name| begins(token, name)));
        } else if token.contains(':') {
            time = time.or_else(|| clock(token));
        } else if day.is_none() && token.len() <= 2 {
            day = number(token);
        } else if year.is_none() && token.len() <= 5 {
            year = number(token);
        }
    }
    let ((hour, minute, second), day, month) = (time?, day?, month? as i64 + 1);
    let year = match year? {
        year @ 70..=99 => year + 1_900,
        year @ 0..=69 => year + 2_000,
        year => year,
    };
    if hour > 23 || minute > 59 || second > 59 || day < 1 || days(year, month, day) >= days(year + month / 12, month % 12 + 1, 1) {
        return None;
    }
    let seconds = days(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second;
    Some(u64::try_from(seconds).map_or(SystemTime::UNIX_EPOCH, |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)))
}

fn begins(token: &str, name: &str) -> bool {
    token.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name))
}

/// A number of digits alone; what is too large for any field is none.
fn number(token: &str) -> Option<i64> {
    Some(token).filter(|token| !token.is_empty() && token.bytes().all(|digit| digit.is_ascii_digit()))?.parse().ok().filter(|n| *n < 100_000)
}

fn clock(token: &str) -> Option<(i64, i64, i64)> {
    let mut parts = token.split(':').map(number);
    Some((parts.next()??, parts.next()??, parts.next()??)).filter(|_| parts.next().is_none())
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
        for text in ["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994", "\"6/novem/00094_8:49:37\""] {
            assert_eq!(read(text), at(784_111_777), "{text}");
        }
        assert_eq!(read("Fri, 27-Nov-26 09:00:00 GMT"), at(1_795_770_000));
        assert_eq!(read("Thu, 01 Jan 1970 00:00:00 GMT"), at(0));
        for over in ["Wed, 31 Dec 1969 23:59:59 GMT", "1 Jan 1600 00:00:00", "1 Jan 100 00:00:00"] {
            assert_eq!(read(over), at(0), "long over is over");
        }
        assert_eq!((read("29 Feb 2028 00:00:00"), read("31 Dec 99999 23:59:59")), (at(1_835_395_200), at(3_093_527_980_799)));
    }

    #[test]
    fn what_is_no_date() {
        for bad in [
            "",
            "tomorrow",
            "32 Jan 2026 00:00:00",
            "0 Jan 2026 00:00:00",
            "31 Apr 2026 00:00:00",
            "29 Feb 2027 00:00:00",
            "1 Jan 2026 24:00:00",
            "1 Jan 2026 00:00",
            "1 Jan 2026 00:00:60",
            "1 Jan 2026 00:00:00:00",
            "1 Jan 2026 00:00:00Z",
            "1 Jan 2026 :00:00:00",
            "1 Jan 2026\u{e4} 00:00:00",
            "1a Jan 2026 00:00:00",
            "010 Jan 2026 00:00:00",
            "1Jan2026 00:00:00",
            "1 Foo 2026 00:00:00",
            "1 Jan 100000 00:00:00",
            "2026-01-01T00:00:00Z",
        ] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}
