//! One connection: where its bytes come from, and what it is waiting for.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, ReadBuf};
use tokio::net::TcpStream;
use tokio::runtime::Handle;

/// A connection's bytes.
pub(super) enum Stream {
    /// From the network.
    Tcp(TcpStream),
    /// From the front door of the same process.
    Memory(DuplexStream),
}

/// What a connection is doing, for the two timers that hyper has only one for: its header timeout also ends idle
/// keep-alive connections, and those must live longer than the front door's.
#[derive(Debug)]
pub(super) struct Activity {
    born: Instant,
    /// Milliseconds since `born` at which the present phase began, times four, plus the phase.
    since: AtomicU64,
    unread: AtomicBool,
}

/// The phases of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// Between requests.
    Idle,
    /// A request's head is coming in.
    Head,
    /// A request is being answered.
    Busy,
}

impl Activity {
    /// A connection that has said nothing yet.
    #[must_use]
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self { born: Instant::now(), since: AtomicU64::new(0), unread: AtomicBool::new(false) })
    }

    fn now(&self) -> u64 {
        self.born.elapsed().as_millis() as u64
    }

    /// Enters a phase.
    pub(super) fn enter(&self, phase: Phase) {
        self.since.store(self.now() * 4 + phase as u64, Ordering::Relaxed);
    }

    /// The connection will be closed although its client may still be sending.
    pub(super) fn leave_unread(&self) {
        self.unread.store(true, Ordering::Relaxed);
    }

    fn bytes_came(&self) {
        if self.since.load(Ordering::Relaxed) % 4 == Phase::Idle as u64 {
            self.enter(Phase::Head);
        }
    }

    /// The phase and how long it has lasted.
    #[must_use]
    pub(super) fn phase(&self) -> (Phase, Duration) {
        let since = self.since.load(Ordering::Relaxed);
        let phase = match since % 4 {
            0 => Phase::Idle,
            1 => Phase::Head,
            _ => Phase::Busy,
        };
        (phase, Duration::from_millis(self.now().saturating_sub(since / 4)))
    }

    /// Resolves when the connection has been waiting for too long, to what it was waiting for.
    pub(super) async fn overdue(&self, head: Duration, idle: Duration) -> Phase {
        loop {
            let (phase, lasted) = self.phase();
            let most = match phase {
                Phase::Idle => idle,
                Phase::Head => head,
                // The request has its own timeout; look again when that could have ended.
                Phase::Busy => lasted + head,
            };
            if lasted >= most {
                return phase;
            }
            // A phase that begins meanwhile may end sooner than this one would have.
            tokio::time::sleep((most - lasted).min(head)).await;
        }
    }
}

/// A stream that tells its [`Activity`] when bytes come in, and that closes so that the last answer arrives.
pub(super) struct Watched {
    // Taken only when it is dropped.
    stream: Option<Stream>,
    activity: Arc<Activity>,
}

/// How long, and for how many bytes, a closed connection is still read.
const LINGER: (Duration, u64) = (Duration::from_secs(2), 4 * 1_024 * 1_024);

impl Drop for Watched {
    /// Closing a TCP connection with unread bytes resets it, and the reset takes the answer with it that was on its way
    /// (RFC 9112 section 9.6): first say that nothing more follows, then read what still comes, for a while.
    fn drop(&mut self) {
        let (Some(stream), true, Ok(runtime)) = (self.stream.take(), self.activity.unread.load(Ordering::Relaxed), Handle::try_current()) else {
            return;
        };
        runtime.spawn(async move {
            let _ = tokio::time::timeout(LINGER.0, async {
                match stream {
                    Stream::Tcp(stream) => linger(stream).await,
                    Stream::Memory(stream) => linger(stream).await,
                }
            })
            .await;
        });
    }
}

async fn linger<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S) {
    if stream.shutdown().await.is_ok() {
        let _ = tokio::io::copy(&mut stream.take(LINGER.1), &mut tokio::io::sink()).await;
    }
}

impl Watched {
    /// Watches `stream`.
    #[must_use]
    pub(super) fn new(stream: Stream, activity: Arc<Activity>) -> Self {
        Self { stream: Some(stream), activity }
    }
}

macro_rules! forward {
    ($self:ident, $stream:ident => $call:expr) => {
        match &mut $self.get_mut().stream {
            Some(Stream::Tcp($stream)) => $call,
            Some(Stream::Memory($stream)) => $call,
            None => Poll::Ready(Err(io::ErrorKind::NotConnected.into())),
        }
    };
}

impl AsyncRead for Watched {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let (before, this) = (buf.filled().len(), self.get_mut());
        let polled = match &mut this.stream {
            Some(Stream::Tcp(s)) => Pin::new(s).poll_read(cx, buf),
            Some(Stream::Memory(s)) => Pin::new(s).poll_read(cx, buf),
            None => Poll::Ready(Err(io::ErrorKind::NotConnected.into())),
        };
        if buf.filled().len() > before {
            this.activity.bytes_came();
        }
        polled
    }
}

impl AsyncWrite for Watched {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        forward!(self, s => Pin::new(s).poll_write(cx, buf))
    }
    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        forward!(self, s => Pin::new(s).poll_flush(cx))
    }
    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        forward!(self, s => Pin::new(s).poll_shutdown(cx))
    }
    fn poll_write_vectored(self: Pin<&mut Self>, cx: &mut Context<'_>, bufs: &[io::IoSlice<'_>]) -> Poll<io::Result<usize>> {
        forward!(self, s => Pin::new(s).poll_write_vectored(cx, bufs))
    }
    fn is_write_vectored(&self) -> bool {
        match &self.stream {
            Some(Stream::Tcp(s)) => s.is_write_vectored(),
            Some(Stream::Memory(s)) => s.is_write_vectored(),
            None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: Duration = Duration::from_secs(10);
    const IDLE: Duration = Duration::from_secs(120);

    #[test]
    fn bytes_start_a_head_only_between_requests() {
        let activity = Activity::new();
        assert_eq!(activity.phase().0, Phase::Idle);
        activity.bytes_came();
        assert_eq!(activity.phase().0, Phase::Head);
        activity.enter(Phase::Busy);
        activity.bytes_came();
        assert_eq!(activity.phase().0, Phase::Busy);
    }

    #[tokio::test]
    async fn the_shorter_timer_counts_while_a_head_comes_in() {
        let activity = Activity::new();
        activity.bytes_came();
        let began = Instant::now();
        assert_eq!(activity.overdue(Duration::from_millis(30), IDLE).await, Phase::Head);
        assert!(began.elapsed() >= Duration::from_millis(29));
        activity.enter(Phase::Idle);
        assert_eq!(activity.overdue(HEAD, Duration::from_millis(30)).await, Phase::Idle);
    }
}
