//! A client for SPDY/3.1, the protocol that carries many connections to a pod over one connection to the API server.
//!
//! kubectl uses it too: client-go's `tools/portforward` with moby/spdystream. It is our own because the crates that exist
//! (`spdy-mux`, `kube-portforward`) are GPL-3.0-only, and kube's `portforward` opens one connection per port-forward.
//!
//! [`frame`] reads and writes frames without I/O, [`session`] runs one session over any [`Transport`], [`streams`] is the table of
//! its streams, and [`stream`] is one of them.

pub(crate) mod frame;
mod order;
pub(crate) mod session;
pub(crate) mod stream;
mod streams;
#[cfg(test)]
mod tests;

use bytes::{Bytes, BytesMut};
use futures_util::{Sink, SinkExt, Stream, StreamExt, future, sink, stream as items};
use std::io;
use std::pin::Pin;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, split};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

/// How much is read at once from a transport without messages of its own.
const CHUNK: usize = 32 * 1024;

type Incoming = Pin<Box<dyn Stream<Item = io::Result<Bytes>> + Send>>;
type Outgoing = Pin<Box<dyn Sink<Bytes, Error = io::Error> + Send>>;

/// What carries a session's bytes. The pieces need not be frames.
pub(crate) struct Transport {
    pub(crate) read: Incoming,
    pub(crate) write: Outgoing,
}

impl Transport {
    /// The bytes as they are.
    pub(crate) fn plain(io: impl AsyncRead + AsyncWrite + Send + 'static) -> Self {
        let (read, write) = split(io);
        let read = items::try_unfold(read, async |mut read| {
            let mut chunk = BytesMut::with_capacity(CHUNK);
            let some = read.read_buf(&mut chunk).await? > 0;
            Ok(some.then(|| (chunk.freeze(), read)))
        });
        let write = sink::unfold(write, async |mut write, bytes: Bytes| {
            write.write_all(&bytes).await?;
            write.flush().await?;
            Ok(write)
        });
        Self { read: Box::pin(read), write: Box::pin(write) }
    }

    /// The bytes as binary messages.
    pub(crate) fn messages<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(socket: WebSocketStream<S>) -> Self {
        let (write, read) = socket.split();
        let read = read.filter_map(|message| {
            future::ready(match message {
                Ok(Message::Binary(bytes)) => Some(Ok(bytes)),
                Ok(Message::Text(_)) => Some(Err(io::Error::other("a text message"))),
                Ok(_) => None,
                Err(error) => Some(Err(io::Error::other(error))),
            })
        });
        let write = write
            .with(|bytes| future::ready(Ok(Message::Binary(bytes))))
            .sink_map_err(|error: tokio_tungstenite::tungstenite::Error| io::Error::other(error));
        Self { read: Box::pin(read), write: Box::pin(write) }
    }
}
