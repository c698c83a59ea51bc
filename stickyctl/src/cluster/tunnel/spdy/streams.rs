//! The table of a session's streams. Nothing here waits.

use bytes::Bytes;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::io::DuplexStream;
use tokio::sync::oneshot;

/// Connections in one session. A session that is stuck takes no more than these with it.
pub(crate) const CONNECTIONS: usize = 128;
/// Ids are even or odd by side, and are not reused. After this one, another session is opened.
const LAST: u32 = 0x7fff_fff0;
/// What is kept of a reason. The kubelet's have up to 600 bytes.
const TEXT: usize = 4 * 1024;

/// The streams of a session, and whether it takes more of them.
#[derive(Debug, Default)]
pub(super) struct Streams {
    table: Mutex<Table>,
    /// The session waits for a local reader that is slow.
    pub(super) busy: AtomicBool,
    /// A PING is on its way.
    pub(super) pinged: AtomicBool,
}

#[derive(Debug, Default)]
struct Table {
    /// The highest id so far.
    last: u32,
    /// No more streams: the session has ended, or the other side says that it will.
    closed: bool,
    data: HashMap<u32, Data>,
    errors: HashMap<u32, Reason>,
    /// Who waits for a stream's SYN_REPLY. Dropped, the stream was refused.
    waiting: HashMap<u32, oneshot::Sender<()>>,
}

/// A data stream that has not ended in both directions.
#[derive(Debug)]
struct Data {
    /// Where data goes. It is out of the table while it is written to, and gone after the pod's end.
    down: Option<DuplexStream>,
    /// Nothing is sent yet.
    opening: bool,
    up_ended: bool,
    down_ended: bool,
    /// Nobody reads or writes it any more.
    left: bool,
}

/// What has ended with our direction of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    /// The stream was no longer open.
    Already,
    /// Our direction alone.
    Up,
    /// The other one too: nobody wants what may still come.
    Both,
}

/// An error stream that has not ended.
#[derive(Debug)]
struct Reason {
    text: Vec<u8>,
    to: oneshot::Sender<String>,
}

/// What opening a pair of streams needs.
#[derive(Debug)]
pub(super) struct Opening {
    pub(super) error: u32,
    pub(super) data: u32,
    pub(super) replied: [oneshot::Receiver<()>; 2],
    pub(super) told: oneshot::Receiver<String>,
}

impl Streams {
    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether no stream can be opened any more.
    pub(super) fn closed(&self) -> bool {
        self.table().closed
    }

    /// How many more connections the session takes.
    pub(super) fn room(&self) -> usize {
        let table = self.table();
        if table.closed { 0 } else { CONNECTIONS.saturating_sub(table.data.len()) }
    }

    /// Enters an error stream and a data stream, whose data goes to `down`. `None` if there is no room.
    pub(super) fn open(&self, down: DuplexStream) -> Option<Opening> {
        let mut table = self.table();
        if table.closed || table.data.len() >= CONNECTIONS {
            return None;
        }
        // The first stream of a client is 1.
        let error = if table.last == 0 { 1 } else { table.last + 2 };
        let data = error + 2;
        table.last = data;
        table.closed = data >= LAST;
        let ((first, one), (second, two), (to, told)) = (oneshot::channel(), oneshot::channel(), oneshot::channel());
        table.waiting.extend([(error, first), (data, second)]);
        table.errors.insert(error, Reason { text: Vec::new(), to });
        table.data.insert(data, Data { down: Some(down), opening: true, up_ended: false, down_ended: false, left: false });
        Some(Opening { error, data, replied: [one, two], told })
    }

    /// The other side has accepted a stream.
    pub(super) fn replied(&self, id: u32) {
        if let Some(waiting) = self.table().waiting.remove(&id) {
            let _ = waiting.send(());
        }
    }

    /// The end of a stream in both directions, by the other side.
    pub(super) fn reset(&self, id: u32) {
        let mut table = self.table();
        table.waiting.remove(&id);
        table.data.remove(&id);
        table.tell(id);
    }

