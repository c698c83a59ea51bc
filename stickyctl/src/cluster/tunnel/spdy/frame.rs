//! Frames of SPDY/3.1, from bytes and to bytes.
//!
//! Only what a port-forward needs is understood; the rest is skipped. Headers that arrive are not decoded: an answer's headers are
//! empty. Headers that are sent go into stored blocks, so neither side of the compression needs a library or SPDY's dictionary.

use bytes::{Buf, BufMut, Bytes, BytesMut};

pub(crate) const SYN_STREAM: u16 = 1;
pub(crate) const SYN_REPLY: u16 = 2;
pub(crate) const RST_STREAM: u16 = 3;
pub(crate) const PING: u16 = 6;
pub(crate) const GOAWAY: u16 = 7;
/// The flag for the last frame of one direction.
pub(crate) const FIN: u8 = 1;
/// The status of RST_STREAM for a stream that was not wanted in the first place.
pub(crate) const REFUSED: u32 = 3;
/// The status of RST_STREAM for a stream that is no longer needed.
pub(crate) const CANCEL: u32 = 5;

const VERSION: u16 = 3;
const HEAD: usize = 8;
/// The most that a control frame may hold. Those of a port-forward have fewer than 100 bytes.
const CONTROL: usize = 64 * 1024;
/// How a header block's zlib stream begins: deflate with a window of 32 KiB and a dictionary, then the Adler-32 of SPDY/3's dictionary.
const ZLIB: [u8; 6] = [0x78, 0xbb, 0xe3, 0xc6, 0xa7, 0xc2];

/// What arrives.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Frame {
    /// A DATA frame, or a part of one: a long frame is passed on as it arrives.
    Data { id: u32, bytes: Bytes, fin: bool },
    /// Any other frame. Its kind may be unknown.
    Control { kind: u16, flags: u8, body: Bytes },
}

/// Why a session can't go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Invalid {
    #[error("a frame of version {0}, not {VERSION}")]
    Version(u16),
    #[error("a control frame of {0} bytes; the limit is {CONTROL}")]
    Long(usize),
    #[error("a control frame of kind {0} is too short")]
    Short(u16),
    #[error("data without a stream")]
    Nobody,
}

/// Frames from bytes in pieces of any size. It holds one piece and one control frame at most.
#[derive(Debug, Default)]
pub(crate) struct Decoder {
    bytes: BytesMut,
    data: Option<Rest>,
}

/// The part of a DATA frame that has not arrived.
#[derive(Debug)]
struct Rest {
    id: u32,
    left: usize,
    fin: bool,
}

impl Decoder {
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// The next frame, as soon as enough of it has arrived.
    ///
    /// # Errors
    /// [`Invalid`]: what follows can't be read.
    pub(crate) fn next(&mut self) -> Result<Option<Frame>, Invalid> {
        if let Some(rest) = self.data.take() {
            return Ok(self.part(rest));
        }
        let Some(mut head) = self.bytes.get(..HEAD) else { return Ok(None) };
        let (first, second) = (head.get_u32(), head.get_u32());
        let (flags, length) = ((second >> 24) as u8, (second & 0x00ff_ffff) as usize);
        if first >> 31 == 0 {
            if first == 0 {
                return Err(Invalid::Nobody);
            }
            self.bytes.advance(HEAD);
            return Ok(self.part(Rest { id: first, left: length, fin: flags & FIN != 0 }));
        }
        let (version, kind) = ((first >> 16) as u16 & 0x7fff, (first & 0xffff) as u16);
        if version != VERSION {
            return Err(Invalid::Version(version));
        }
        if length > CONTROL {
            return Err(Invalid::Long(length));
        }
        if self.bytes.len() < HEAD + length {
            return Ok(None);
        }
        self.bytes.advance(HEAD);
        Ok(Some(Frame::Control { kind, flags, body: self.bytes.split_to(length).freeze() }))
    }

    fn part(&mut self, mut rest: Rest) -> Option<Frame> {
        let bytes = self.bytes.split_to(rest.left.min(self.bytes.len())).freeze();
        rest.left -= bytes.len();
        let (id, whole) = (rest.id, rest.left == 0);
        let fin = whole && rest.fin;
        if !whole {
            self.data = Some(rest);
        }
        (whole || !bytes.is_empty()).then_some(Frame::Data { id, bytes, fin })
    }
}

