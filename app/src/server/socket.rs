//! The life of one socket: a hello, frames both ways, pings, and a close that tells the client why.
//!
//! One task and one `select!` for each socket: a separate writer task adds a tenth to a third to the latency, and 0.8 KiB.

use crate::server::activity::Activity;
use crate::server::desk::Place;
use crate::server::outbox::Ending;
use crate::server::worker::{AddressSlot, Worker};
use crate::websocket::{Handshake, WebSocket, goodbye};
use axum::response::Response;
use futures_util::{SinkExt, StreamExt};
use std::io::ErrorKind;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use sticky_core::choice::Expose;
use sticky_core::stats::bump;
use sticky_core::trace::{Kind, Trace, TraceId};
use sticky_core::wire::{ErrorBody, Hello, Message, RelayState, json};
use tokio::sync::watch;
use tokio::time::Instant as Deadline;
use tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tungstenite::{Error, Message as Frame, Utf8Bytes};

/// tungstenite zero-fills its read buffer before every read: its default of 128 KiB costs twice the latency and twenty
/// times the memory of this. Larger frames are still read, in several reads.
const READ_BUFFER: usize = 1_024;
/// Timeout for the close handshake.
const GOODBYE: Duration = Duration::from_secs(5);

/// Accepts the handshake and starts the socket's task. The slot is already taken, so two upgrades at once can't both
/// take the last one.
pub(super) fn accept(
    worker: Arc<Worker>,
    handshake: Handshake,
    place: Place,
    slot: Option<Arc<AddressSlot>>,
    activity: Arc<Activity>,
    map: bool,
) -> Response {
    let max = worker.config.limits.max_frame;
    let tracked = worker.tracker.token();
    let config = WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(0)
        .max_write_buffer_size(max + 64 * 1_024)
        .max_message_size(Some(max))
        .max_frame_size(Some(max));
    activity.becomes_socket(&worker.memory);
    handshake.accept(config, move |socket| async move {
        let mut session = Session::new(worker, socket, place, activity, map);
        let end = session.run().await;
        session.close(end).await;
        let (worker, id) = (session.worker.clone(), session.place.id);
        // The registry must release the socket before the bus looks at it.
        drop(session);
        worker.bus.reconcile(id).await;
        drop((tracked, slot));
    })
}

/// Why a socket ends.
#[derive(Debug, PartialEq, Eq)]
enum End {
    /// The client left, or the connection broke.
    Gone,
    /// Two pings went unanswered, or a frame could not be written for as long.
    Dead,
    /// No message in either direction for too long.
    Idle,
    Binary,
    /// An unfinished message for which there is no memory left.
    NoMemory,
    /// The client sent what RFC 6455 or a limit forbids.
    Refused(CloseFrame),
    /// The server ended it.
    Ordered(Ending),
}

struct Session {
    worker: Arc<Worker>,
    socket: WebSocket,
    place: Place,
    activity: Arc<Activity>,
    map: Option<watch::Receiver<Utf8Bytes>>,
    relay: watch::Receiver<bool>,
    unanswered: u8,
    last_message: Deadline,
}

impl Session {
    fn new(worker: Arc<Worker>, socket: WebSocket, place: Place, activity: Arc<Activity>, map: bool) -> Self {
        let (relay, map) = (worker.desk.relay(), map.then(|| worker.desk.map()));
        Self { worker, socket, place, activity, map, relay, unanswered: 0, last_message: Deadline::now() }
    }

    async fn run(&mut self) -> End {
        match self.talk().await {
            Ok(never) => match never {},
            Err(end) => end,
        }
    }

    async fn talk(&mut self) -> Result<std::convert::Infallible, End> {
        self.hello().await?;
        let limits = self.worker.config.limits.clone();
        let mut next_ping = Deadline::now() + limits.ping_interval;
        loop {
            while let Some(frame) = self.place.outbox.pop() {
                self.last_message = Deadline::now();
                self.write(Frame::Text(frame)).await?;
            }
            if let Some(ending) = self.place.outbox.ending() {
                return Err(End::Ordered(ending));
            }
            let idle_at = self.last_message + limits.idle_socket;
            tokio::select! {
                frame = self.socket.next() => self.frame(frame).await?,
                () = self.place.outbox.woken() => {}
                () = tokio::time::sleep_until(next_ping.min(idle_at)) => {
                    if Deadline::now() >= idle_at {
                        bump(&self.worker.desk.stats.idle_sockets);
                        return Err(End::Idle);
                    }
                    if self.unanswered >= 2 {
                        return Err(End::Dead);
                    }
                    self.unanswered += 1;
                    next_ping = Deadline::now() + limits.ping_interval;
                    self.write(Frame::Ping(bytes::Bytes::new())).await?;
                }
                picture = changed(&mut self.map) => self.write(Frame::Text(picture)).await?,
                // An error means that the worker is gone, and then the outbox says so.
                _ = self.relay.changed() => {
                    let relay = if *self.relay.borrow_and_update() { "on" } else { "off" };
                    self.write(Frame::Text(json(&RelayState { relay }).into())).await?;
                }
            }
        }
    }

