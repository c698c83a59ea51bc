//! The download in pieces: where a session has got to, and what travels.

use serde::{Deserialize, Serialize};
use std::ops::Range;

/// The number of pieces of the download.
pub const PIECES: u8 = 12;
/// The most bytes of text in a piece, for what arrives on the bus.
pub const MOST_DATA: usize = 1_024;

/// Where a session's download has got to: the next piece, 0 to 11.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor(u8);

/// A query that names no piece to begin with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("invalid from `{0}`: name the piece to begin with once, as a number from 0 to {last}", last = PIECES - 1)]
pub struct BadFrom(String);

impl Cursor {
    /// A cursor at the piece that `from=K` in a query names; at the first piece without it.
    ///
    /// # Errors
    /// [`BadFrom`] if it is named twice, or is not one of the pieces.
    pub fn from_query(query: Option<&str>) -> Result<Self, BadFrom> {
        let mut named = query.unwrap_or_default().split('&').filter_map(|pair| match pair.split_once('=') {
            Some(("from", value)) => Some(value),
            None if pair == "from" => Some(""),
            _ => None,
        });
        let Some(first) = named.next() else { return Ok(Self(0)) };
        let twice = named.next().is_some();
        let digits = !first.is_empty() && first.bytes().all(|b| b.is_ascii_digit());
        let piece = first.parse().ok().filter(|piece| digits && !twice && *piece < PIECES);
        piece.map(Self).ok_or_else(|| BadFrom(first.chars().take(20).collect()))
    }

    /// The next piece, 0 to 11.
    #[must_use]
    pub const fn next(self) -> u8 {
        self.0
    }

    /// The cursor after this piece; `None` after the last one.
    #[must_use]
    pub fn after(self) -> Option<Self> {
        Some(Self(self.0 + 1)).filter(|next| next.0 < PIECES)
    }

    /// This piece and those after it.
    #[must_use]
    pub const fn rest(self) -> Range<u8> {
        self.0..PIECES
    }
}

/// Piece `number` of a text, 0 to 11. All of them joined are the text.
#[must_use]
pub fn slice(text: &str, number: u8) -> &str {
    let at = |n: u8| text.floor_char_boundary(text.len() * usize::from(n.min(PIECES)) / usize::from(PIECES));
    &text[at(number)..at(number.saturating_add(1))]
}

/// A piece of the download, on the bus and in a frame.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Piece {
    /// From 0.
    pub piece: u8,
    /// How many there are.
    pub pieces: u8,
    /// The text of this piece, at most [`MOST_DATA`] bytes.
    pub data: String,
}

impl Piece {
    /// Piece `number` of `text`.
    #[must_use]
    pub fn of(text: &str, number: u8) -> Self {
        Self { piece: number, pieces: PIECES, data: slice(text, number).to_owned() }
    }

    /// Whether this app could have written it.
    #[must_use]
    pub fn fits(&self) -> bool {
        self.pieces == PIECES && self.piece < PIECES && self.data.len() <= MOST_DATA
    }

    /// `piece 8 of 12` for piece 7: counted from 1, as people count.
    #[must_use]
    pub fn name(number: u8) -> String {
        format!("piece {} of {PIECES}", u16::from(number) + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_query_names_the_piece_to_begin_with() {
        for (query, piece) in [(None, 0), (Some(""), 0), (Some("map=1"), 0), (Some("from=0"), 0), (Some("a=b&from=11"), 11), (Some("from=07"), 7)] {
            assert_eq!(Cursor::from_query(query).map(Cursor::next), Ok(piece), "{query:?}");
        }
        for bad in ["from", "from=", "from=12", "from=-1", "from=+1", "from=1.5", "from=x", "from=256", "from=1&from=1", "from=1&from", "from=%31"] {
            let why = Cursor::from_query(Some(bad)).unwrap_err().to_string();
            assert!(why.contains("0 to 11"), "{bad}: {why}");
        }
    }

    #[test]
    fn a_cursor_ends_after_the_last_piece() {
        let mut cursor = Cursor::from_query(None).ok();
        let mut seen = Vec::new();
        while let Some(now) = cursor {
            seen.push(now.next());
            cursor = now.after();
        }
        assert_eq!(seen, (0..PIECES).collect::<Vec<_>>());
        assert_eq!(Cursor(9).rest().collect::<Vec<_>>(), [9, 10, 11]);
    }

    #[test]
    fn only_pieces_of_this_app_fit() {
        let good = Piece::of("a text", 11);
        assert!(good.fits() && Piece::name(good.piece) == "piece 12 of 12");
        let long = "x".repeat(MOST_DATA + 1);
        for bad in [Piece { piece: 12, ..good.clone() }, Piece { pieces: 13, ..good.clone() }, Piece { data: long, ..good }] {
            assert!(!bad.fits(), "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn the_pieces_are_the_text(text in ".{0,200}") {
            let joined: String = (0..PIECES).map(|n| slice(&text, n)).collect();
            prop_assert_eq!(joined, text);
        }
    }
}
