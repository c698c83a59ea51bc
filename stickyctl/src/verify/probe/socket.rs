//! A WebSocket that is held: it hears what comes, and writes its end into the book by itself.

use super::book::{Book, Seat};
use crate::verify::ask::{Answer, MOST_BODY, Way, connect, dress, sentence, within};
use crate::verify::seen::{End, How};
use crate::verify::target::Socket;
use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use http::HeaderMap;
use http::header::{ORIGIN, SEC_WEBSOCKET_PROTOCOL};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error, Message, Utf8Bytes};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};
use tokio_util::sync::CancellationToken;

type Open = WebSocketStream<Box<dyn crate::verify::ask::Stream>>;

/// Texts that wait to be looked at; more than these are of no interest.
const TEXTS: usize = 64;
/// The longest text that waits to be looked at, in bytes: hello and the messages of this run are far shorter.
const LONGEST: usize = 4 << 10;
/// The most texts that are looked at for a name.
const GREETINGS: usize = 8;
/// For such a text to come: a greeting comes at once, and who says nothing unasked says nothing later either.
const GREETED: Duration = Duration::from_secs(2);
/// For the other side's goodbye.
const GOODBYE: Duration = Duration::from_secs(1);

/// A WebSocket that is open.
pub(super) struct Line {
    stream: Open,
    /// When something came over it last.
    quiet_since: Instant,
    /// How it ended, where it has by now.
    over: Option<How>,
}

/// Opens a WebSocket on a connection of its own. The answer has the headers of the 101, and as its body the text that names somebody, where
/// the headers don't and `names` may find it there; a refusal has its own status and no line. One that names nobody is open all the same.
///
/// # Errors
/// Why there was none, as a sentence.
pub(super) async fn open(
    socket: &Socket,
    (path, way): (&str, Way),
    cookies: Option<&str>,
    names: impl Fn(&HeaderMap, &[u8]) -> bool,
) -> Result<(Answer, Option<Line>), String> {
    let until = Instant::now() + socket.target.timeout;
    let (mut answer, mut line) = within(&socket.target, begin(socket, (path, way), cookies)).await?;
    if let Some(line) = line.as_mut().filter(|_| socket.names_in_texts && !names(&answer.headers, b"")) {
        let named = line.named(socket.send.as_deref(), |text| names(&answer.headers, text));
        let named = tokio::time::timeout(GREETED.min(until.saturating_duration_since(Instant::now())), named).await;
        answer.body = named.ok().flatten().unwrap_or_default();
    }
    Ok((answer, line))
}

async fn begin(socket: &Socket, (path, way): (&str, Way), cookies: Option<&str>) -> Result<(Answer, Option<Line>), String> {
    let target = &socket.target;
    // Over HTTP/1.1 always: few front doors take RFC 8441.
    let stream = connect(target, way, false).await?;
    let failed = |e: &dyn std::error::Error| format!("opening a socket at {}: {}", target.address(way), sentence(e));
    let mut request = format!("ws://{}{path}", target.authority).into_client_request().map_err(|e| failed(&e))?;
    dress(request.headers_mut(), target, cookies)?;
    request.headers_mut().extend(socket.origin.clone().map(|origin| (ORIGIN, origin)));
    request.headers_mut().extend(socket.subprotocol.clone().map(|protocol| (SEC_WEBSOCKET_PROTOCOL, protocol)));
    let limits = WebSocketConfig::default().max_message_size(Some(MOST_BODY)).max_frame_size(Some(MOST_BODY));
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
        Err(error) => Err(failed(&error)),
    }
}

impl Line {
    /// The first text that names somebody, after `say` was said; none where a few don't, or it ends.
    async fn named(&mut self, say: Option<&str>, names: impl Fn(&[u8]) -> bool) -> Option<Bytes> {
        if let Some(say) = say
            && let Err(error) = self.stream.send(Message::text(say)).await
        {
            self.over = Some(How::Cut(sentence(&error)));
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

    /// What comes next: a text, something else, or its end.
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
            // What is larger than this run reads is no fault of the site's.
            Some(Err(Error::Capacity(_))) => How::Ours,
            Some(Err(error)) => How::Cut(sentence(&error)),
            None => How::Cut("the connection ended".to_owned()),
        };
        self.over = Some(over);
        None
    }
}

/// A held socket. It ends with this value.
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
    /// Holds a socket, whose end goes to its seat in the book; its texts are kept where somebody will look at them.
    pub(super) fn new(line: Line, book: Arc<Book>, seat: Seat, keeps: bool) -> Self {
        let (stop, (sender, texts)) = (CancellationToken::new(), mpsc::channel(TEXTS));
        let over = CancellationToken::new();
        let (stopped, ended) = (stop.clone(), over.clone().drop_guard());
        let task = tokio::spawn(async move {
            // The end is told when the task is over, however that comes.
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

    /// Whether it is still open.
    pub(super) fn is_open(&self) -> bool {
        !self.task.is_finished()
    }

    /// Waits for its end.
    pub(super) async fn ended(&self) {
        self.over.cancelled().await;
    }

    /// Whether a text that `is_it` comes within a time.
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

    /// Says goodbye and waits for the end to be written down.
    pub(super) async fn close(mut self) {
        self.stop.cancel();
        // A task that failed has nothing more to say.
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
            // One that finds no room is none that anybody waits for.
            let _ = texts.try_send(text.to_string());
        }
    };
    let at = Instant::now();
    let quiet_since = line.quiet_since;
    if !matches!(how, How::Cut(_)) {
        // A peer that does not answer the goodbye is no trouble of the site's.
        let _ = tokio::time::timeout(GOODBYE, async {
            line.stream.close(None).await?;
            while let Some(Ok(_)) = line.stream.next().await {}
            Ok::<(), Error>(())
        })
        .await;
    }
    End { at: book.since(at), quiet_since: book.since(quiet_since), how }
}
