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
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};
use tokio_util::sync::CancellationToken;

type Open = WebSocketStream<Box<dyn crate::verify::ask::Stream>>;

/// Texts that wait to be looked at; more than these are of no interest.
const TEXTS: usize = 64;
/// The most texts that are looked at for a name.
const GREETINGS: usize = 8;
/// For the other side's goodbye.
const GOODBYE: Duration = Duration::from_secs(1);

/// Opens a WebSocket on a connection of its own. The answer has the headers of the 101, and as its body the text that names somebody, where
/// the headers don't and `names` may find it there; a refusal has its own status and no stream.
///
/// # Errors
/// Why there was none, as a sentence.
pub(super) async fn open(
    socket: &Socket,
    (path, way): (&str, Way),
    cookies: Option<&str>,
    names: impl Fn(&HeaderMap, &[u8]) -> bool,
) -> Result<(Answer, Option<Open>), String> {
    within(&socket.target, begin(socket, (path, way), cookies, names)).await
}

async fn begin(
    socket: &Socket,
    (path, way): (&str, Way),
    cookies: Option<&str>,
    names: impl Fn(&HeaderMap, &[u8]) -> bool,
) -> Result<(Answer, Option<Open>), String> {
    let target = &socket.target;
    // Over HTTP/1.1 always: few front doors take RFC 8441.
    let stream = connect(target, way, false).await?;
    let failed = |e: &dyn std::error::Error| format!("opening a socket at {}: {}", target.address(way), sentence(e));
    let mut request = format!("ws://{}{path}", target.authority).into_client_request().map_err(|e| failed(&e))?;
    dress(request.headers_mut(), target, cookies)?;
    let origin = socket.origin.clone().or_else(|| format!("{}://{}", target.scheme(), target.authority).parse().ok());
    request.headers_mut().extend(origin.map(|origin| (ORIGIN, origin)));
    request.headers_mut().extend(socket.subprotocol.clone().map(|protocol| (SEC_WEBSOCKET_PROTOCOL, protocol)));
    let limits = WebSocketConfig::default().max_message_size(Some(MOST_BODY)).max_frame_size(Some(MOST_BODY));
    let (mut stream, head) = match client_async_with_config(request, stream, Some(limits)).await {
        Ok((stream, answer)) => (stream, answer.into_parts().0),
        Err(Error::Http(answer)) => {
            let (head, body) = answer.into_parts();
            return Ok((Answer { status: head.status.as_u16(), headers: head.headers, body: body.unwrap_or_default().into(), cut: None }, None));
        }
        Err(error) => return Err(failed(&error)),
    };
    let mut body = Bytes::new();
    if socket.names_in_texts && !names(&head.headers, b"") {
        if let Some(text) = &socket.send {
            stream.send(Message::text(text.clone())).await.map_err(|e| failed(&e))?;
        }
        // A greeting or two may come before the reply.
        let mut texts = 0;
        while let Some(message) = stream.next().await {
            let Message::Text(text) = message.map_err(|e| failed(&e))? else { continue };
            body = text.into();
            texts += 1;
            if names(&head.headers, &body) || texts == GREETINGS {
                break;
            }
        }
    }
    Ok((Answer { status: head.status.as_u16(), headers: head.headers, body, cut: None }, Some(stream)))
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
    /// Holds a socket, whose end goes to its seat in the book.
    pub(super) fn new(stream: Open, book: Arc<Book>, seat: Seat) -> Self {
        let (stop, (sender, texts)) = (CancellationToken::new(), mpsc::channel(TEXTS));
        let over = CancellationToken::new();
        let (stopped, ended) = (stop.clone(), over.clone().drop_guard());
        let task = tokio::spawn(async move {
            // The end is told when the task is over, however that comes.
            let _ended = ended;
            let end = hold(stream, &book, &stopped, &sender).await;
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

async fn hold(mut stream: Open, book: &Book, stop: &CancellationToken, texts: &mpsc::Sender<String>) -> End {
    let mut quiet_since = Instant::now();
    let how = loop {
        let message = tokio::select! {
            message = stream.next() => message,
            () = stop.cancelled() => break How::Ours,
        };
        match message {
            None => break How::Cut("the connection ended".to_owned()),
            Some(Err(error)) => break How::Cut(sentence(&error)),
            Some(Ok(Message::Close(frame))) => {
                let (code, reason) = frame.map_or((1005, String::new()), |frame| (frame.code.into(), frame.reason.to_string()));
                break How::Goodbye { code, reason };
            }
            Some(Ok(message)) => {
                quiet_since = Instant::now();
                if let Message::Text(text) = message {
                    // One that finds no room is none that anybody waits for.
                    let _ = texts.try_send(text.to_string());
                }
            }
        }
    };
    let at = Instant::now();
    if matches!(how, How::Cut(_)) {
        return End { at: book.since(at), quiet_since: book.since(quiet_since), how };
    }
    // A peer that does not answer the goodbye is no trouble of the site's.
    let _ = tokio::time::timeout(GOODBYE, async {
        stream.close(None).await?;
        while let Some(Ok(_)) = stream.next().await {}
        Ok::<(), Error>(())
    })
    .await;
    End { at: book.since(at), quiet_since: book.since(quiet_since), how }
}
