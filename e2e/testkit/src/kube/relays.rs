//! Relays from every worker to every worker's session.

use crate::session::Session;
use crate::wait;
use crate::ws::{Next, Ws};
use crate::{http, random};
use anyhow::{Context, Result, ensure};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

const SOON: Duration = Duration::from_secs(60);

/// A session and its socket for each worker of a site, by `pod:worker`.
#[derive(Debug)]
pub struct Sessions(BTreeMap<String, (Session, Ws)>);

impl Sessions {
    /// Opens sessions until each of `workers` workers holds one.
    ///
    /// # Errors
    /// Some worker is never reached.
    pub async fn on_each_worker(site: &str, workers: usize) -> Result<Self> {
        let mut all = BTreeMap::new();
        let (start, limit) = (Instant::now(), SOON);
        while all.len() < workers {
            ensure!(start.elapsed() < limit, "sockets got to {:?} only, of {workers} workers", all.keys());
            let session = Session::visit(site).await?;
            let socket = session.socket().await?;
            all.entry(socket.at()).or_insert((session, socket));
        }
        Ok(Self(all))
    }

    /// Publishes from each worker to each session and reads every message from its socket. Retries rejected and undelivered publishes
    /// until the deadline, and returns how many there were.
    ///
    /// # Errors
    /// An accepted message doesn't arrive, or a pair of workers isn't covered in time.
    pub async fn relay(&mut self, within: Duration) -> Result<usize> {
        let (start, workers) = (Instant::now(), self.0.keys().cloned().collect::<BTreeSet<_>>());
        let mut lost = 0;
        for (place, (session, socket)) in &mut self.0 {
            let mut publishers = BTreeSet::new();
            while publishers != workers {
                ensure!(
                    start.elapsed() < within,
                    "not within {within:?}: to {place}, published by {publishers:?} only; {lost} were refused or unheard"
                );
                let word = random::word();
                // Without the cookie, any worker may get it and publish it.
                let answer = http::post(session.url("with-redis"), &json!({"text": word})).send().await?;
                if answer.status != 200 || answer.json()?["receivers"] != 1 {
                    lost += 1;
                    tokio::time::sleep(wait::STEP).await;
                    continue;
                }
                heard(socket, &word).await.with_context(|| format!("from {} to {place}", answer.place().unwrap_or_default()))?;
                publishers.insert(answer.place()?);
            }
        }
        Ok(lost)
    }
}

/// Reads until the message arrives, ignoring frames about the relay's state.
async fn heard(socket: &mut Ws, word: &str) -> Result<()> {
    let expected = format!("[{}]  {word}", socket.identity());
    let end = Instant::now() + crate::ws::LIMIT;
    loop {
        match socket.next(end.saturating_duration_since(Instant::now())).await? {
            Next::Json(json) if json["text"] == expected => return Ok(()),
            Next::Json(_) => {}
            Next::End(how) => anyhow::bail!("the socket ended: {how:?}"),
        }
    }
}
