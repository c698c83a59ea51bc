//! The control socket's server.

use super::api::{Change, Refusal, Status};
use super::error::LocalError;
use super::lock::Lock;
use super::pods::Pods;
use axum::extract::State;
use axum::routing::{get, post};
use axum::{Json, Router};
use http::StatusCode;
use std::fs::Permissions;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::PathBuf;
use std::sync::Arc;
use sticky_core::mode::{BadMode, MOST, Mode};
use tokio::net::UnixListener;

/// The control socket's file; dropping it removes the file.
struct SocketFile(PathBuf);

impl Drop for SocketFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// The control socket; dropping it removes its file, and then releases the lock.
pub(super) struct Control {
    listener: UnixListener,
    _file: SocketFile,
    _lock: Lock,
}

impl Control {
    /// Binds the socket. If there is one, it is stale, because nobody else has the lock.
    pub(super) fn bind(path: PathBuf, lock: Lock) -> Result<Self, LocalError> {
        let failed = |why| LocalError::ControlSocket { path: path.clone(), why };
        match std::fs::symlink_metadata(&path) {
            Ok(there) if there.file_type().is_socket() => std::fs::remove_file(&path).map_err(failed)?,
            Ok(_) => return Err(failed(std::io::Error::other("something else is there; move it away"))),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {}
            Err(e) => return Err(failed(e)),
        }
        let listener = UnixListener::bind(&path).map_err(failed)?;
        // Whatever the umask is.
        std::fs::set_permissions(&path, Permissions::from_mode(0o600)).map_err(failed)?;
        Ok(Self { listener, _file: SocketFile(path), _lock: lock })
    }

    /// Serves until it is aborted.
    pub(super) async fn serve(self, pods: Arc<Pods>) {
        let router = Router::new()
            .route("/status", get(|State(pods): State<Arc<Pods>>| async move { Json::<Status>(pods.status()) }))
            .route("/change", post(change))
            .route("/down", post(|State(pods): State<Arc<Pods>>| async move { pods.down.cancel() }))
            .with_state(pods);
        if let Err(error) = axum::serve(self.listener, router).await {
            tracing::error!(%error, "the control socket stopped");
        }
    }
}

async fn change(State(pods): State<Arc<Pods>>, Json(change): Json<Change>) -> Result<Json<Status>, (StatusCode, Json<Refusal>)> {
    let refuse = |status, error: String| (status, Json(Refusal { error }));
    let done = match change {
        Change::Scale(count) if (1..=MOST).contains(&count) => pods.want(|now| Mode { pods: count, ..now }).map(drop),
        Change::Scale(_) => return Err(refuse(StatusCode::BAD_REQUEST, format!("invalid number of pods: use 1 to {MOST}"))),
        Change::Mode(text) => {
            let mode: Mode = text.parse().map_err(|why: BadMode| refuse(StatusCode::BAD_REQUEST, why.to_string()))?;
            pods.want(|_| mode).map(drop)
        }
        Change::Kill(target) => pods.kill(&target),
    };
    match done {
        Ok(()) => Ok(Json(pods.status())),
        Err(refused) => Err(refuse(StatusCode::CONFLICT, refused.to_string())),
    }
}
