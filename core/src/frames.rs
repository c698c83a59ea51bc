//! The frames that a client sends on a WebSocket, checked while they arrive (RFC 6455 sections 5 and 8.1).
//!
//! A library reads them afterwards. On its own, it would accept a length in more bytes than it needs, and it would wait for the rest
//! of a frame whose first bytes already break a rule.

use std::str;

/// A rule that a client's frame breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Violation {
    /// RSV1, RSV2 or RSV3 is set.
    #[error("a reserved bit is set, but no extension was negotiated")]
    ReservedBit,
    /// Opcodes 3 to 7 and 11 to 15.
    #[error("opcode {0} is reserved")]
    ReservedOpcode(u8),
    /// The frame has no mask.
    #[error("a client must mask its frames")]
    Unmasked,
    /// A close, ping or pong without FIN.
    #[error("a control frame can't be fragmented")]
    FragmentedControl,
    /// A close, ping or pong of more than 125 bytes.
    #[error("a control frame can have at most 125 bytes")]
    LongControl,
    /// A continuation without a first frame.
    #[error("a continuation frame needs a message to continue")]
    NothingToContinue,
    /// A text or binary frame where a continuation has to come.
    #[error("the last message has to be finished before the next one")]
    Interrupted,
    /// Not the shortest form of the length, or a length of 2^63 bytes and more.
    #[error("a length needs its shortest form, and is below 2^63")]
    BadLength,
    /// A text message that is not UTF-8.
    #[error("a text has to be UTF-8")]
    NotUtf8,
}

impl Violation {
    /// The code of the close frame that answers it.
    #[must_use]
    pub const fn close_code(self) -> u16 {
        match self {
            Self::NotUtf8 => 1007,
            _ => 1002,
        }
    }
}

/// A [`Violation`], and the number of bytes before it that break no rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refused {
    /// The first bytes of those that were checked, up to here, are fine.
    pub at: usize,
    /// What comes next is not.
    pub why: Violation,
}

const CLOSE: u8 = 8;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Binary,
}

/// Follows the frames of one WebSocket. It keeps the current frame's header and at most three bytes of its payload.
#[derive(Debug, Default)]
pub struct Frames {
    header: [u8; 14],
    header_len: u8,
    payload: u64,
    payload_left: u64,
    unfinished: Option<Kind>,
    /// The first bytes of a character whose last ones have not arrived.
    partial: [u8; 4],
    partial_len: u8,
    closed: bool,
}

