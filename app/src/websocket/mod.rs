//! The server's side of WebSocket (RFC 6455): the handshake, the frames, and the close frame that answers a client's mistake.
//!
//! tungstenite reads and writes frames. What it reads is checked first, while it arrives.

mod checked;
mod handshake;

pub use checked::Checked;
pub use handshake::{BadHandshake, Handshake};

use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use sticky_core::frames::Violation;
use tokio_tungstenite::WebSocketStream;
use tungstenite::Error;
use tungstenite::error::{CapacityError, ProtocolError};
use tungstenite::protocol::CloseFrame;

/// The server's end of a WebSocket.
pub type WebSocket = WebSocketStream<Checked<TokioIo<Upgraded>>>;

/// The close frame for a socket that can't be read any more. `None` if there is nobody to read it.
#[must_use]
pub fn goodbye(error: &Error) -> Option<CloseFrame> {
    let (code, reason) = match error {
        Error::Io(error) => {
            let violation = error.get_ref()?.downcast_ref::<Violation>()?;
            (violation.close_code(), violation.to_string())
        }
        Error::Capacity(CapacityError::MessageTooLong { max_size, .. }) => (1009, format!("a message can have at most {max_size} bytes")),
        // The reason of a close frame; texts were checked before.
        Error::Utf8(_) => (Violation::NotUtf8.close_code(), Violation::NotUtf8.to_string()),
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => return None,
        Error::Protocol(other) => (1002, other.to_string()),
        _ => return None,
    };
    Some(CloseFrame { code: code.into(), reason: reason.into() })
}
