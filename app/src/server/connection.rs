//! HTTP/1.1 over one connection of a client that nobody trusts: the limits of its time and size, and an end that loses no answer.
//!
//! The worker and the front door of `stickyctl up --local` serve their clients with it, so both keep to the same rules.

use crate::server::activity::{Activity, Phase};
use crate::server::stream::{Stream, Watched};
use bytes::Bytes;
use http::{Request, Response};
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::convert::Infallible;
use std::error::Error;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use sticky_core::limits::Limits;

/// What a connection may take; it is closed beyond that.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Largest request head in bytes; a larger one gets 431.
    pub max_head: usize,
    /// [`Limits::header_timeout`].
    pub header_timeout: Duration,
    /// [`Limits::keep_alive`].
    pub keep_alive: Duration,
}

impl Bounds {
    /// The bounds of a connection that comes straight from a client.
    #[must_use]
    pub fn of(limits: &Limits) -> Self {
        Self { max_head: 16 * 1_024, header_timeout: limits.header_timeout, keep_alive: limits.keep_alive }
    }

    /// The bounds of a connection behind our own front door, whose `X-Forwarded-…` headers repeat the client's host.
    #[must_use]
    pub(super) fn behind_a_door(self) -> Self {
        Self { max_head: 2 * self.max_head, ..self }
    }
}

/// How a connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// By its client, by `finishing`, or as another protocol.
    Done,
    /// A request's head took longer than [`Bounds::header_timeout`].
    SlowHead,
}

/// Serves one connection until it ends. When `finishing` resolves, it closes after the request that it is answering.
pub async fn serve<A, F, B>(stream: Stream, bounds: Bounds, finishing: impl Future<Output = ()>, answer: A) -> Ended
where
    A: Fn(Request<ClientBody>) -> F,
    F: Future<Output = Response<B>>,
    B: Body + 'static,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let activity = Activity::new();
    let service = service_fn(|mut request: Request<Incoming>| {
        activity.enter(Phase::Busy);
        request.extensions_mut().insert(activity.clone());
        let activity = activity.clone();
        let ended = request.body().is_end_stream();
        let answered = answer(request.map(|body| ClientBody { body, ended, activity: activity.clone() }));
        async move {
            let answer = answered.await;
            activity.enter(Phase::Idle);
            Ok::<_, Infallible>(answer)
        }
    });
    let io = TokioIo::new(Watched::new(stream, activity.clone()));
    // A client may end its side when its request is out, and wait for the answer (RFC 9112 section 9.6). One that is gone looks the
    // same until something is written to it; a body that ends early, and the time limits, end its request.
    let connection =
        http1::Builder::new().half_close(true).header_read_timeout(None).max_buf_size(bounds.max_head).serve_connection(io, service).with_upgrades();
    let mut connection = pin!(connection);
    let mut overdue = pin!(activity.overdue(bounds.header_timeout, bounds.keep_alive));
    let mut finishing = pin!(finishing);
    let mut finished = false;
    loop {
        tokio::select! {
            ended = connection.as_mut() => {
                if ended.is_err() {
                    // hyper has answered what it could not parse, and left the rest unread.
                    activity.leave_unread();
                }
                return Ended::Done;
            }
            phase = &mut overdue => return if phase == Phase::Head { Ended::SlowHead } else { Ended::Done },
            () = &mut finishing, if !finished => {
                finished = true;
                connection.as_mut().graceful_shutdown();
            }
        }
    }
}

/// A request's body as it arrives. If it is dropped before its end, the connection closes in a way that lets the answer arrive.
#[derive(Debug)]
pub struct ClientBody {
    body: Incoming,
    ended: bool,
    activity: Arc<Activity>,
}

impl Body for ClientBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        self.ended = matches!(polled, Poll::Ready(None)) || self.body.is_end_stream();
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.ended
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for ClientBody {
    fn drop(&mut self) {
        if !self.ended {
            self.activity.leave_unread();
        }
    }
}
