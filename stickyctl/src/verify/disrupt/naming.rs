//! Names the pods of requests that no answer names, by the logs.

use crate::verify::logs::Logs;
use crate::verify::probe::{Asking, Book};
use std::time::Instant;

/// Waits, within bounds, for lines about the requests so far, and takes them over.
pub(super) async fn name(asking: &Asking, book: &Book, logs: Option<&Logs>) {
    let (Some(logs), Some(marking)) = (logs, &asking.marking) else { return };
    let began = Instant::now();
    // What is missing stays unidentified.
    drop(logs.settle(&book.awaited(), marking.patience).await);
    book.identify(logs, began.elapsed());
}