    async fn hello(&mut self) -> Result<(), End> {
        let relay = self.worker.bus.reconcile(self.place.id).await;
        let identity = &self.worker.desk.identity;
        let hello = json(&Hello {
            websocket_pid: identity.text(),
            at: (identity.expose != Expose::Off).then(|| identity.place()),
            relay: (!relay).then_some("off"),
        });
        if relay {
            // The hello says so already; only a later change is news. Without a relay, the news may have come while this waited.
            self.relay.mark_unchanged();
        }
        tracing::debug!(client = %self.place.id, relay, "socket open");
        self.write(Frame::Text(hello.into())).await?;
        if self.map.is_some() {
            let picture = self.worker.picture();
            self.write(Frame::Text(picture)).await?;
        }
        Ok(())
    }

    async fn frame(&mut self, frame: Option<Result<Frame, Error>>) -> Result<(), End> {
        match frame {
            Some(Ok(Frame::Text(text))) => {
                self.activity.message_read();
                self.last_message = Deadline::now();
                bump(&self.worker.desk.stats.frames_in);
                self.message(&text).await
            }
            Some(Ok(Frame::Pong(payload))) => {
                self.activity.control_read(payload.len());
                self.unanswered = 0;
                Ok(())
            }
            Some(Ok(Frame::Ping(payload))) => {
                self.activity.control_read(payload.len());
                Ok(())
            }
            Some(Ok(Frame::Binary(_))) => Err(End::Binary),
            Some(Ok(Frame::Close(_))) | None => Err(End::Gone),
            Some(Err(Error::Io(error))) if error.kind() == ErrorKind::OutOfMemory => Err(End::NoMemory),
            Some(Err(error)) => Err(goodbye(&error).map_or(End::Gone, End::Refused)),
            // Single frames are written only, never read.
            Some(Ok(Frame::Frame(_))) => Ok(()),
        }
    }

    async fn message(&mut self, text: &Utf8Bytes) -> Result<(), End> {
        let began = Instant::now();
        let message = match Message::parse(text.as_bytes(), self.worker.config.limits.max_text) {
            Ok(parsed) => parsed,
            Err(refusal) => {
                let frame = json(&ErrorBody::new(refusal.code().0, &refusal.to_string()));
                return self.write(Frame::Text(frame.into())).await;
            }
        };
        tracing::debug!(client = %self.place.id, text = message.text, "frame");
        let desk = &self.worker.desk;
        let trace = message.trace.filter(|_| self.worker.traces()).map(|id| told(id, desk.identity.place(), began));
        let echo = desk.echo(&message.text, message.key.as_ref(), trace.as_ref());
        // The sender gets its echo in any case: it answers the frame.
        let others = desk.deliver_here(&self.place.id, &echo, Some(&self.place), message.key.as_ref());
        desk.stats.deliveries_local.fetch_add(others.queued() as u64 + 1, Ordering::Relaxed);
        self.write(Frame::Text(echo)).await
    }

    /// Writes one frame. It gives up when the server ends the socket meanwhile, or when nothing moves for two ping intervals.
    async fn write(&mut self, frame: Frame) -> Result<(), End> {
        let text = matches!(frame, Frame::Text(_));
        tokio::select! {
            biased;
            sent = self.socket.send(frame) => {
                if sent.is_ok() && text {
                    bump(&self.worker.desk.stats.frames_out);
                }
                sent.map_err(|_| End::Gone)
            }
            ending = self.place.outbox.ended() => Err(End::Ordered(ending)),
            () = tokio::time::sleep(self.worker.config.limits.ping_interval * 2) => Err(End::Dead),
        }
    }

    /// Closes with a code and a reason, and waits a moment for the client's own close frame.
    async fn close(&mut self, end: End) {
        if end == End::Dead {
            bump(&self.worker.desk.stats.dead_peers);
        }
        tracing::debug!(client = %self.place.id, ?end, "socket ends");
        if end == End::NoMemory {
            bump(&self.worker.desk.stats.memory_refusals);
        }
        if end != End::Dead {
            // The client may send more than is read, even after its own close frame.
            self.activity.leave_unread();
        }
        let frame = |code: u16, reason: String| CloseFrame { code: code.into(), reason: reason.into() };
        let close = match end {
            End::Gone => {
                // The reply to the client's own close frame goes out with the next poll.
                let _ = tokio::time::timeout(GOODBYE, self.socket.next()).await;
                return;
            }
            End::Dead => return,
            End::Idle => frame(1000, "idle".to_owned()),
            End::Binary => frame(1003, "this server accepts text frames only".to_owned()),
            End::NoMemory => frame(1013, "this worker has no memory left for so long a message; try again later".to_owned()),
            End::Refused(close) => close,
            End::Ordered(Ending::SlowReader) => frame(1008, "the reader is too slow".to_owned()),
            End::Ordered(Ending::Restart(hint)) => frame(1012, json(&hint)),
        };
        let goodbye = async {
            if self.socket.send(Frame::Close(Some(close))).await.is_ok() {
                while let Some(Ok(_)) = self.socket.next().await {}
            }
        };
        let _ = tokio::time::timeout(GOODBYE, goodbye).await;
    }
}

async fn changed(map: &mut Option<watch::Receiver<Utf8Bytes>>) -> Utf8Bytes {
    if let Some(map) = map
        && map.changed().await.is_ok()
    {
        return map.borrow_and_update().clone();
    }
    std::future::pending().await
}

/// The trace of a frame and its echo. The door's hops have no time: a front door does not see frames.
fn told(id: TraceId, place: &str, began: Instant) -> Trace {
    let mut trace = Trace::new(id);
    trace.hop("door", Some(place), Kind::Frame, Duration::ZERO, place);
    trace.hop(place, Some("door"), Kind::Push, began.elapsed(), place);
    trace
}
