//! One session: a task that reads and writes frames, and what opens connections in it.
//!
//! SPDY/3.1 has flow control, moby/spdystream has none. So a slow local reader stops the whole session, as with kubectl. Two rules
//! keep that in bounds: meanwhile the session takes no new connections, and a reader that takes nothing for [`STALL`] while other
//! connections wait loses its own. Memory: [`BUFFER`] twice for each connection, and 1 MiB that waits to be sent.

use super::frame::{self, Decoder, FIN, Frame, GOAWAY, Opener, PING, REFUSED, RST_STREAM, SYN_REPLY, SYN_STREAM, number};
use super::order::Order;
use super::stream::{Held, Stream, Told, send};
use super::streams::Streams;
use super::{Incoming, Outgoing, Transport};
use bytes::BytesMut;
use futures_util::{SinkExt, StreamExt};
use std::fmt;
use std::future::poll_fn;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::Poll;
use std::time::Duration;
use tokio::io::{AsyncWriteExt, duplex};
use tokio::sync::{Semaphore, mpsc};
use tokio::time::{Instant, timeout};

/// What waits in each direction of a connection.
const BUFFER: usize = 128 * 1024;
/// Frames of all connections that wait to be sent, of up to 16 KiB.
const WAITING: usize = 64;
/// Answers that wait to be sent. A server that asks for more without reading them loses the session.
const ANSWERS: usize = 64;
/// What is sent at once.
const BATCH: usize = 64 * 1024;
/// How often the other side is asked whether it is there, which also keeps proxies from closing a connection as idle; client-go's
/// period.
const ASK: Duration = Duration::from_secs(10);
/// A session from which nothing came for this long is dead: three PINGs have no answer.
const SILENCE: Duration = Duration::from_secs(30);
/// For the answer to a new stream, which takes a round trip to the node.
const REPLY: Duration = Duration::from_secs(3);
/// How long a local reader that takes nothing may stop the other connections.
const STALL: Duration = Duration::from_secs(15);
/// For the last frames of a session that nobody needs.
const LEAVE: Duration = Duration::from_secs(1);

/// Why a session did not open a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    /// It has as many as it takes, or takes no more.
    Full,
    /// The other side refused it, or did not answer in time, or is gone. Another session may fare better.
    Failed,
}

/// A session. It ends with its transport, and when nobody holds it or one of its connections.
pub(crate) struct Session {
    streams: Arc<Streams>,
    orders: mpsc::UnboundedSender<Order>,
    room: Arc<Semaphore>,
}

impl Session {
    pub(crate) fn over(transport: Transport) -> Arc<Self> {
        let (orders, taken) = mpsc::unbounded_channel();
        let streams = Arc::new(Streams::default());
        tokio::spawn(run(transport, streams.clone(), orders.downgrade(), taken));
        Arc::new(Self { streams, orders, room: Arc::new(Semaphore::new(WAITING)) })
    }

    /// Opens a connection to a port of the pod.
    ///
    /// # Errors
    /// [`Refused`]. A port that nothing listens on is no error yet: the stream ends, and [`Told`] has the reason.
    pub(crate) async fn open(&self, port: u16) -> Result<(Stream, Told), Refused> {
        let ((down, far_down), (up, far_up)) = (duplex(BUFFER), duplex(BUFFER));
        let opening = self.streams.open(far_down).ok_or(Refused::Full)?;
        let (error, id) = (opening.error, opening.data);
        // From here on, dropping them clears the table.
        let told = Told { streams: self.streams.clone(), _orders: self.orders.clone(), id: error, text: opening.told };
        let stream = Stream { down, up, _held: Held { streams: self.streams.clone(), orders: self.orders.clone(), id } };
        self.orders.send(Order::Open { error, data: id, port }).map_err(|_| Refused::Failed)?;
        // spdystream drops data of a stream that it has not answered yet.
        let [first, second] = opening.replied;
        let replied = timeout(REPLY, async { tokio::try_join!(first, second) }).await;
        if !matches!(replied, Ok(Ok(_))) {
            return Err(Refused::Failed);
        }
        // As kubectl does: nothing is ever sent on an error stream.
        self.orders.send(Order::End(error)).map_err(|_| Refused::Failed)?;
        self.streams.opened(id);
        tokio::spawn(send(far_up, id, self.streams.clone(), self.orders.clone(), self.room.clone()));
        Ok((stream, told))
    }

    /// Whether it has ended, or is about to. Connections that it has may still work.
    pub(crate) fn closed(&self) -> bool {
        self.streams.closed() || self.orders.is_closed()
    }

    /// How many more connections it takes.
    pub(crate) fn room(&self) -> usize {
        self.streams.room()
    }

    /// Whether a slow reader holds it up.
    pub(crate) fn busy(&self) -> bool {
        self.streams.busy.load(Ordering::Relaxed)
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("room", &self.room()).finish_non_exhaustive()
    }
}

async fn run(transport: Transport, streams: Arc<Streams>, orders: mpsc::WeakUnboundedSender<Order>, taken: mpsc::UnboundedReceiver<Order>) {
    let Transport { read, write } = transport;
    let why = tokio::select! {
        why = reading(read, &streams, &orders) => why,
        why = writing(write, &streams, taken) => why,
    };
    tracing::debug!("a port-forward session ended: {}", why.map_or_else(|error| error.to_string(), |()| "closed".to_owned()));
    streams.end();
}

