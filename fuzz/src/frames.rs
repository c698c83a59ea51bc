//! Frames of a client: the check while they arrive, the library behind it, and the JSON in them.

use std::io::{self, Cursor, Read, Write};
use sticky_core::frames::Frames;
use sticky_core::wire::Message;
use tokio_tungstenite::tungstenite;
use tungstenite::error::{Error, ProtocolError};
use tungstenite::protocol::{Role, WebSocketConfig};
use tungstenite::{Message as Frame, WebSocket};

const MAX_FRAME: usize = 1_024;
const MAX_TEXT: usize = 256;

/// Reads from memory; what is written is dropped.
struct Client<'a>(Cursor<&'a [u8]>);

impl Read for Client<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.0.read(buf)
    }
}

impl Write for Client<'_> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        Ok(buf.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The first byte is the size of the pieces in which the rest arrives.
pub fn check(data: &[u8]) {
    let Some((size, bytes)) = data.split_first() else { return };
    let whole = Frames::default().check(bytes);
    let mut frames = Frames::default();
    let pieces = bytes.chunks(usize::from(*size).max(1)).try_for_each(|piece| frames.check(piece));
    assert_eq!(whole.map_err(|refused| refused.why), pieces.map_err(|refused| refused.why), "in one piece, and in several");
    let passed = &bytes[..whole.map_or_else(|refused| refused.at, |()| bytes.len())];
    assert_eq!(Frames::default().check(passed), Ok(()), "what was passed on breaks no rule");
    read(passed);
    json(bytes);
}

/// What passed the check, the library reads. It still finds a limit, the end, and what is wrong inside of a close frame.
fn read(bytes: &[u8]) {
    let config = WebSocketConfig::default().read_buffer_size(64).max_frame_size(Some(MAX_FRAME)).max_message_size(Some(MAX_FRAME));
    let mut socket = WebSocket::from_raw_socket(Client(Cursor::new(bytes)), Role::Server, Some(config));
    loop {
        match socket.read() {
            Ok(Frame::Text(text)) => json(text.as_bytes()),
            Ok(_) => {}
            Err(Error::Capacity(_) | Error::ConnectionClosed | Error::Utf8(_)) => return,
            Err(Error::Protocol(ProtocolError::ResetWithoutClosingHandshake | ProtocolError::InvalidCloseSequence)) => return,
            Err(other) => panic!("{other:?}"),
        }
    }
}

fn json(bytes: &[u8]) {
    match Message::parse(bytes, MAX_TEXT) {
        Ok(message) => assert!(message.text.len() <= MAX_TEXT),
        Err(refusal) => assert!((400..500).contains(&refusal.code().1) && !refusal.to_string().is_empty()),
    }
}
