//! The bytes of one connection.

use crate::server::activity::Activity;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, ReadBuf};
use tokio::net::TcpStream;
use tokio::runtime::Handle;
use tokio_util::either::Either;

/// From the network, or from the front door of the same process.
pub type Stream = Either<TcpStream, DuplexStream>;

/// How long, and for how many bytes, a closed connection is still read.
const LINGER: (Duration, u64) = (Duration::from_secs(2), 4 * 1_024 * 1_024);

/// A stream that reports incoming bytes to its [`Activity`], and that closes so that the last answer arrives.
pub(super) struct Watched {
    // Taken only when it is dropped.
    stream: Option<Stream>,
    activity: Arc<Activity>,
}

impl Watched {
    pub(super) fn new(stream: Stream, activity: Arc<Activity>) -> Self {
        Self { stream: Some(stream), activity }
    }

    fn stream(&mut self) -> Option<Pin<&mut Stream>> {
        self.stream.as_mut().map(Pin::new)
    }
}

impl Drop for Watched {
    /// Closing a TCP connection with unread bytes resets it, and the reset can discard an answer on its way
    /// (RFC 9112 section 9.6).
    fn drop(&mut self) {
        let (Some(stream), true, Ok(runtime)) = (self.stream.take(), self.activity.is_left_unread(), Handle::try_current()) else {
            return;
        };
        runtime.spawn(linger(stream));
    }
}

/// Shuts down the write side, then reads what still arrives, for a while.
pub(super) async fn linger(mut stream: Stream) {
    let _ = tokio::time::timeout(LINGER.0, async move {
        if stream.shutdown().await.is_ok() {
            let _ = tokio::io::copy(&mut stream.take(LINGER.1), &mut tokio::io::sink()).await;
        }
    })
    .await;
}

fn gone<T>() -> Poll<io::Result<T>> {
    Poll::Ready(Err(io::ErrorKind::NotConnected.into()))
}

impl AsyncRead for Watched {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let (before, this) = (buf.filled().len(), self.get_mut());
        let polled = this.stream().map_or_else(gone, |stream| stream.poll_read(cx, buf));
        let came = buf.filled().len() - before;
        if came > 0 && !this.activity.bytes_came(came) {
            return Poll::Ready(Err(io::ErrorKind::OutOfMemory.into()));
        }
        polled
    }
}

impl AsyncWrite for Watched {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.get_mut().stream().map_or_else(gone, |stream| stream.poll_write(cx, buf))
    }
    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_mut().stream().map_or_else(gone, |stream| stream.poll_flush(cx))
    }
    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_mut().stream().map_or_else(gone, |stream| stream.poll_shutdown(cx))
    }
    fn poll_write_vectored(self: Pin<&mut Self>, cx: &mut Context<'_>, bufs: &[io::IoSlice<'_>]) -> Poll<io::Result<usize>> {
        self.get_mut().stream().map_or_else(gone, |stream| stream.poll_write_vectored(cx, bufs))
    }
    fn is_write_vectored(&self) -> bool {
        self.stream.as_ref().is_some_and(AsyncWrite::is_write_vectored)
    }
}
