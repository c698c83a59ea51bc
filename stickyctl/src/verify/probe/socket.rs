//! A WebSocket that is held open: it receives messages, and records its own end in the book.

use super::answer::Answer;
use super::ask::{dress, within};
use super::book::{Book, Seat};
use super::connect::{Stream, connect};
use super::error::{ProbeError, chain};
use super::target::Socket;
use super::way::Way;
use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use http::header::{ORIGIN, SEC_WEBSOCKET_PROTOCOL};
use http::{HeaderMap, HeaderValue};
use std::sync::Arc;
use std::time::{Duration, Instant};
use sticky_affinity::seen::{End, How};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error, Message, Utf8Bytes};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};
use tokio_util::sync::CancellationToken;

type Open = WebSocketStream<Box<dyn Stream>>;

/// The most text messages in the queue; more are dropped.
const TEXTS: usize = 64;
/// The longest text message in the queue, in bytes: hello and the messages of this run are far shorter.
const LONGEST: usize = 4 << 10;
/// What a socket may hold that it could not send yet, in bytes, beside the message of `--ws-send`. A site that pings without reading gets
/// only its latest pings answered (RFC 6455 section 5.5.3).
const UNSENT: usize = 16 << 10;
/// The size of a socket's first read buffer, in bytes.
const READ: usize = 16 << 10;
/// The most text messages that are searched for an identity.
const GREETINGS: usize = 8;
/// Time limit for such a message: a greeting comes at once, or never.
const GREETED: Duration = Duration::from_secs(2);
/// Time limit for the server's close frame.
const GOODBYE: Duration = Duration::from_secs(1);

/// How to open a socket of a session.
pub(super) struct Handshake {
    pub(super) path: String,
    /// Those of `--header`.
    pub(super) headers: HeaderMap,
    /// The `Sec-WebSocket-Protocol` header.
    pub(super) subprotocol: Option<HeaderValue>,
    /// A message to send first.
    pub(super) say: Option<String>,
    pub(super) way: Way,
}

/// A WebSocket that is open.
pub(super) struct Line {
    stream: Open,
    /// When something last arrived over it.
    quiet_since: Instant,
    /// How it ended, if it has.
    over: Option<How>,
}

/// Opens a WebSocket on its own connection. The answer has the headers of the 101 response. If these do not identify the pod, its body is the
/// text message in which `names` finds an identity, or empty. A refusal has its own status and no line.
pub(super) async fn open(
    socket: &Socket,
    handshake: &Handshake,
    cookies: Option<&[u8]>,
    names: impl Fn(&HeaderMap, &[u8]) -> bool,
) -> Result<(Answer, Option<Line>), ProbeError> {
    let until = Instant::now() + socket.target.timeout;
    let (mut answer, mut line) = within(&socket.target, begin(socket, handshake, cookies)).await?;
    if let Some(line) = line.as_mut().filter(|_| socket.names_in_texts && !names(&answer.headers, b"")) {
        let named = line.named(handshake.say.as_deref(), |text| names(&answer.headers, text));
        let named = tokio::time::timeout(GREETED.min(until.saturating_duration_since(Instant::now())), named).await;
        answer.body = named.ok().flatten().unwrap_or_default();
    }
    Ok((answer, line))
}

async fn begin(socket: &Socket, handshake: &Handshake, cookies: Option<&[u8]>) -> Result<(Answer, Option<Line>), ProbeError> {
    let (target, way, path) = (&socket.target, handshake.way, &handshake.path);
    // Always over HTTP/1.1: few front doors support RFC 8441.
    let stream = connect(target, way, false).await?;
    let failed = |source| ProbeError::Socket { address: target.address(way).to_owned(), source: Box::new(source) };
    let mut request = format!("ws://{}{path}", target.authority).into_client_request().map_err(failed)?;
    dress(request.headers_mut(), &handshake.headers, cookies)?;
    request.headers_mut().extend(socket.origin.clone().map(|origin| (ORIGIN, origin)));
    request.headers_mut().extend(handshake.subprotocol.clone().map(|protocol| (SEC_WEBSOCKET_PROTOCOL, protocol)));
    let limits = WebSocketConfig::default()
        .read_buffer_size(READ)
        .max_message_size(Some(socket.largest))
        .max_frame_size(Some(socket.largest))
        .write_buffer_size(0)
        .max_write_buffer_size(UNSENT + handshake.say.as_ref().map_or(0, String::len));
    match client_async_with_config(request, stream, Some(limits)).await {
        Ok((stream, answer)) => {
            let head = answer.into_parts().0;
            let line = Line { stream, quiet_since: Instant::now(), over: None };
            Ok((Answer { status: head.status.as_u16(), headers: head.headers, body: Bytes::new(), cut: None }, Some(line)))
        }
        Err(Error::Http(answer)) => {
            let (head, body) = answer.into_parts();
            Ok((Answer { status: head.status.as_u16(), headers: head.headers, body: body.unwrap_or_default().into(), cut: None }, None))
        }
        Err(error) => Err(failed(error)),
    }
}

