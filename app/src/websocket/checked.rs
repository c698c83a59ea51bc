//! A stream whose incoming frames are checked.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use sticky_core::frames::{Frames, Violation};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Passes on what breaks no rule of RFC 6455; then reading fails with the [`Violation`], and writing still works.
#[derive(Debug)]
pub struct Checked<S> {
    stream: S,
    frames: Frames,
    refused: Option<Violation>,
}

impl<S> Checked<S> {
    pub(super) fn new(stream: S) -> Self {
        Self { stream, frames: Frames::default(), refused: None }
    }
}

fn refusal(why: Violation) -> Poll<io::Result<()>> {
    Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, why)))
}

impl<S: AsyncRead + Unpin> AsyncRead for Checked<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let (before, this) = (buf.filled().len(), self.get_mut());
        if let Some(why) = this.refused {
            return refusal(why);
        }
        ready!(Pin::new(&mut this.stream).poll_read(cx, buf))?;
        if let Err(refused) = this.frames.check(&buf.filled()[before..]) {
            this.refused = Some(refused.why);
            buf.set_filled(before + refused.at);
            // Nothing read would mean the end of the stream.
            if refused.at == 0 {
                return refusal(refused.why);
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Checked<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(cx, buf)
    }
    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }
    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}
