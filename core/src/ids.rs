//! `client_id`: the id of one page load.

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

    proptest! {
        #[test]
        fn what_is_issued_is_accepted_and_keeps_all_bits(a in any::<[u8; 16]>(), b in any::<[u8; 16]>()) {
            let (x, y) = (ClientId::from_random(a), ClientId::from_random(b));
            prop_assert_eq!(ClientId::parse(x.as_str()), Ok(x));
            prop_assert_eq!(a == b, x == y);
        }
    }
}
