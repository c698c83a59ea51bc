//! Waiting for a condition: the one place where the tests look again and again.

use anyhow::{Result, anyhow};
use std::time::{Duration, Instant};

/// How often a condition is looked at.
pub const STEP: Duration = Duration::from_millis(20);

/// Looks at `probe` until it gives a value, and fails with the name of the condition after `within`.
///
/// # Errors
/// The condition did not come true in time.
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

/// Looks at `probe` for the whole of `span` and fails as soon as it is false: the proof that something stays as it is.
///
/// # Errors
/// It did not stay.
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

/// A future with a deadline and a name.
///
/// # Errors
/// The deadline passed.
pub async fn within<T>(what: &str, limit: Duration, future: impl Future<Output = T>) -> Result<T> {
    tokio::time::timeout(limit, future).await.map_err(|_| anyhow!("not within {limit:?}: {what}"))
}
