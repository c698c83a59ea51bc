//! Sockets that a site holds, what ends them, and messages for them.

use super::state::State;
use super::{App, Ends, Site};
use futures_util::{SinkExt, StreamExt};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::sync::mpsc;
use tokio::time::{Instant, interval, sleep_until};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role};

/// The interval of pings, if pods ping; otherwise of every second socket, so that not all are silent for the same time.
const PING: Duration = Duration::from_millis(100);

/// Sends pings with the longest payload until the client is gone.
async fn flood(mut stream: impl AsyncWrite + Unpin) {
    let ping = [&[0x89, 125][..], &[b'x'; 125]].concat();
    while stream.write_all(&ping.repeat(512)).await.is_ok() {}
}

impl Site {
    /// Holds a socket of a pod.
    pub(crate) fn hold(self: &Arc<Self>, state: &Arc<State>, upgrade: OnUpgrade, (pod, path): (u64, String), name: &str) {
        let (site, index) = (Arc::clone(self), state.sockets.fetch_add(1, Ordering::SeqCst));
        let reply = serde_json::json!({"host": name}).to_string();
        let hello = serde_json::json!({"websocket_pid": name}).to_string();
        let (sender, mut mail) = mpsc::unbounded_channel();
        let id = path.rsplit('/').next().unwrap_or_default().to_owned();
        state.mailboxes.lock().unwrap().insert(id, (pod, sender));
        let end = state.end.lock().unwrap().clone();
        tokio::spawn(async move {
            let Ok(stream) = upgrade.await else { return };
            if site.ends == Ends::Flood {
                return flood(TokioIo::new(stream)).await;
            }
            let mut socket = WebSocketStream::from_raw_socket(TokioIo::new(stream), Role::Server, None).await;
            if site.app != App::No && socket.send(Message::text(hello)).await.is_err() {
                return;
            }
            let (mut pings, mut heard) = (interval(PING), Instant::now());
            let limit = if let Ends::Idle(ms) | Ends::IdleWithPings(ms) = site.ends { Duration::from_millis(ms) } else { Duration::MAX };
            let pinged = matches!(site.ends, Ends::IdleWithPings(_)) || (matches!(site.ends, Ends::Cut(_)) && index.is_multiple_of(2));
            let meant = !matches!(site.ends, Ends::CutOne(_)) || index == 0;
            loop {
                let idle = heard.checked_add(limit).unwrap_or(heard + Duration::from_secs(3_600));
                let said = tokio::select! {
                    () = end.cancelled(), if meant => break,
                    () = sleep_until(idle) => return,
                    _ = pings.tick(), if pinged => Message::Ping(Vec::new().into()),
                    Some(text) = mail.recv() => Message::text(text),
                    message = socket.next() => match message {
                        Some(Ok(message)) if message.is_text() => Message::text(reply.clone()),
                        Some(Ok(_)) => {
                            heard = Instant::now();
                            continue;
                        }
                        _ => return,
                    },
                };
                heard = Instant::now();
                if socket.send(said).await.is_err() {
                    return;
                }
            }
            if matches!(site.ends, Ends::TooMuch(_)) {
                // A client that has read enough goes before all of it is sent.
                let _ = socket.send(Message::text("x".repeat(300 << 10))).await;
                while let Some(Ok(_)) = socket.next().await {}
            }
            if matches!(site.ends, Ends::Goodbye(_)) {
                let frame = CloseFrame { code: CloseCode::Restart, reason: "bye".into() };
                let _ = socket.close(Some(frame)).await;
                while let Some(Ok(_)) = socket.next().await {}
            }
        });
    }

    /// The answer of sticky-app's two routes for messages.
    pub(crate) fn message(&self, state: &State, pod: u64, path: &str, body: &[u8]) -> String {
        let id = path.rsplit('/').next().unwrap_or_default();
        let text = serde_json::from_slice::<serde_json::Value>(body).unwrap()["text"].as_str().unwrap().to_owned();
        let mailboxes = state.mailboxes.lock().unwrap();
        let mailbox = mailboxes.get(id);
        if path.starts_with("/with-redis/") {
            let hears = !matches!(self.app, App::NoBus | App::LossyBus);
            let sent = hears && mailbox.is_some_and(|(_, sender)| sender.send(text).is_ok());
            return serde_json::json!({"receivers": u64::from(sent || self.app == App::LossyBus)}).to_string();
        }
        let sent = mailbox.is_some_and(|(own, sender)| *own == pod && sender.send(text).is_ok());
        serde_json::json!({"delivered": u64::from(sent)}).to_string()
    }
}
