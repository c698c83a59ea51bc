//! What a session's connections have it send.

use bytes::Bytes;
use tokio::sync::OwnedSemaphorePermit;

/// What is to be sent. Streams are opened, and send data, in this order.
pub(super) enum Order {
    Open { error: u32, data: u32, port: u16 },
    Data { id: u32, bytes: Bytes, room: OwnedSemaphorePermit },
    End(u32),
    Reset(u32),
    Refuse { id: u32, room: OwnedSemaphorePermit },
    Pong { id: u32, room: OwnedSemaphorePermit },
}
