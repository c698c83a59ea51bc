//! Work that may block for ever: reading a pipe that nobody writes to, or a program that doesn't end.

use rustix::fs::OFlags;
use std::fs::File;
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::oneshot;

/// How long a file or a program may take. Somebody may have to unlock a password store, or to log in with a browser.
pub(crate) const PATIENCE: Duration = Duration::from_mins(2);

/// The result of `work`, or `None` if it takes longer than `most`. It then goes on in a thread of its own, which ends with the process.
pub(crate) async fn within<T: Send + 'static>(most: Duration, work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let (sender, result) = oneshot::channel();
    let runtime = Handle::current();
    thread::spawn(move || {
        let _entered = runtime.enter();
        // Fails only when nobody waits any more.
        let _ = sender.send(work());
    });
    tokio::time::timeout(most, result).await.ok()?.ok()
}

/// Reads a file that may be a pipe, such as `<(command)` in a shell, within [`PATIENCE`].
pub(crate) fn read<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    read_within(PATIENCE, work)
}

fn read_within<T: Send + 'static>(most: Duration, work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    let (sender, result) = mpsc::sync_channel(1);
    thread::spawn(move || sender.send(work()));
    let late = |_| io::Error::new(io::ErrorKind::TimedOut, format!("it did not end within {} s", most.as_secs_f32()));
    result.recv_timeout(most).map_err(late)?
}

/// Opens a regular file. Anything else is refused: opening a pipe waits for a writer, and a device may have no end.
pub(crate) fn regular(path: &Path) -> io::Result<File> {
    // A C int, whose sign bit no flag uses.
    let file = File::options().read(true).custom_flags(OFlags::NONBLOCK.bits().cast_signed()).open(path)?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file")) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use std::fs;
    use std::path::PathBuf;
    use std::process::Command;

    fn pipe(folder: &tempfile::TempDir, name: &str) -> PathBuf {
        let path = folder.path().join(name);
        assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
        path
    }

    #[test]
    fn a_pipe_is_read_if_somebody_writes_to_it() {
        let folder = tempfile::tempdir().unwrap();
        let (silent, written) = (pipe(&folder, "silent"), pipe(&folder, "written"));
        let late = read_within(Duration::from_millis(50), move || fs::read(silent)).unwrap_err();
        for special in [&written, Path::new("/dev/zero"), folder.path()] {
            assert_eq!(regular(special).unwrap_err().to_string(), "it is not a regular file");
        }
        assert_eq!((late.kind(), late.to_string().as_str()), (io::ErrorKind::TimedOut, "it did not end within 0.05 s"));
        let writer = written.clone();
        thread::spawn(move || fs::write(writer, "text"));
        assert_eq!(read(move || fs::read_to_string(written)).unwrap(), "text");
    }
}
