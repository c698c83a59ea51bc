//! A cookie as an answer sets it: where a browser sends it back, and a normalized text to compare front doors by.

use crate::http::Answer;
use std::collections::BTreeMap;
use std::time::SystemTime;

/// A `Set-Cookie` line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetCookie {
    pub name: String,
    pub value: String,
    /// Attributes by name as written, sorted without regard to case.
    attributes: BTreeMap<String, String>,
}

impl SetCookie {
    /// All cookies that an answer sets, in its order.
    #[must_use]
    pub fn all(answer: &Answer) -> Vec<Self> {
        answer.headers.get_all("set-cookie").iter().filter_map(|line| Self::parse(line.to_str().ok()?)).collect()
    }

    #[must_use]
    pub fn parse(line: &str) -> Option<Self> {
        let mut parts = line.split(';');
        let (name, value) = parts.next()?.split_once('=')?;
        let attributes = parts.map(|part| part.split_once('=').map_or((part.trim(), ""), |(name, value)| (name.trim(), value.trim())));
        let attributes = attributes.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Some(Self { name: name.trim().to_owned(), value: value.trim().to_owned(), attributes })
    }

    /// The value of an attribute; empty if it has none.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// Name and attributes. A date becomes its distance from now, rounded to ten minutes.
    #[must_use]
    pub fn shape(&self, now: SystemTime) -> String {
        let attributes = self.attributes.iter().map(|(name, value)| match name.as_str() {
            "Expires" => format!("; Expires={}", distance(value, now).unwrap_or_else(|| value.clone())),
            _ if value.is_empty() => format!("; {name}"),
            _ => format!("; {name}={value}"),
        });
        std::iter::once(self.name.clone()).chain(attributes).collect()
    }

    /// Whether a browser sends it back to this host and path over plain http. It doesn't if the cookie is Secure, expired, or for another
    /// domain or path (RFC 6265 sections 5.1.4, 5.3 and 5.4).
    #[must_use]
    pub fn goes_to(&self, host: &str, path: &str) -> bool {
        let own = self.attribute("path").filter(|own| own.starts_with('/')).unwrap_or("/");
        let below = path == own || path.strip_prefix(own).is_some_and(|rest| own.ends_with('/') || rest.starts_with('/'));
        let domain = self.attribute("domain").map(|domain| domain.trim_start_matches('.'));
        let within = domain.is_none_or(|domain| host == domain || host.ends_with(&format!(".{domain}")));
        let lives = self.attribute("max-age").and_then(|age| age.parse::<i64>().ok()).is_none_or(|age| age > 0);
        self.attribute("secure").is_none() && below && within && lives
    }
}

/// Seconds from now to an HTTP date, rounded: `Wed, 21 Oct 2026 07:28:00 GMT`, or with dashes and a two-digit year.
fn distance(date: &str, now: SystemTime) -> Option<String> {
    let now = now.duration_since(SystemTime::UNIX_EPOCH).ok()?.as_secs();
    let seconds = seconds(date)?.checked_sub(now)?;
    Some(format!("in {} s", (seconds + 300) / 600 * 600))
}

fn seconds(date: &str) -> Option<u64> {
    let (_, rest) = date.split_once(", ")?;
    let text = rest.replace('-', " ");
    let mut words = text.split(' ');
    let day: u64 = words.next()?.parse().ok()?;
    let names = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let month = words.next().and_then(|name| names.iter().position(|n| *n == name))? as u64 + 1;
    let year: u64 = words.next()?.parse().ok()?;
    let year = if year < 100 { year + 2000 } else { year };
    let mut clock = words.next()?.split(':').map(|part| part.parse::<u64>());
    let (hours, minutes, seconds) = (clock.next()?.ok()?, clock.next()?.ok()?, clock.next()?.ok()?);
    // Days from 1970-01-01, by Howard Hinnant's days_from_civil.
    let (y, m) = if month <= 2 { (year - 1, month + 9) } else { (year, month - 3) };
    let days = y * 365 + y / 4 - y / 100 + y / 400 + (m * 153 + 2) / 5 + day - 1;
    Some((days.checked_sub(719_468)?) * 86_400 + hours * 3_600 + minutes * 60 + seconds)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn cookie(line: &str) -> SetCookie {
        SetCookie::parse(line).unwrap()
    }

    #[test]
    fn a_shape_has_an_order_and_no_value() {
        // 2026-10-21T07:28:00Z
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_792_567_680 - 3_598);
        for date in ["Wed, 21 Oct 2026 07:28:00 GMT", "Wed, 21-Oct-26 07:28:00 GMT"] {
            let shape = cookie(&format!("a=b; Path=/; Expires={date}; HttpOnly")).shape(now);
            assert_eq!(shape, "a; Expires=in 3600 s; HttpOnly; Path=/");
        }
        assert_eq!(cookie("a=b=c; Max-Age=-1").shape(now), "a; Max-Age=-1");
        assert_eq!(cookie("a=b=c").value, "b=c");
    }

    #[test]
    fn what_a_browser_keeps_to_itself() {
        let goes = |rest: &str, path: &str| cookie(&format!("a=b{rest}")).goes_to("x.example", path);
        assert!(goes("", "/any") && goes("; Path=/", "/any") && goes("; Path=/foo", "/foo/x") && goes("; Max-Age=1", "/"));
        assert!(goes("; Domain=example", "/") && goes("; Domain=.x.example", "/"));
        assert!(!goes("; Path=/foo", "/foobar") && !goes("; Secure", "/") && !goes("; Max-Age=0", "/") && !goes("; Max-Age=-1", "/"));
        assert!(!goes("; Domain=y.example", "/") && !goes("; Path=/who[a-m]+i", "/whoami"));
    }
}
