//! The ids that clients send: `client_id`, the id of one page load, and the key of one message.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Characters of a client id: 26 symbols of five bits carry the 128 random bits.
pub const CLIENT_ID_LEN: usize = 26;
const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// A session's id, which is also its capability: knowing it is enough to write to the session's sockets.
///
/// It is 128 random bits in lower-case base32 without padding (RFC 4648 section 6). Any well-formed id is accepted,
/// because a replica can receive a session that another one issued.
///
/// Both `Display` and `Debug` print only [`ClientId::short`], so that a log line can't leak the id.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClientId([u8; CLIENT_ID_LEN]);

/// A text that is not a client id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a client id is {CLIENT_ID_LEN} characters of a to z and 2 to 7; GET / or GET /session issues one")]
pub struct MalformedId;

impl ClientId {
    /// The id for 128 random bits.
    #[must_use]
    pub fn from_random(random: [u8; 16]) -> Self {
        let bits = u128::from_be_bytes(random);
        let mut id = [0; CLIENT_ID_LEN];
        for (place, symbol) in id.iter_mut().enumerate() {
            // 26 symbols are 130 bits: the last symbol holds the lowest three bits and two zero bits.
            let shifted = match place {
                25 => bits << 2,
                _ => bits >> (123 - 5 * place),
            };
            *symbol = ALPHABET[(shifted & 31) as usize];
        }
        Self(id)
    }

    /// Reads an id from a path, where it needs no decoding.
    ///
    /// # Errors
    /// [`MalformedId`] if the length or a character is wrong.
    pub fn parse(text: &str) -> Result<Self, MalformedId> {
        let bytes: [u8; CLIENT_ID_LEN] = text.as_bytes().try_into().map_err(|_| MalformedId)?;
        if bytes.iter().all(|b| matches!(b, b'a'..=b'z' | b'2'..=b'7')) { Ok(Self(bytes)) } else { Err(MalformedId) }
    }

    /// The whole id. Only for the wire: logs and pages show [`ClientId::short`].
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// The first six characters: all that a log or a page may show.
    #[must_use]
    pub fn short(&self) -> &str {
        &self.as_str()[..6]
    }
}

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.short())
    }
}

impl fmt::Debug for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ClientId({}…)", self.short())
    }
}

/// A message's key, which its client chooses: a worker delivers one key to one session once.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct IdempotencyKey(String);

/// A text that is not an [`IdempotencyKey`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an idempotency key is 1 to 64 characters of letters, digits, `-` and `_`")]
pub struct MalformedKey;

impl IdempotencyKey {
    /// Reads a key: 1 to 64 of `A-Za-z0-9_-`, which UUIDs satisfy.
    ///
    /// # Errors
    /// [`MalformedKey`] for any other text.
    pub fn parse(text: &str) -> Result<Self, MalformedKey> {
        let fits = (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
        if fits { Ok(Self(text.to_owned())) } else { Err(MalformedKey) }
    }

    /// The key of one part of a message that is sent in parts. No client can choose it, because it has a `.`.
    #[must_use]
    pub fn part(&self, number: u8) -> Self {
        Self(format!("{}.{number}", self.0))
    }

    /// Reads the header's value: a key, with or without the quotes that a structured field has (RFC 9651 section 3.3.3).
    ///
    /// # Errors
    /// [`MalformedKey`] as [`Self::parse`].
    pub fn from_header(value: &str) -> Result<Self, MalformedKey> {
        let value = value.trim();
        Self::parse(value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(value))
    }
}

impl TryFrom<String> for IdempotencyKey {
    type Error = MalformedKey;
    fn try_from(text: String) -> Result<Self, MalformedKey> {
        Self::parse(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn zero_and_all_ones_are_the_ends_of_the_range() {
        assert_eq!(ClientId::from_random([0; 16]).as_str(), "a".repeat(26));
        assert_eq!(ClientId::from_random([0xff; 16]).as_str(), format!("{}4", "7".repeat(25)));
    }

    #[test]
    fn other_shapes_are_refused() {
        let upper = "A".repeat(26);
        let (short, long, accent) = ("a".repeat(25), "a".repeat(27), format!("{}é", "a".repeat(24)));
        for bad in ["", "a", &upper, &short, &long, &accent, "aaaaaaaaaaaaaaaaaaaaaaaaa1", "../aaaaaaaaaaaaaaaaaaaaaaa"] {
            assert_eq!(ClientId::parse(bad), Err(MalformedId), "{bad}");
        }
    }

    #[test]
    fn nothing_printed_holds_more_than_six_characters() {
        let id = ClientId::from_random(*b"0123456789abcdef");
        assert!(!format!("{id} {id:?}").contains(&id.as_str()[..7]));
    }

    #[test]
    fn keys_are_bounded_and_may_be_quoted() {
        let uuid = "8e03978e-40d5-43e8-bc93-6894a57f9324";
        assert_eq!(IdempotencyKey::from_header(&format!("\"{uuid}\"")), IdempotencyKey::parse(uuid));
        assert!(IdempotencyKey::parse(&"x".repeat(64)).is_ok());
        for bad in ["", "\"", "\"\"", "a b", "é", "<img>", "\"a", &"x".repeat(65)] {
            assert_eq!(IdempotencyKey::from_header(bad), Err(MalformedKey), "{bad}");
        }
    }

    #[test]
    fn the_keys_of_parts_are_nobodys_own() {
        let key = IdempotencyKey::parse("m-1").unwrap();
        assert_ne!(key.part(1), key.part(11));
        assert_eq!(key.part(1), key.part(1));
        assert_eq!(IdempotencyKey::parse(&key.part(1).0), Err(MalformedKey));
    }

    proptest! {
        #[test]
        fn what_is_issued_is_accepted_and_keeps_all_bits(a in any::<[u8; 16]>(), b in any::<[u8; 16]>()) {
            let (x, y) = (ClientId::from_random(a), ClientId::from_random(b));
            prop_assert_eq!(ClientId::parse(x.as_str()), Ok(x));
            prop_assert_eq!(a == b, x == y);
        }
    }
}