impl Frames {
    /// Checks the next bytes. After a close frame, anything may follow, since nobody reads it.
    ///
    /// # Errors
    /// The first rule that is broken; what comes after it can't be checked.
    pub fn check(&mut self, bytes: &[u8]) -> Result<(), Refused> {
        let mut at = 0;
        while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty() && !self.closed) {
            let checked = if self.payload_left > 0 { self.payload(rest) } else { self.header(rest) };
            at += checked.map_err(|why| Refused { at, why })?;
        }
        Ok(())
    }

    fn opcode(&self) -> u8 {
        self.header[0] & 0x0f
    }

    fn is_control(&self) -> bool {
        self.opcode() >= CLOSE
    }

    fn is_final(&self) -> bool {
        self.header[0] & 0x80 != 0
    }

    /// The size of the whole header; its second byte has arrived.
    fn header_size(&self) -> u8 {
        2 + self.length_size() + 4
    }

    fn length_size(&self) -> u8 {
        match self.header[1] & 0x7f {
            127 => 8,
            126 => 2,
            _ => 0,
        }
    }

    /// Takes the header's next byte.
    fn header(&mut self, bytes: &[u8]) -> Result<usize, Violation> {
        let Some(next) = bytes.first() else { return Ok(0) };
        self.header[usize::from(self.header_len)] = *next;
        self.header_len += 1;
        match self.header_len {
            1 => self.begin()?,
            2 if self.header[1] & 0x80 == 0 => return Err(Violation::Unmasked),
            2 if self.is_control() && self.length_size() > 0 => return Err(Violation::LongControl),
            _ => {}
        }
        if self.header_len >= 2 && self.header_len == 2 + self.length_size() {
            self.payload = self.length()?;
        }
        if self.header_len >= 2 && self.header_len == self.header_size() {
            self.payload_left = self.payload;
            if self.payload == 0 {
                self.end()?;
            }
        }
        Ok(1)
    }

    /// The first byte: FIN, reserved bits, opcode.
    fn begin(&mut self) -> Result<(), Violation> {
        if self.header[0] & 0x70 != 0 {
            return Err(Violation::ReservedBit);
        }
        let kind = match self.opcode() {
            0 if self.unfinished.is_none() => return Err(Violation::NothingToContinue),
            0 => return Ok(()),
            1 => Kind::Text,
            2 => Kind::Binary,
            CLOSE..=10 if self.is_final() => return Ok(()),
            CLOSE..=10 => return Err(Violation::FragmentedControl),
            other => return Err(Violation::ReservedOpcode(other)),
        };
        match self.unfinished.replace(kind) {
            None => Ok(()),
            Some(_) => Err(Violation::Interrupted),
        }
    }

    /// The payload's length; all of its bytes have arrived.
    fn length(&self) -> Result<u64, Violation> {
        let extended = &self.header[2..2 + usize::from(self.length_size())];
        let length = extended.iter().fold(0, |length, byte| length << 8 | u64::from(*byte));
        match extended.len() {
            0 => Ok(u64::from(self.header[1] & 0x7f)),
            2 if length > 125 => Ok(length),
            8 if length > u64::from(u16::MAX) && length >> 63 == 0 => Ok(length),
            _ => Err(Violation::BadLength),
        }
    }

    /// Takes what has arrived of the payload.
    fn payload(&mut self, bytes: &[u8]) -> Result<usize, Violation> {
        let most = usize::try_from(self.payload_left).unwrap_or(usize::MAX);
        let bytes = &bytes[..bytes.len().min(most)];
        if self.unfinished == Some(Kind::Text) && !self.is_control() {
            self.text(bytes)?;
        }
        self.payload_left -= bytes.len() as u64;
        if self.payload_left == 0 {
            self.end()?;
        }
        Ok(bytes.len())
    }

    fn text(&mut self, masked: &[u8]) -> Result<(), Violation> {
        let start = usize::from(self.header_size()) - 4;
        let position = self.payload - self.payload_left;
        let mut mask = [0; 4];
        for (n, byte) in (position..).zip(&mut mask) {
            *byte = self.header[start + (n % 4) as usize];
        }
        // The length of a piece is a multiple of four: each begins at the same place of the mask.
        for piece in masked.chunks(256) {
            let mut plain = [0; 4 + 256];
            let kept = usize::from(self.partial_len);
            plain[..kept].copy_from_slice(&self.partial[..kept]);
            for (to, (byte, mask)) in plain[kept..].iter_mut().zip(piece.iter().zip(mask.iter().cycle())) {
                *to = byte ^ mask;
            }
            let plain = &plain[..kept + piece.len()];
            let whole = match str::from_utf8(plain) {
                Ok(_) => plain.len(),
                Err(error) if error.error_len().is_none() => error.valid_up_to(),
                Err(_) => return Err(Violation::NotUtf8),
            };
            // What std calls incomplete is at most three bytes.
            let kept = plain.len() - whole;
            self.partial[..kept].copy_from_slice(&plain[whole..]);
            self.partial_len = kept as u8;
        }
        Ok(())
    }

    /// The frame is complete.
    fn end(&mut self) -> Result<(), Violation> {
        self.header_len = 0;
        if self.is_control() {
            self.closed = self.opcode() == CLOSE;
        } else if self.is_final() {
            self.unfinished = None;
            if self.partial_len > 0 {
                return Err(Violation::NotUtf8);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

    /// A masked frame with the shortest form of its length.
    fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
        let mut all = vec![first];
        match payload.len() {
            len @ 0..=125 => all.push(0x80 | len as u8),
            len @ 126..=65_535 => all.extend([&[0xfe][..], &(len as u16).to_be_bytes()].concat()),
            len => all.extend([&[0xff][..], &(len as u64).to_be_bytes()].concat()),
        }
        all.extend(MASK);
        all.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
        all
    }

    /// The same bytes in one piece, and byte by byte.
    fn check(bytes: &[u8]) -> Result<(), Refused> {
        let whole = Frames::default().check(bytes);
        let mut frames = Frames::default();
        let single = bytes.iter().try_for_each(|byte| frames.check(&[*byte]));
        assert_eq!(whole.map_err(|refused| refused.why), single.map_err(|refused| refused.why));
        whole
    }

    fn why(frames: &[Vec<u8>]) -> Violation {
        check(&frames.concat()).unwrap_err().why
    }

    #[test]
    fn what_rfc_6455_allows() {
        for length in [0, 1, 125, 126, 127, 65_535, 65_536] {
            check(&[frame(0x81, &vec![b'x'; length]), frame(0x82, &vec![0xff; length])].concat()).unwrap();
        }
        let parts = [frame(0x01, b"\xce"), frame(0x89, &[0xff; 125]), frame(0x00, b""), frame(0x8a, b""), frame(0x80, b"\xba"), frame(0x81, b"x")];
        check(&parts.concat()).unwrap();
        check(&[frame(0x88, b"\x03\xe8"), vec![0xff; 40]].concat()).unwrap();
    }

    #[test]
    fn each_rule() {
        for (first, expected) in [
            (0xc1, Violation::ReservedBit),
            (0xa1, Violation::ReservedBit),
            (0x9a, Violation::ReservedBit),
            (0x83, Violation::ReservedOpcode(3)),
            (0x8b, Violation::ReservedOpcode(11)),
            (0x09, Violation::FragmentedControl),
            (0x80, Violation::NothingToContinue),
        ] {
            assert_eq!(check(&[first]).unwrap_err(), Refused { at: 0, why: expected }, "{first:#x}: one byte is enough");
        }
        assert_eq!(why(&[vec![0x81, 0x01]]), Violation::Unmasked);
        assert_eq!(why(&[frame(0x89, &[0; 126])]), Violation::LongControl);
        assert_eq!(why(&[frame(0x01, b"x"), frame(0x81, b"y")]), Violation::Interrupted);
        for length in [&[0xfe, 0, 125][..], &[0xff, 0, 0, 0, 0, 0, 0, 0xff, 0xff], &[0xff, 0x80, 0, 0, 0, 0, 1, 0, 0]] {
            assert_eq!(why(&[vec![0x82], length.to_vec()]), Violation::BadLength);
        }
    }

    #[test]
    fn a_text_fails_at_its_first_wrong_byte() {
        let good = frame(0x81, b"fine");
        let bad = frame(0x81, b"\xce\xba\xed\xa0\x80 and more");
        let refused = Frames::default().check(&[good.clone(), bad.clone()].concat()).unwrap_err();
        assert_eq!((refused.at, refused.why.close_code()), (good.len() + 6, 1007));
        // Not one byte after the wrong one is needed.
        assert_eq!(check(&bad[..6 + 4]).unwrap_err().why, Violation::NotUtf8);
        check(&bad[..6 + 3]).unwrap();
        assert_eq!(why(&[frame(0x81, b"\xce")]), Violation::NotUtf8, "a character that never ends");
        assert_eq!(why(&[frame(0x01, b"\xf4"), frame(0x80, b"\x90\x80\x80")]), Violation::NotUtf8);
        check(&frame(0x82, b"\xff")).unwrap();
    }

    proptest! {
        #[test]
        fn a_text_passes_if_it_is_utf8(bytes: Vec<u8>, text: String, cut in 0..40_usize) {
            for payload in [&bytes[..], text.as_bytes(), &text.as_bytes()[..cut.min(text.len())]] {
                let cut = cut.min(payload.len());
                let parts = [frame(0x01, &payload[..cut]), frame(0x80, &payload[cut..])].concat();
                prop_assert_eq!(check(&parts).is_ok(), str::from_utf8(payload).is_ok());
                prop_assert_eq!(check(&frame(0x81, payload)).is_ok(), str::from_utf8(payload).is_ok());
            }
        }
    }
}