/// The number at `at` in the body of a control frame, without the first bit: it is reserved wherever a stream is named.
///
/// # Errors
/// [`Invalid::Short`].
pub(crate) fn number(kind: u16, body: &[u8], at: usize) -> Result<u32, Invalid> {
    let mut bytes = body.get(at..at + 4).ok_or(Invalid::Short(kind))?;
    Ok(bytes.get_u32() & 0x7fff_ffff)
}

/// Appends a DATA frame of less than 16 MiB.
pub(crate) fn data(out: &mut BytesMut, id: u32, bytes: &[u8], fin: bool) {
    out.put_u32(id);
    length(out, if fin { FIN } else { 0 }, bytes.len());
    out.put_slice(bytes);
}

/// Appends any other frame; the body has less than 16 MiB.
pub(crate) fn control(out: &mut BytesMut, kind: u16, flags: u8, body: &[u8]) {
    out.put_u16(0x8000 | VERSION);
    out.put_u16(kind);
    length(out, flags, body.len());
    out.put_slice(body);
}

/// Appends a RST_STREAM.
pub(crate) fn reset(out: &mut BytesMut, id: u32, status: u32) {
    control(out, RST_STREAM, 0, &[id.to_be_bytes(), status.to_be_bytes()].concat());
}

fn length(out: &mut BytesMut, flags: u8, length: usize) {
    debug_assert!(length < 1 << 24, "{length} bytes don't fit a frame");
    out.put_u32(u32::from(flags) << 24 | length as u32);
}

/// Opens streams: all header blocks of a session are one zlib stream.
#[derive(Debug, Default)]
pub(crate) struct Opener {
    begun: bool,
}

impl Opener {
    /// Appends a SYN_STREAM. The names are in lower case, and all headers together have less than 64 KiB.
    pub(crate) fn open(&mut self, out: &mut BytesMut, id: u32, headers: &[(&str, &str)]) {
        let mut block = BytesMut::new();
        block.put_u32(headers.len() as u32);
        for text in headers.iter().flat_map(|(name, value)| [name, value]) {
            block.put_u32(text.len() as u32);
            block.put_slice(text.as_bytes());
        }
        // The stream, no associated stream, the highest priority, and no slot.
        let mut body = BytesMut::new();
        body.put_u32(id);
        body.put_slice(&[0; 6]);
        if !std::mem::replace(&mut self.begun, true) {
            body.put_slice(&ZLIB);
        }
        stored(&mut body, &block);
        // An empty block, as after a flush: without it, Go's reader keeps what it has read.
        stored(&mut body, &[]);
        control(out, SYN_STREAM, 0, &body);
    }
}

