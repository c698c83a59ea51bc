//! WebSockets and the time limits of a gateway's route, shortened to what a test can wait for.

use crate::front_door::bench::{Bench, WHOAMI};
use crate::front_door::route::{Limits, Route};
use crate::ws::End;
use crate::{random, ws};
use anyhow::{Result, ensure};
use std::time::{Duration, Instant};

/// The limit that is set.
const LIMIT: Duration = Duration::from_secs(2);
const WORD: &str = "2s";
/// How long a socket is watched.
const WATCHED: Duration = Duration::from_secs(6);

/// A socket that outlives the route's request timeout.
pub(super) async fn request(bench: &Bench<'_>) -> Result<String> {
    watch(bench, "socket-request-timeout", Limits { request: Some(WORD), idle: None }).await
}

/// A socket without a frame for longer than the stream's idle timeout.
pub(super) async fn idle(bench: &Bench<'_>) -> Result<String> {
    watch(bench, "socket-idle-timeout", Limits { request: None, idle: Some(WORD) }).await
}

/// How a silent socket ends. The app pings later than it is watched.
async fn watch(bench: &Bench<'_>, id: &str, limits: Limits) -> Result<String> {
    bench.apply(&bench.both(&Route::sticky(id).limits(limits))).await?;
    bench.reached(id, WHOAMI, bench.pods().await?.len()).await?;
    let mut socket = ws::socket(&bench.url(id), &random::client_id()).open().await?;
    let begun = Instant::now();
    match socket.end(WATCHED).await {
        Ok(End::Cut) => {
            ensure!(begun.elapsed() > LIMIT / 2, "cut after {:?}", begun.elapsed());
            Ok("cut without a close frame".to_owned())
        }
        Ok(End::Closed(code, reason)) => Ok(format!("closed with {code} {reason}")),
        Err(_) => Ok("stays open".to_owned()),
    }
}
