//! The cookies in a file, in the forms that people have them: written by hand, copied from a browser, or in a cookie jar.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use sticky_affinity::cookie::Offer;
use sticky_affinity::jar::{Fate, Jar, Place};

/// The forms, for whoever gave another one.
const FORMS: [&str; 3] = [
    "NAME=VALUE, several on one line with `; ` in between, or one per line",
    "Cookie: NAME=VALUE; NAME=VALUE    a request header, copied from a browser's developer tools",
    "a Netscape cookie jar, with tabs between the fields: curl -c FILE URL writes one",
];

/// Attributes of an answer's Set-Cookie line. As names they mean that such a line was copied.
const ATTRIBUTES: [&str; 5] = ["path", "domain", "expires", "max-age", "samesite"];

/// Why a file's cookies cannot be used. No variant has a name or a value.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CookieError {
    #[error("the file contains no cookies")]
    Empty,
    #[error("line {0} has none of the forms that verify reads")]
    Form(usize),
    #[error("line {0} is from an answer: a Set-Cookie line sets one cookie and has attributes, which a request does not send")]
    SetCookie(usize),
    #[error("a browser would not send the cookie in line {0}")]
    Refused(usize),
    #[error("the jar has no cookie for {site}: {skipped}")]
    NoneFits { site: String, skipped: Skipped },
}

impl CookieError {
    pub(super) fn next_steps(&self) -> Vec<String> {
        match self {
            Self::Empty | Self::Form(_) | Self::SetCookie(_) => FORMS.map(str::to_owned).into(),
            Self::NoneFits { site, .. } => vec![
                format!("curl -c FILE {site}    writes the cookies of this site to FILE"),
                "use --host NAME if the site has another name".to_owned(),
            ],
            Self::Refused(_) => Vec::new(),
        }
    }
}

/// Cookies of a jar that a browser would not send to the site, by reason.
#[derive(Debug, Default)]
pub(crate) struct Skipped {
    foreign: usize,
    expired: usize,
    secure: usize,
    refused: usize,
}

impl fmt::Display for Skipped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = [
            (self.foreign, "for other hosts"),
            (self.expired, "expired"),
            (self.secure, "for https only"),
            (self.refused, "of a kind that browsers reject"),
        ];
        let said: Vec<String> = all.into_iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
        f.write_str(&said.join(", "))
    }
}

/// The cookies of a file that a browser would send to the site. Those without attributes are for all its paths and, with TLS, Secure.
pub(super) fn read(bytes: &[u8], site: &Place<'_>, now: SystemTime) -> Result<Vec<Offer>, CookieError> {
    let mut file = File { site, now, found: Vec::new(), skipped: Skipped::default(), from_jar: false };
    for (index, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
        file.line(index + 1, line.strip_suffix(b"\r").unwrap_or(line))?;
    }
    match file {
        File { found, .. } if !found.is_empty() => Ok(found),
        File { from_jar: true, skipped, .. } => {
            let scheme = if site.tls { "https" } else { "http" };
            Err(CookieError::NoneFits { site: format!("{scheme}://{}/", site.host), skipped })
        }
        File { .. } => Err(CookieError::Empty),
    }
}

struct File<'a> {
    site: &'a Place<'a>,
    now: SystemTime,
    found: Vec<Offer>,
    skipped: Skipped,
    /// Whether a line is from a cookie jar.
    from_jar: bool,
}

impl File<'_> {
    fn line(&mut self, number: usize, line: &[u8]) -> Result<(), CookieError> {
        let text = line.trim_ascii();
        let comment = matches!(text, [] | [b'#'] | [b'#', b' ' | b'\t', ..]);
        if let Some(entry) = Entry::read(line) {
            self.entry(&entry);
            Ok(())
        } else if comment {
            Ok(())
        } else if let Some(pairs) = after(text, "cookie:") {
            self.pairs(number, pairs, |_| true)
        } else if after(text, "set-cookie:").is_some() || is_from_an_answer(text) {
            Err(CookieError::SetCookie(number))
        } else {
            // A comma and a space may be meant to separate cookies, and browsers would take them for a part of the value.
            self.pairs(number, text, |pair| !pair.windows(2).any(|two| two == b", ") && pair.iter().position(|byte| *byte == b'=') > Some(0))
        }
    }

    fn pairs(&mut self, number: usize, pairs: &[u8], is_form: impl Fn(&[u8]) -> bool) -> Result<(), CookieError> {
        let all = pairs.split(|byte| *byte == b';').map(<[u8]>::trim_ascii).filter(|pair| !pair.is_empty());
        for pair in all {
            let attributes: &[u8] = if self.site.tls { b"; Path=/; HttpOnly; Secure" } else { b"; Path=/; HttpOnly" };
            match Some(pair).filter(|pair| is_form(pair)).and_then(|pair| Offer::read([pair, attributes].concat(), self.now)) {
                None => return Err(CookieError::Form(number)),
                Some(offer) if offer.is_refused() => return Err(CookieError::Refused(number)),
                Some(offer) => self.found.push(offer),
            }
        }
        Ok(())
    }

    fn entry(&mut self, entry: &Entry<'_>) {
        self.from_jar = true;
        let skipped = &mut self.skipped;
        let Some(offer) = entry.offer(self.site.host, self.now) else {
            skipped.foreign += 1;
            return;
        };
        match Jar::default().take(offer.clone(), self.site, self.now) {
            Fate::Kept | Fate::OtherPath => self.found.push(offer),
            Fate::ForeignDomain => skipped.foreign += 1,
            Fate::BornExpired => skipped.expired += 1,
            Fate::SecureOverHttp => skipped.secure += 1,
            Fate::Refused => skipped.refused += 1,
        }
    }
}