    /// Part of a reason, and whether it is complete. `false` if no error stream has this id.
    pub(super) fn reason(&self, id: u32, bytes: &Bytes, fin: bool) -> bool {
        let mut table = self.table();
        let Some(reason) = table.errors.get_mut(&id) else { return false };
        let room = TEXT - reason.text.len();
        reason.text.extend_from_slice(&bytes[..bytes.len().min(room)]);
        if fin {
            table.tell(id);
        }
        true
    }

    /// Takes out where a stream's data goes. `None`: nobody wants it any more.
    pub(super) fn take(&self, id: u32) -> Option<DuplexStream> {
        self.table().data.get_mut(&id)?.down.take()
    }

    /// Puts back what [`Self::take`] took out, unless the stream has ended in the meantime.
    pub(super) fn put(&self, id: u32, down: DuplexStream) {
        if let Some(data) = self.table().data.get_mut(&id).filter(|data| !data.left) {
            data.down = Some(down);
        }
    }

    /// The pod has ended its direction.
    pub(super) fn down_ended(&self, id: u32) {
        let mut table = self.table();
        let Some(data) = table.data.get_mut(&id) else { return };
        (data.down, data.down_ended) = (None, true);
        if data.up_ended {
            table.data.remove(&id);
        }
    }

    /// The stream is open, and its data will be sent.
    pub(super) fn opened(&self, id: u32) {
        if let Some(data) = self.table().data.get_mut(&id) {
            data.opening = false;
        }
    }

    /// All data of our direction was sent.
    pub(super) fn up_ended(&self, id: u32) -> Ended {
        let mut table = self.table();
        let Some(data) = table.data.get_mut(&id) else { return Ended::Already };
        data.up_ended = true;
        let ended = if data.left { Ended::Both } else { Ended::Up };
        if data.down_ended || data.left {
            table.data.remove(&id);
        }
        ended
    }

    /// Nobody reads or writes this data stream any more. Whether the other side has to know at once: if data waits to be sent, it
    /// learns it after that.
    pub(super) fn leave(&self, id: u32) -> bool {
        let mut table = self.table();
        table.waiting.remove(&id);
        let Some(data) = table.data.get_mut(&id) else { return false };
        (data.left, data.down) = (true, None);
        (data.opening || data.up_ended) && table.data.remove(&id).is_some()
    }

    /// Whether a stream may still be written to.
    pub(super) fn is_open(&self, id: u32) -> bool {
        self.table().data.contains_key(&id)
    }

    /// Ends a data stream in both directions. Whether it was open.
    pub(super) fn drop_data(&self, id: u32) -> bool {
        self.table().data.remove(&id).is_some()
    }

    /// Nobody reads this error stream any more.
    pub(super) fn drop_error(&self, id: u32) {
        let mut table = self.table();
        table.waiting.remove(&id);
        table.errors.remove(&id);
    }

    /// Whether another connection suffers if this one stalls.
    pub(super) fn others(&self, id: u32) -> bool {
        self.table().data.keys().any(|other| *other != id)
    }

    /// The other side takes no more streams, and has not seen those after `last`.
    pub(super) fn go_away(&self, last: u32) {
        let mut table = self.table();
        table.closed = true;
        table.waiting.retain(|id, _| *id <= last);
    }

    /// The session has ended: so have all its streams.
    pub(super) fn end(&self) {
        let mut table = self.table();
        table.closed = true;
        table.waiting.clear();
        table.data.clear();
        let open: Vec<u32> = table.errors.keys().copied().collect();
        for id in open {
            table.tell(id);
        }
        self.busy.store(false, Ordering::Relaxed);
    }
}

impl Table {
    /// Says why, unless there is nothing to say.
    fn tell(&mut self, id: u32) {
        if let Some(reason) = self.errors.remove(&id)
            && !reason.text.is_empty()
        {
            let _ = reason.to.send(String::from_utf8_lossy(&reason.text).into_owned());
        }
    }
}
