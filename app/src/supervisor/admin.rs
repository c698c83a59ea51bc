//! The admin port: `/healthz`, `/readyz`, `/metrics`. It is never public.

use crate::server::worker::Report;
use crate::supervisor::fleet::{View, Workers};
use crate::supervisor::metrics::encode;
use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::StatusCode;
use http::header::{CONTENT_TYPE, HeaderValue};
use serde_json::json;
use std::sync::Arc;
use tokio::net::TcpListener;

/// Serves the admin port until it is aborted.
pub async fn serve(listener: TcpListener, workers: Arc<Workers>) {
    let router = Router::new()
        .route("/healthz", get(|| async { json_answer(StatusCode::OK, &json!({"status": "alive"})) }))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .with_state(workers);
    if let Err(error) = axum::serve(listener, router).await {
        tracing::error!(%error, "the admin port ended");
    }
}

async fn metrics(State(workers): State<Arc<Workers>>) -> Response {
    let mut answer = Response::new(encode(workers.fresh_view().await, workers.bus).into());
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8"));
    answer
}

async fn ready(State(workers): State<Arc<Workers>>) -> Response {
    let (status, body) = readiness(&workers.view());
    json_answer(status, &body)
}

/// The rule of readiness. A bus that was reached once and is away leaves the pod ready: taking it out would throw its
/// sessions to other pods, which have no bus either.
fn readiness(view: &View) -> (StatusCode, serde_json::Value) {
    let count = |is: fn(&Report) -> bool| view.workers.iter().flatten().filter(|r| is(r)).count();
    let (all, ready, bus_up) = (view.workers.len(), count(|r| r.ready), count(|r| r.bus_up));
    let body = |status: &str, reason: Option<String>| json!({"status": status, "reason": reason, "workers": all, "workers_ready": ready, "workers_on_the_bus": bus_up});
    if view.draining {
        return (StatusCode::SERVICE_UNAVAILABLE, body("draining", Some("the pod is leaving".to_owned())));
    }
    if ready == all {
        return match bus_up == all {
            true => (StatusCode::OK, body("ready", None)),
            false => (StatusCode::OK, body("degraded", Some(format!("{} of {all} workers have no relay: Redis is away", all - bus_up)))),
        };
    }
    // A pod with a worker that is being replaced goes on with the others; one that has never been complete has not.
    if ready > 0 && view.restarts > 0 {
        return (StatusCode::OK, body("degraded", Some(format!("{} of {all} workers are being replaced", all - ready))));
    }
    let reason = match view.workers.iter().flatten().find(|r| !r.ready && !r.bus_up) {
        Some(Report { trouble: Some(trouble), .. }) => format!("Redis not yet reached: {trouble}"),
        Some(_) => "Redis not yet reached".to_owned(),
        None => format!("{ready} of {all} workers are ready"),
    };
    (StatusCode::SERVICE_UNAVAILABLE, body("starting", Some(reason)))
}

fn json_answer(status: StatusCode, body: &serde_json::Value) -> Response {
    (status, [(CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use sticky_core::stats::Counts;

    fn view(workers: &[Option<(bool, bool)>], restarts: u64, draining: bool) -> View {
        let workers = workers.iter().map(|w| w.map(|(ready, bus_up)| Report { ready, bus_up, ..Report::default() })).collect();
        View { workers, counts: Counts::default(), restarts, draining }
    }

    #[test]
    fn the_rule() {
        let says = |v: &View| (readiness(v).0.as_u16(), readiness(v).1["status"].as_str().unwrap().to_owned());
        assert_eq!(says(&view(&[Some((true, true))], 0, false)), (200, "ready".into()));
        assert_eq!(says(&view(&[Some((false, false))], 0, false)), (503, "starting".into()));
        assert_eq!(says(&view(&[None, Some((true, true))], 0, false)), (503, "starting".into()));
        assert_eq!(says(&view(&[Some((true, false)), Some((true, false))], 0, false)), (200, "degraded".into()));
        assert_eq!(says(&view(&[None, Some((true, true))], 1, false)), (200, "degraded".into()));
        assert_eq!(says(&view(&[None], 1, false)), (503, "starting".into()));
        assert_eq!(says(&view(&[Some((true, true))], 0, true)), (503, "draining".into()));
        assert!(readiness(&view(&[Some((false, false))], 0, false)).1["reason"].as_str().unwrap().contains("Redis"));
    }
}
