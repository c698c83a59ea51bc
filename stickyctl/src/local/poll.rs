//! Asking again until something is so.

use std::time::Duration;

/// Calls `look` every `pause` until it returns something; `None` when `limit` is over first.
pub(super) async fn until<T>(limit: Duration, pause: Duration, mut look: impl AsyncFnMut() -> Option<T>) -> Option<T> {
    let found = async {
        loop {
            if let Some(found) = look().await {
                return found;
            }
            tokio::time::sleep(pause).await;
        }
    };
    tokio::time::timeout(limit, found).await.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn it_looks_until_something_is_there_and_no_longer_than_the_limit() {
        let (second, mut looks) = (Duration::from_secs(1), 0);
        let mut third = async || {
            looks += 1;
            (looks == 3).then_some(looks)
        };
        assert_eq!(until(second * 10, second, &mut third).await, Some(3));
        assert_eq!(until(second * 10, second, async || None::<()>).await, None);
    }
}
