//! The control socket's server.

use super::api::{Change, Refusal, Status};
use super::change::change;
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
            .route("/change", post(answer))
            .route("/down", post(|State(pods): State<Arc<Pods>>| async move { pods.down.cancel() }))
            .with_state(pods);
        if let Err(error) = axum::serve(self.listener, router).await {
            tracing::error!(%error, "the control socket stopped");
        }
    }
}

async fn answer(State(pods): State<Arc<Pods>>, Json(asked): Json<Change>) -> Result<Json<Status>, (StatusCode, Json<Refusal>)> {
    change(&pods, asked).map(Json).map_err(|refused| (refused.status(), Json(Refusal { error: refused.to_string() })))
}