/// A block of deflate without compression (RFC 1951, section 3.2.4) that is not the last.
fn stored(out: &mut BytesMut, bytes: &[u8]) {
    let length = bytes.len() as u16;
    out.put_u8(0);
    out.put_u16_le(length);
    out.put_u16_le(!length);
    out.put_slice(bytes);
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use proptest::prelude::*;

    fn all(decoder: &mut Decoder) -> Vec<Frame> {
        std::iter::from_fn(|| decoder.next().unwrap()).collect()
    }

    #[test]
    fn what_is_sent_as_spdystream_reads_it() {
        let (mut out, mut opener) = (BytesMut::new(), Opener::default());
        opener.open(&mut out, 1, &[("port", "80")]);
        let head = [0x80, 3, 0, 1, 0, 0, 0, 44];
        let block = [0, 0, 0, 1, 0, 0, 0, 4, b'p', b'o', b'r', b't', 0, 0, 0, 2, b'8', b'0'];
        let (whole, empty) = ([0, 18, 0, 0xed, 0xff], [0, 0, 0, 0xff, 0xff]);
        assert_eq!(&out[..], [&head[..], &[0, 0, 0, 1, 0, 0, 0, 0, 0, 0], &ZLIB, &whole, &block, &empty].concat());
        out.clear();
        opener.open(&mut out, 3, &[("port", "80")]);
        assert_eq!(out.len(), 52 - ZLIB.len(), "the zlib stream goes on");
        out.clear();
        data(&mut out, 3, b"hi", true);
        reset(&mut out, 3, CANCEL);
        assert_eq!(&out[..], [0, 0, 0, 3, 1, 0, 0, 2, b'h', b'i', 0x80, 3, 0, 3, 0, 0, 0, 8, 0, 0, 0, 3, 0, 0, 0, 5]);
    }

    #[test]
    fn what_cannot_be_read_ends_the_session() {
        let read = |bytes: &[u8]| {
            let mut decoder = Decoder::default();
            decoder.push(bytes);
            decoder.next()
        };
        assert_eq!(read(&[0x80, 2, 0, 6, 0, 0, 0, 4]), Err(Invalid::Version(2)));
        assert_eq!(read(&[0x80, 3, 0, 8, 0, 1, 0, 1]), Err(Invalid::Long(0x0001_0001)), "before any of it is kept");
        assert_eq!(read(&[0, 0, 0, 0, 0, 0, 0, 1, 9]), Err(Invalid::Nobody));
        assert_eq!(read(&[0x80, 3, 0, 6, 0, 0, 0, 4, 0, 0, 0]), Ok(None), "the rest may come");
        assert_eq!(read(&[0x80, 3, 0xff, 0xff, 2, 0, 0, 1, 7]), Ok(Some(Frame::Control { kind: 0xffff, flags: 2, body: Bytes::from_static(&[7]) })));
        assert_eq!(number(GOAWAY, &[0, 0, 1], 0), Err(Invalid::Short(GOAWAY)));
        assert_eq!(number(GOAWAY, &[0, 0x80, 0, 0, 1], 1), Ok(1));
    }

    #[test]
    fn data_is_passed_on_before_its_frame_is_whole() {
        let mut decoder = Decoder::default();
        decoder.push(&[0, 0, 0, 3, 1, 0xff, 0xff, 0xff, b'a']);
        assert_eq!(all(&mut decoder), [Frame::Data { id: 3, bytes: Bytes::from_static(b"a"), fin: false }]);
        decoder.push(b"bc");
        assert_eq!(all(&mut decoder), [Frame::Data { id: 3, bytes: Bytes::from_static(b"bc"), fin: false }]);
        assert!(decoder.bytes.is_empty());
    }

    proptest! {
        #[test]
        fn frames_are_the_same_however_they_are_cut(
            sent in prop::collection::vec((1..u32::from(u16::MAX), prop::collection::vec(any::<u8>(), 0..300), any::<bool>(), any::<bool>()), 0..20),
            cut in 1..200_usize,
        ) {
            let mut out = BytesMut::new();
            for (id, bytes, flag, is_data) in &sent {
                if *is_data {
                    data(&mut out, *id, bytes, *flag);
                } else {
                    control(&mut out, *id as u16, u8::from(*flag), bytes);
                }
            }
            let (mut decoder, mut got) = (Decoder::default(), Vec::new());
            // Parts of one DATA frame are joined again.
            let mut open = false;
            for piece in out.chunks(cut) {
                decoder.push(piece);
                while let Some(frame) = decoder.next().unwrap() {
                    match frame {
                        Frame::Data { id, bytes, fin } => {
                            if !open {
                                got.push((id, Vec::new(), false, true));
                            }
                            let last = got.last_mut().unwrap();
                            last.1.extend_from_slice(&bytes);
                            last.2 = fin;
                            open = decoder.data.is_some();
                        }
                        Frame::Control { kind, flags, body } => got.push((u32::from(kind), body.to_vec(), flags == 1, false)),
                    }
                }
            }
            prop_assert_eq!(got, sent);
        }

        #[test]
        fn any_bytes_are_frames_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..2_000), cut in 1..100_usize) {
            let mut decoder = Decoder::default();
            for piece in bytes.chunks(cut) {
                decoder.push(piece);
                loop {
                    match decoder.next() {
                        Ok(Some(_)) => {}
                        Ok(None) => break,
                        Err(_) => return Ok(()),
                    }
                }
                prop_assert!(decoder.bytes.len() <= HEAD + CONTROL + cut);
            }
        }
    }
}
