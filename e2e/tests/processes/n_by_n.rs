//! Every worker relays to a socket on every worker.

use anyhow::{Result, bail};
use serde_json::json;
use std::collections::{HashMap, HashSet};
use testkit::app::App;
use testkit::http::{self, Answer};
use testkit::random;
use testkit::ws::{self, Ws};

/// Publishes a text for a session.
pub(super) async fn relay(app: &App, id: &str, text: &str) -> Result<Answer> {
    http::post(app.at(&format!("/with-redis/{id}")), &json!({"text": text})).send().await
}

/// The next frame with a text, ignoring frames about the relay's state.
pub(super) async fn text(socket: &mut Ws) -> Result<String> {
    loop {
        if let Some(text) = socket.next_json().await?["text"].as_str() {
            return Ok(text.to_owned());
        }
    }
}

/// One socket on each of four workers, each with its own id.
pub(super) async fn one_on_each(app: &App) -> Result<Vec<(String, Ws)>> {
    let mut all: HashMap<String, (String, Ws)> = HashMap::new();
    // 300 sockets miss a worker with a chance of (3/4)^300.
    for _ in 0..300 {
        let id = random::client_id();
        let socket = ws::socket(&app.url, &id).open().await?;
        all.entry(socket.at()).or_insert((id, socket));
        if all.len() == 4 {
            return Ok(all.into_values().collect());
        }
    }
    bail!("300 sockets reached {:?} only", all.keys())
}

/// Every worker publishes to a socket on every worker; each message arrives once and in order.
pub(super) async fn relay_n_by_n(app: &App, sockets: &mut [(String, Ws)]) -> Result<()> {
    for (id, socket) in sockets.iter_mut() {
        let mut publishers = HashSet::new();
        for n in 0..300 {
            let word = format!("{n} {}", random::word());
            let answer = relay(app, id, &word).await?;
            assert_eq!((answer.status, &answer.json()?["receivers"]), (200, &json!(1)), "{}", answer.text());
            assert_eq!(text(socket).await?, format!("[{}]  {word}", socket.identity()));
            publishers.insert(answer.place()?);
            if publishers.len() == 4 {
                break;
            }
        }
        assert_eq!(publishers.len(), 4, "to the socket at {}", socket.at());
    }
    Ok(())
}
