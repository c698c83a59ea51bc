//! Which rule of browsers a rejected cookie breaks, as far as its name and its attributes show it.

use crate::code::Code;
use crate::jar::Fate;
use crate::seen::Offered;
use crate::verdict::Reason;

/// Causes in the table of `cookie-refused`.
const OPEN: &str = "SameSite=None without Secure";
const PARTITIONED: &str = "Partitioned without Secure";
const PREFIX: &str = "The name starts with __Secure-, __Host- or __Http-, but the attributes do not meet what the prefix requires";

/// Adds what speaks for the rejected cookies; other reasons stay as they are.
pub(super) fn explained(reason: Reason, offered: &[&Offered]) -> Reason {
    if reason.code != Code::CookieRefused {
        return reason;
    }
    let refused = || offered.iter().filter(|cookie| cookie.fate == Fate::Refused);
    let has = |cookie: &Offered, word: &str| cookie.attributes.split(' ').any(|one| one.eq_ignore_ascii_case(word));
    let unmet = |word: &str| refused().any(|cookie| has(cookie, word) && !has(cookie, "Secure"));
    let begins = |cookie: &Offered, prefix: &str| cookie.name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix));
    let prefixed = refused().any(|cookie| ["__Secure-", "__Host-", "__Http-"].iter().any(|prefix| begins(cookie, prefix)));
    let causes = [(OPEN, unmet("SameSite=None")), (PARTITIONED, unmet("Partitioned")), (PREFIX, prefixed)];
    causes.into_iter().filter(|(_, is_so)| *is_so).fold(reason, |reason, (cause, _)| reason.because(cause))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Name;

    #[test]
    fn the_rule_that_it_breaks() {
        let evident = |name: &str, attributes: &str, fate| {
            let cookie = Offered { name: name.to_owned(), attributes: attributes.to_owned(), fate, overwrites: false, lives: None, value: None };
            explained(Reason::new(Code::CookieRefused, Name::StickHttp, ""), &[&cookie]).evident
        };
        assert_eq!(evident("a", "Path=/ Partitioned", Fate::Refused), [PARTITIONED]);
        assert_eq!(evident("a", "Path=/ Partitioned SameSite=none", Fate::Refused), [OPEN, PARTITIONED]);
        assert_eq!(evident("__host-a", "Path=/ Secure Partitioned", Fate::Refused), [PREFIX]);
        assert_eq!(evident("a", "Path=/", Fate::Refused), [""; 0], "too large, or control characters");
        assert_eq!(evident("a", "Path=/ Partitioned", Fate::Kept), [""; 0]);
    }
}
