//! The body of a request: bounded in size, in rate, and by the memory budget.

use crate::server::memory::Charge;
use crate::server::reply::Problem;
use crate::server::worker::Worker;
use axum::body::Body;
use bytes::{Bytes, BytesMut};
use http::Request;
use http::header::CONTENT_LENGTH;
use http_body_util::BodyExt;
use sticky_core::limits::{BODY_RATE, time_for_body};
use sticky_core::stats::bump;
use tokio::time::{Instant, timeout_at};

/// Reads a whole body, and what it costs for as long as it is held.
pub(super) async fn read(worker: &Worker, request: Request<Body>) -> Result<(Bytes, Charge), Problem> {
    let max = worker.config.limits.max_body;
    let too_large = || Problem::new(413, "too-large", format!("the body is larger than {max} bytes (--max-body)"));
    let announced = request.headers().get(CONTENT_LENGTH).and_then(|v| v.to_str().ok()).and_then(|v| v.parse::<usize>().ok());
    if announced.is_some_and(|len| len > max) {
        return Err(too_large());
    }
    let charge = worker.memory.bytes(announced.unwrap_or(max)).ok_or_else(|| {
        bump(&worker.desk.stats.memory_refusals);
        Problem::new(503, "busy", "this worker has no memory left for another body; try again").retry_after(1)
    })?;
    let (began, mut body, mut arrived) = (Instant::now(), request.into_body(), BytesMut::new());
    loop {
        let frame = timeout_at(began + time_for_body(arrived.len()), body.frame()).await.map_err(|_| {
            Problem::new(408, "slow-body", format!("the body arrived too slowly: after a few seconds, it needs {BODY_RATE} bytes a second"))
        })?;
        match frame {
            None => return Ok((arrived.freeze(), charge)),
            Some(Err(error)) => return Err(Problem::bad_body(&error)),
            Some(Ok(frame)) => {
                if let Some(data) = frame.data_ref() {
                    if arrived.len() + data.len() > max {
                        return Err(too_large());
                    }
                    arrived.extend_from_slice(data);
                }
            }
        }
    }
}
