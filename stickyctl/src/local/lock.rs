//! The lock that makes the demo of a user the only one: whoever holds it owns the control socket.

use super::client::Client;
use super::error::LocalError;
use crate::files;
use crate::poll::{Deadline, until};
use std::fs::{File, TryLockError};
use std::time::Duration;

/// How long to wait for a demo that holds the lock and does not answer: it is starting or ending.
const BUSY: Duration = Duration::from_secs(10);
/// Poll interval meanwhile.
const LOOK: Duration = Duration::from_millis(20);

/// The lock, until it is dropped or the process ends, however it ends.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock beside the control socket.
    ///
    /// # Errors
    /// A demo is running, or is starting or ending for longer than ten seconds.
    pub(super) async fn take(client: &Client) -> Result<Self, LocalError> {
        let path = client.path().with_file_name("local.lock");
        let failed = |why| LocalError::Lock { path: path.clone(), why };
        let file = files::state(&path).map_err(failed)?;
        let attempt = async || match file.try_lock() {
            Ok(()) => Ok(Some(())),
            Err(TryLockError::Error(why)) => Err(failed(why)),
            Err(TryLockError::WouldBlock) => match client.find().await {
                Ok(Some(running)) => Err(LocalError::AlreadyUp { url: running.url, pid: running.pid }),
                // It has no socket yet, or does not answer yet.
                Ok(None) | Err(_) => Ok(None),
            },
        };
        until(Deadline::after(BUSY), LOOK, attempt).await?.ok_or_else(|| LocalError::Locked { path: path.clone(), limit: BUSY })?;
        Ok(Self { _file: file })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::local::control::Control;
    use std::os::unix::fs::PermissionsExt;

    fn client(folder: &tempfile::TempDir) -> Client {
        Client::at(folder.path().join("local.sock"))
    }

    /// Once it ends, in whatever way, the next one starts at once, even over a stale socket.
    #[tokio::test(start_paused = true)]
    async fn one_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let client = client(&folder);
        let first = Lock::take(&client).await.unwrap();
        let second = Lock::take(&client).await.unwrap_err();
        assert!(matches!(second, LocalError::Locked { .. }), "{second}");
        drop(first);
        drop(std::os::unix::net::UnixListener::bind(client.path()).unwrap());
        Control::bind(client.path().to_owned(), Lock::take(&client).await.unwrap()).unwrap();
    }

    #[tokio::test]
    async fn a_link_is_no_lock_and_modes_are_set() {
        let folder = tempfile::tempdir().unwrap();
        let client = client(&folder);
        let (path, other) = (folder.path().join("local.lock"), folder.path().join("other"));
        std::fs::write(&other, "kept").unwrap();
        std::os::unix::fs::symlink(&other, &path).unwrap();
        assert!(matches!(Lock::take(&client).await.unwrap_err(), LocalError::Lock { .. }));
        assert_eq!(std::fs::read(&other).unwrap(), b"kept");
        std::fs::remove_file(&path).unwrap();
        let control = Control::bind(client.path().to_owned(), Lock::take(&client).await.unwrap()).unwrap();
        let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&path), mode(client.path())), (0o600, 0o600));
        drop(control);
        assert!(!client.path().exists());
    }
}