/// A line of a Netscape cookie jar, as curl, wget and browser extensions write it.
struct Entry<'a> {
    domain: &'a [u8],
    subdomains: bool,
    path: &'a [u8],
    secure: bool,
    http_only: bool,
    /// In seconds since 1970; 0 for a cookie that lasts until the browser exits.
    expires: u64,
    name: &'a [u8],
    value: &'a [u8],
}

impl<'a> Entry<'a> {
    fn read(line: &'a [u8]) -> Option<Self> {
        let (http_only, line) = after(line, "#httponly_").map_or((false, line), |line| (true, line));
        let fields: Vec<&[u8]> = line.split(|byte| *byte == b'\t').collect();
        // An editor may have removed the tab before an empty value.
        let [domain, subdomains, path, secure, expires, name, rest @ ..] = fields.as_slice() else { return None };
        let value = match rest {
            [] => b"".as_slice(),
            [value] => value,
            _ => return None,
        };
        let is_set = |field: &[u8]| match field.to_ascii_uppercase().as_slice() {
            b"TRUE" => Some(true),
            b"FALSE" => Some(false),
            _ => None,
        };
        // Some programs write fractions of a second.
        let expires = str::from_utf8(expires).ok()?.split('.').next()?.parse().ok()?;
        Some(Self { domain, subdomains: is_set(subdomains)?, path, secure: is_set(secure)?, http_only, expires, name, value })
    }

    /// The cookie, as the host's own answer would set it; none if it is for one other host.
    fn offer(&self, host: &str, now: SystemTime) -> Option<Offer> {
        let domain = self.domain.strip_prefix(b".").unwrap_or(self.domain);
        if !self.subdomains && !domain.eq_ignore_ascii_case(host.as_bytes()) {
            return None;
        }
        let ends = UNIX_EPOCH.checked_add(Duration::from_secs(self.expires));
        let left = ends.map_or(u64::MAX, |ends| ends.duration_since(now).unwrap_or_default().as_secs());
        let mut line = [self.name, b"=", self.value, b"; Path=", self.path].concat();
        for (is_set, attribute) in [
            (self.subdomains, [b"; Domain=", domain].concat()),
            (self.secure, b"; Secure".to_vec()),
            (self.http_only, b"; HttpOnly".to_vec()),
            (self.expires > 0, format!("; Max-Age={left}").into_bytes()),
        ] {
            line.extend(attribute.into_iter().filter(|_| is_set));
        }
        Offer::read(line, now)
    }
}

/// Whether there are attributes after the first pair.
fn is_from_an_answer(line: &[u8]) -> bool {
    let names = line.split(|byte| *byte == b';').skip(1).filter_map(|part| part.split(|byte| *byte == b'=').next());
    names.map(<[u8]>::trim_ascii).any(|name| {
        let is = |word: &&str| name.eq_ignore_ascii_case(word.as_bytes());
        ATTRIBUTES.iter().chain(&["secure", "httponly", "partitioned"]).any(is)
    })
}

