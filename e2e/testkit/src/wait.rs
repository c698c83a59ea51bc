//! Waiting for conditions: the only place where the tests poll.

use anyhow::{Result, anyhow};
use std::time::{Duration, Instant};

/// The polling interval.
pub const STEP: Duration = Duration::from_millis(20);

/// Polls `probe` until it returns a value. After `within`, fails with `what` in the error.
pub async fn until<T>(what: &str, within: Duration, mut probe: impl AsyncFnMut() -> Option<T>) -> Result<T> {
    let end = Instant::now() + within;
    loop {
        if let Some(value) = probe().await {
            return Ok(value);
        }
        if Instant::now() >= end {
            return Err(anyhow!("not within {within:?}: {what}"));
        }
        tokio::time::sleep(STEP).await;
    }
}

/// Polls `probe` for the whole `span` and fails as soon as it is false, to prove that something doesn't change.
pub async fn stays(what: &str, span: Duration, mut probe: impl AsyncFnMut() -> bool) -> Result<()> {
    let start = Instant::now();
    while start.elapsed() < span {
        if !probe().await {
            return Err(anyhow!("true for {:?} of {span:?} only: {what}", start.elapsed()));
        }
        tokio::time::sleep(STEP).await;
    }
    Ok(())
}

/// Awaits a future with a deadline; the error contains `what`.
pub async fn within<T>(what: &str, limit: Duration, future: impl Future<Output = T>) -> Result<T> {
    tokio::time::timeout(limit, future).await.map_err(|_| anyhow!("not within {limit:?}: {what}"))
}