impl Line {
    /// Sends `say`, and returns the first text message with an identity; none if the first few have none, or if the socket ends.
    async fn named(&mut self, say: Option<&str>, names: impl Fn(&[u8]) -> bool) -> Option<Bytes> {
        if let Some(say) = say
            && let Err(error) = self.stream.send(Message::text(say)).await
        {
            self.over = Some(How::Cut(chain(&error)));
            return None;
        }
        // A greeting or two may come before the reply.
        let mut texts = 0;
        while self.over.is_none() && texts < GREETINGS {
            let Some(text) = self.next().await else { continue };
            if names(text.as_bytes()) {
                return Some(text.into());
            }
            texts += 1;
        }
        None
    }

    /// Waits for the next message. Returns it if it is a text message.
    async fn next(&mut self) -> Option<Utf8Bytes> {
        let message = self.stream.next().await;
        let over = match message {
            Some(Ok(Message::Close(frame))) => {
                let (code, reason) = frame.map_or((1005, String::new()), |frame| (frame.code.into(), frame.reason.to_string()));
                How::Goodbye { code, reason }
            }
            Some(Ok(message)) => {
                self.quiet_since = Instant::now();
                return if let Message::Text(text) = message { Some(text) } else { None };
            }
            // A message beyond this run's limit is not the site's fault.
            Some(Err(Error::Capacity(_))) => How::Ours,
            Some(Err(error)) => How::Cut(chain(&error)),
            None => How::Cut("the connection ended".to_owned()),
        };
        self.over = Some(over);
        None
    }
}

/// A socket that is held open until this value is dropped.
pub(super) struct Held {
    stop: CancellationToken,
    over: CancellationToken,
    texts: mpsc::Receiver<String>,
    task: JoinHandle<()>,
}

impl Drop for Held {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Held {
    /// Holds a socket, and records its end at its seat. Text messages are queued if `keeps` is set.
    pub(super) fn new(line: Line, book: Arc<Book>, seat: Seat, keeps: bool) -> Self {
        let (stop, (sender, texts)) = (CancellationToken::new(), mpsc::channel(TEXTS));
        let over = CancellationToken::new();
        let (stopped, ended) = (stop.clone(), over.clone().drop_guard());
        let task = tokio::spawn(async move {
            // Dropped when the task ends, however it ends.
            let _ended = ended;
            let end = hold(line, &book, &stopped, keeps.then_some(&sender)).await;
            book.note(|run| {
                if let Some(socket) = seat.of(run) {
                    socket.end = Some(end);
                }
            });
        });
        Self { stop, over, texts, task }
    }

    pub(super) fn is_open(&self) -> bool {
        !self.task.is_finished()
    }

    pub(super) async fn ended(&self) {
        self.over.cancelled().await;
    }

    /// Whether a text message for which `is_it` holds arrives in time.
    pub(super) async fn hears(&mut self, within: Duration, is_it: impl Fn(&str) -> bool) -> bool {
        let heard = async {
            while let Some(text) = self.texts.recv().await {
                if is_it(&text) {
                    return true;
                }
            }
            false
        };
        tokio::time::timeout(within, heard).await.unwrap_or(false)
    }

    /// Closes the socket, and waits until its end is recorded.
    pub(super) async fn close(mut self) {
        self.stop.cancel();
        // There is nothing to do about a task that failed.
        let _ = (&mut self.task).await;
    }
}

async fn hold(mut line: Line, book: &Book, stop: &CancellationToken, texts: Option<&mpsc::Sender<String>>) -> End {
    let how = loop {
        if let Some(over) = line.over.take() {
            break over;
        }
        let text = tokio::select! {
            text = line.next() => text,
            () = stop.cancelled() => break How::Ours,
        };
        if let (Some(texts), Some(text)) = (texts, text.filter(|text| text.len() <= LONGEST)) {
            // If the channel is full, the message is dropped.
            let _ = texts.try_send(text.to_string());
        }
    };
    let at = Instant::now();
    let quiet_since = line.quiet_since;
    if !matches!(how, How::Cut(_)) {
        // A server that does not answer the close frame is not at fault.
        let _ = tokio::time::timeout(GOODBYE, async {
            line.stream.close(None).await?;
            while let Some(Ok(_)) = line.stream.next().await {}
            Ok::<(), Error>(())
        })
        .await;
    }
    End { at: book.since(at), quiet_since: book.since(quiet_since), how }
}