/// What follows a beginning in upper or lower case.
fn after<'a>(text: &'a [u8], begins: &str) -> Option<&'a [u8]> {
    let (start, rest) = text.split_at_checked(begins.len())?;
    start.eq_ignore_ascii_case(begins.as_bytes()).then_some(rest)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    const NOW: SystemTime = UNIX_EPOCH;
    const HTTPS: Place<'_> = Place { host: "www.shop.example", path: "/", tls: true };
    const HTTP: Place<'_> = Place { tls: false, ..HTTPS };

    /// What a request to the site would send.
    fn sent(file: impl AsRef<[u8]>, site: &Place<'_>) -> Result<String, CookieError> {
        let mut jar = Jar::default();
        for offer in read(file.as_ref(), site, NOW)? {
            jar.take(offer, site, NOW);
        }
        Ok(String::from_utf8(jar.header(site, NOW).unwrap_or_default()).unwrap())
    }

    #[test]
    fn pairs_by_hand_and_from_a_browser() {
        for (file, cookies) in [
            ("login=secret\n theme=dark \n\n__Host-Http-id=1", "login=secret; theme=dark; __Host-Http-id=1"),
            ("a=1; b=2;\r\nc=3\r\n", "a=1; b=2; c=3"),
            ("# from the browser\nCookie: a=b; c=d=e; {\"x\":1, \"y\":2}", "a=b; c=d=e; {\"x\":1, \"y\":2}"),
            ("cookie:a=b;c=\u{e4}\nCOOKIE: e=\"f\"", "a=b; c=\u{e4}; e=\"f\""),
            ("#a=1\na=b,c", "#a=1; a=b,c"),
        ] {
            assert_eq!(sent(file, &HTTPS).unwrap(), cookies);
        }
        assert!(sent("__Host-id=1", &HTTP).is_err_and(|why| why.to_string().contains("line 1")), "such a name goes over TLS only");
        assert_eq!(read(b"a=\xe4", &HTTP, NOW).unwrap()[0].value, b"\xe4");
    }

    #[test]
    fn a_jar_of_curls() {
        let jar = "# Netscape HTTP Cookie File\n# This file was generated by libcurl! Edit at your own risk.\n\n\
                   .shop.example\tTRUE\t/\tFALSE\t0\tlogin\tsecret\n\
                   #HttpOnly_www.shop.example\tFALSE\t/\tTRUE\t1000.5\t__Host-Http-id\t1\n\
                   www.shop.example\tFALSE\t/app\tFALSE\t0\tdeep\t1\n\
                   shop.example\tFALSE\t/\tFALSE\t0\tparent\t1\n\
                   .example\tTRUE\t/\tFALSE\t0\teverybody\t1\n\
                   other.example\tTRUE\t/\tFALSE\t0\tother\t1\n\
                   www.shop.example\tFALSE\t/\tTRUE\t0\tsecure\t\n\
                   www.shop.example\tFALSE\t/\tFALSE\t0\tempty\n";
        assert_eq!(sent(jar, &HTTPS).unwrap(), "login=secret; __Host-Http-id=1; secure=; empty=");
        assert_eq!(sent(jar, &HTTP).unwrap(), "login=secret; empty=");
        assert_eq!(sent(jar, &Place { path: "/app", ..HTTP }).unwrap(), "deep=1; login=secret; empty=");
        let foreign = "other.example\tTRUE\t/\tFALSE\t0\tother\tsecret\n#HttpOnly_www.shop.example\tFALSE\t/\tTRUE\t0\ta\tsecret\n";
        let why = sent(foreign, &HTTP).unwrap_err();
        assert_eq!(why.to_string(), "the jar has no cookie for http://www.shop.example/: 1 for other hosts, 1 for https only");
        let over = "www.shop.example\tFALSE\t/\tFALSE\t5\ta\tsecret\n";
        let later = read(over.as_bytes(), &HTTP, NOW + Duration::from_secs(6)).unwrap_err();
        assert!(later.to_string().ends_with(": 1 expired") && later.next_steps().len() == 2, "{later}");
    }

    #[test]
    fn what_is_no_cookie_is_named_by_its_line() {
        for (file, says) in [
            ("", "no cookies"),
            ("# none\n\n", "no cookies"),
            ("a=secret\nsecret", "line 2 has none"),
            ("=secret", "line 1 has none"),
            ("a=secret, b=secret", "line 1 has none"),
            ("www.shop.example TRUE / FALSE 0 a secret", "line 1 has none"),
            ("www.shop.example\tTRUE\t/\tFALSE\tsoon\ta\tsecret", "line 1 has none"),
            ("a=secret; Path=/", "line 1 is from an answer"),
            ("a=secret; Secure", "line 1 is from an answer"),
            ("Set-Cookie: a=secret", "line 1 is from an answer"),
            ("a=secret\n\nb=\u{1}secret", "a browser would not send the cookie in line 3"),
        ] {
            let why = sent(file, &HTTP).unwrap_err();
            let all = format!("{why} {}", why.next_steps().join(" "));
            assert!(why.to_string().contains(says) && !all.contains("secret"), "{file}: {all}");
        }
    }
}