async fn reading(mut read: Incoming, streams: &Streams, orders: &mpsc::WeakUnboundedSender<Order>) -> io::Result<()> {
    let order = |order| {
        if let Some(orders) = orders.upgrade() {
            let _ = orders.send(order);
        }
    };
    let answers = Arc::new(Semaphore::new(ANSWERS));
    let room = || answers.clone().try_acquire_owned().map_err(|_| io::Error::other("too many questions"));
    let mut decoder = Decoder::default();
    loop {
        let Some(bytes) = timeout(SILENCE, read.next()).await.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))? else { return Ok(()) };
        decoder.push(&bytes?);
        while let Some(frame) = decoder.next().map_err(io::Error::other)? {
            let (kind, flags, body) = match frame {
                Frame::Data { id, bytes, fin } => {
                    if !streams.reason(id, &bytes, fin) && !deliver(streams, id, &bytes, fin).await {
                        order(Order::Reset(id));
                    }
                    continue;
                }
                Frame::Control { kind, flags, body } => (kind, flags, body),
            };
            let number = || number(kind, &body, 0).map_err(io::Error::other);
            match kind {
                SYN_REPLY => {
                    streams.replied(number()?);
                    if flags & FIN != 0 {
                        streams.down_ended(number()?);
                    }
                }
                RST_STREAM => streams.reset(number()?),
                // Ours have odd numbers.
                PING if number()? % 2 == 1 => streams.pinged.store(false, Ordering::Relaxed),
                PING => order(Order::Pong { id: number()?, room: room()? }),
                GOAWAY => streams.go_away(number()?),
                SYN_STREAM => order(Order::Refuse { id: number()?, room: room()? }),
                _ => {}
            }
        }
    }
}

/// Gives data to its reader. `false`: the reader held up others for too long, and lost its connection.
async fn deliver(streams: &Streams, id: u32, bytes: &[u8], fin: bool) -> bool {
    // After the end of a connection, the other side's last frames are still on their way.
    let Some(mut down) = streams.take(id) else { return true };
    let wanted = {
        let mut write = pin!(down.write_all(bytes));
        let at_once = poll_fn(|cx| Poll::Ready(write.as_mut().poll(cx))).await;
        let mut done = if let Poll::Ready(written) = at_once { Some(written) } else { None };
        streams.busy.store(done.is_none(), Ordering::Relaxed);
        while done.is_none() {
            match timeout(STALL, &mut write).await {
                Ok(written) => done = Some(written),
                Err(_) if streams.others(id) => break,
                Err(_) => {}
            }
        }
        streams.busy.store(false, Ordering::Relaxed);
        match done {
            None => return !streams.drop_data(id),
            Some(written) => written.is_ok(),
        }
    };
    if fin {
        streams.down_ended(id);
    } else if wanted {
        streams.put(id, down);
    }
    true
}

async fn writing(mut write: Outgoing, streams: &Streams, mut orders: mpsc::UnboundedReceiver<Order>) -> io::Result<()> {
    let (mut opener, mut out, mut ping) = (Opener::default(), BytesMut::new(), 1_u32);
    let mut asked = Instant::now();
    loop {
        let first = match tokio::time::timeout_at(asked + ASK, orders.recv()).await {
            Ok(None) => break,
            Ok(Some(order)) => Some(order),
            Err(_) => None,
        };
        let mut answered = false;
        let mut next = first;
        while let Some(order) = next {
            answered |= matches!(order, Order::Open { .. });
            append(&mut out, &mut opener, order);
            next = if out.len() < BATCH { orders.try_recv().ok() } else { None };
        }
        // kube's client doesn't set TCP_NODELAY, so the system may hold a frame until the one before is acknowledged, which takes up
        // to 40 ms if the server has nothing to say. The answer to a PING brings the acknowledgement at once.
        let due = asked.elapsed() >= ASK;
        if due || (!answered && !streams.pinged.swap(true, Ordering::Relaxed)) {
            frame::control(&mut out, PING, 0, &ping.to_be_bytes());
            (ping, asked) = ((ping + 2) & 0x7fff_ffff, Instant::now());
        }
        write.send(out.split().freeze()).await?;
    }
    frame::control(&mut out, GOAWAY, 0, &[0; 8]);
    let _ = timeout(LEAVE, async {
        write.send(out.freeze()).await?;
        write.close().await
    })
    .await;
    Ok(())
}

fn append(out: &mut BytesMut, opener: &mut Opener, order: Order) {
    match order {
        Order::Open { error, data, port } => {
            let (port, request) = (port.to_string(), data.to_string());
            for (id, kind) in [(error, "error"), (data, "data")] {
                opener.open(out, id, &[("port", &port), ("requestid", &request), ("streamtype", kind)]);
            }
        }
        Order::Data { id, bytes, room } => {
            frame::data(out, id, &bytes, false);
            drop(room);
        }
        Order::End(id) => frame::data(out, id, &[], true),
        Order::Reset(id) => frame::reset(out, id, frame::CANCEL),
        Order::Refuse { id, room } => {
            frame::reset(out, id, REFUSED);
            drop(room);
        }
        Order::Pong { id, room } => {
            frame::control(out, PING, 0, &id.to_be_bytes());
            drop(room);
        }
    }
}
