//! The control socket's server.

use super::api::{Change, Refusal, Status};
use super::cluster::Cluster;
use axum::extract::State;
use axum::routing::{get, post};
use axum::{Json, Router};
use http::StatusCode;
use std::path::Path;
use std::sync::Arc;
use sticky_core::mode::{MOST, Mode};
use tokio::net::UnixListener;

/// Listens at `path`, which must not exist.
///
/// # Errors
/// The system's word.
pub fn listen(path: &Path) -> std::io::Result<UnixListener> {
    UnixListener::bind(path)
}

/// Serves until it is aborted.
pub async fn serve(listener: UnixListener, cluster: Arc<Cluster>) {
    let router = Router::new()
        .route("/status", get(|State(cluster): State<Arc<Cluster>>| async move { Json::<Status>(cluster.status()) }))
        .route("/change", post(change))
        .route("/down", post(|State(cluster): State<Arc<Cluster>>| async move { cluster.down.cancel() }))
        .with_state(cluster);
    if let Err(error) = axum::serve(listener, router).await {
        tracing::error!(%error, "the control socket ended");
    }
}

async fn change(State(cluster): State<Arc<Cluster>>, Json(change): Json<Change>) -> Result<Json<Status>, (StatusCode, Json<Refusal>)> {
    let refuse = |status, error: String| (status, Json(Refusal { error }));
    let done = match change {
        Change::Scale(pods) if (1..=MOST).contains(&pods) => cluster.want(|now| Mode { pods, ..now }).map(drop),
        Change::Scale(_) => return Err(refuse(StatusCode::BAD_REQUEST, format!("a scale is 1 to {MOST} pods"))),
        Change::Mode(text) => {
            let mode: Mode = text.parse().map_err(|why: sticky_core::mode::BadMode| refuse(StatusCode::BAD_REQUEST, why.to_string()))?;
            cluster.want(|_| mode).map(drop)
        }
        Change::Kill(target) => cluster.kill(&target),
    };
    match done {
        Ok(()) => Ok(Json(cluster.status())),
        Err(refused) => Err(refuse(StatusCode::CONFLICT, refused.to_string())),
    }
}
