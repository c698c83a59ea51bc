//! One connection to a port of a pod: a data stream, and the error stream beside it.

use super::order::Order;
use super::streams::{Ended, Streams};
use bytes::BytesMut;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, DuplexStream, ReadBuf};
use tokio::sync::{Semaphore, mpsc, oneshot};

/// The most that one DATA frame takes: a long upload must not hold up the others.
const CHUNK: usize = 16 * 1024;

/// A data stream. `shutdown` ends its own direction only. Dropping it ends both, after what was written.
#[derive(Debug)]
pub(crate) struct Stream {
    pub(super) down: DuplexStream,
    pub(super) up: DuplexStream,
    pub(super) _held: Held,
}

/// Keeps the session, and tells the other side when nobody needs the stream any more.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) streams: Arc<Streams>,
    pub(super) orders: mpsc::UnboundedSender<Order>,
    pub(super) id: u32,
}

impl Drop for Held {
    fn drop(&mut self) {
        if self.streams.leave(self.id) {
            // The session has ended if nobody takes it.
            let _ = self.orders.send(Order::Reset(self.id));
        }
    }
}

/// Why the other side ended a connection: a text, on a stream of its own, that is complete before the data stream ends.
#[derive(Debug)]
pub(crate) struct Told {
    pub(super) streams: Arc<Streams>,
    /// Keeps the session.
    pub(super) _orders: mpsc::UnboundedSender<Order>,
    pub(super) id: u32,
    pub(super) text: oneshot::Receiver<String>,
}

impl Told {
    /// `None` once it is certain that there is none.
    pub(crate) async fn text(mut self) -> Option<String> {
        (&mut self.text).await.ok()
    }
}

impl Drop for Told {
    fn drop(&mut self) {
        self.streams.drop_error(self.id);
    }
}

/// Sends what the local side writes, until it ends or the stream does.
pub(super) async fn send(mut up: DuplexStream, id: u32, streams: Arc<Streams>, orders: mpsc::UnboundedSender<Order>, room: Arc<Semaphore>) {
    loop {
        let mut bytes = BytesMut::with_capacity(CHUNK);
        let read = up.read_buf(&mut bytes).await;
        if !matches!(read, Ok(1..)) {
            break;
        }
        let Ok(room) = room.clone().acquire_owned().await else { return };
        if !streams.is_open(id) || orders.send(Order::Data { id, bytes: bytes.freeze(), room }).is_err() {
            return;
        }
    }
    match streams.up_ended(id) {
        Ended::Already => {}
        Ended::Up => drop(orders.send(Order::End(id))),
        Ended::Both => {
            let _ = orders.send(Order::End(id));
            let _ = orders.send(Order::Reset(id));
        }
    }
}

impl AsyncRead for Stream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.down).poll_read(cx, buf)
    }
}

impl AsyncWrite for Stream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.up).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.up).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.up).poll_shutdown(cx)
    }
}
