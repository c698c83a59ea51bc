//! The files that commands write. Each is written as a whole or not at all, and replaces nothing but stickyctl's own files.

use crate::exit::{Exit, Explained};
use rustix::fs::{Mode, OFlags};
use std::fs::{File, FileType, Permissions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{FileTypeExt, PermissionsExt as _};
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// How much of a file proves whose it is, in bytes.
const HEAD: u64 = 4 << 10;
/// The largest file that is read as our own, in bytes.
const MOST: u64 = 1 << 20;

/// Which existing files a command may replace.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Replace {
    /// Those that begin as the command's own do. An empty file is always replaced: it holds nothing to lose.
    Own(fn(&[u8]) -> bool),
    /// Every regular file: `--force`.
    Any,
}

impl Replace {
    /// Those that `own` recognizes, or with `force` all of them.
    pub(crate) fn new(force: bool, own: fn(&[u8]) -> bool) -> Self {
        if force { Self::Any } else { Self::Own(own) }
    }
}

/// Why a file is not written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// A device, a pipe, a folder or a symbolic link has the name.
    #[error("writing {}: it is {what}; only a regular file is replaced", path.display())]
    Special { path: PathBuf, what: &'static str },
    #[error("writing {}: the file exists, and this command did not write it", .0.display())]
    Foreign(PathBuf),
    /// Its folder doesn't exist, or takes no new file.
    #[error("writing {}: cannot create a file in its folder: {source}", path.display())]
    Folder { path: PathBuf, source: io::Error },
    #[error("writing {}: {source}", path.display())]
    Failed { path: PathBuf, source: io::Error },
}

impl Explained for WriteError {
    fn exit(&self) -> Exit {
        if matches!(self, Self::Failed { .. }) { Exit::Failed } else { Exit::Usage }
    }

    fn next_steps(&self) -> Vec<String> {
        match self {
            Self::Foreign(_) => vec!["--force    replaces it".to_owned()],
            _ => Vec::new(),
        }
    }
}

/// A file that can be written.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    path: PathBuf,
    replace: Replace,
}

impl PartialEq for Place {
    fn eq(&self, other: &Self) -> bool {
        self.path == other.path
    }
}

impl Place {
    /// Checks that a file can be written there: its folder takes new files, and what has the name may be replaced.
    pub(crate) fn new(path: &Path, replace: Replace) -> Result<Self, WriteError> {
        let folder = |source| WriteError::Folder { path: path.to_owned(), source };
        let name = path.file_name().ok_or_else(|| folder(io::ErrorKind::InvalidInput.into()))?;
        // The folder is the user's choice, with all its links. Nothing below it is followed.
        let place = Self { path: parent(path).canonicalize().map_err(folder)?.join(name), replace };
        place.existing()?;
        beside(&place.path, 0o666).map_err(folder)?;
        Ok(place)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Writes the whole file: a reader sees either the new content or the old, even if the disk fills up or the process is
    /// killed. A replaced file keeps its permissions; a new one has those that the umask leaves.
    pub(crate) fn write(&self, content: &[u8]) -> Result<(), WriteError> {
        let failed = |source| WriteError::Failed { path: self.path.clone(), source };
        let mut file = beside(&self.path, 0o666).map_err(failed)?;
        file.write_all(content).map_err(failed)?;
        // Looks again: a run may have taken minutes.
        match self.existing()? {
            None => file.persist_noclobber(&self.path).map_err(|error| failed(error.error))?,
            Some(permissions) => {
                file.as_file().set_permissions(permissions).map_err(failed)?;
                file.persist(&self.path).map_err(|error| failed(error.error))?
            }
        };
        Ok(())
    }

    /// The permissions of the file that would be replaced, if there is one.
    fn existing(&self) -> Result<Option<Permissions>, WriteError> {
        let failed = |source| WriteError::Failed { path: self.path.clone(), source };
        let facts = match std::fs::symlink_metadata(&self.path) {
            Ok(facts) => facts,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed(error)),
        };
        if let Some(what) = special(facts.file_type()) {
            return Err(WriteError::Special { path: self.path.clone(), what });
        }
        if let Replace::Own(is_own) = self.replace
            && facts.len() > 0
        {
            let mut head = Vec::new();
            open(&self.path, OFlags::RDONLY).and_then(|file| file.take(HEAD).read_to_end(&mut head)).map_err(failed)?;
            if !is_own(&head) {
                return Err(WriteError::Foreign(self.path.clone()));
            }
        }
        Ok(Some(facts.permissions()))
    }
}

/// Removes a file that `own` recognizes; leaves everything else.
pub(crate) fn remove_own(path: &Path, own: fn(&[u8]) -> bool) -> Result<(), WriteError> {
    match (Place { path: path.to_owned(), replace: Replace::Own(own) }).existing() {
        Ok(Some(_)) => std::fs::remove_file(path).map_err(|source| WriteError::Failed { path: path.to_owned(), source }),
        Ok(None) | Err(WriteError::Foreign(_) | WriteError::Special { .. }) => Ok(()),
        Err(error) => Err(error),
    }
}

/// The text of a file that `own` recognizes; none if it is another's, too large, or no text.
pub(crate) fn read_own(path: &Path, own: fn(&[u8]) -> bool) -> Option<String> {
    let mut text = String::new();
    let size = open(path, OFlags::RDONLY).ok()?.take(MOST + 1).read_to_string(&mut text).ok()?;
    (size as u64 <= MOST && own(text.as_bytes())).then_some(text)
}

/// What a file is, unless it is a regular one.
fn special(of: FileType) -> Option<&'static str> {
    Some(match () {
        () if of.is_file() => return None,
        () if of.is_symlink() => "a symbolic link",
        () if of.is_dir() => "a folder",
        () if of.is_fifo() => "a named pipe",
        () if of.is_socket() => "a socket",
        () => "a device",
    })
}

/// A temporary file in the folder of `path`, removed unless it is persisted. The umask restricts `mode`.
pub(crate) fn beside(path: &Path, mode: u32) -> io::Result<NamedTempFile> {
    tempfile::Builder::new().prefix(".stickyctl-").permissions(Permissions::from_mode(mode)).tempfile_in(parent(path))
}

/// Opens a file that a command keeps for itself, and creates it if it is missing. Only its owner may read it.
pub(crate) fn state(path: &Path) -> io::Result<File> {
    let file = open(path, OFlags::RDWR | OFlags::CREATE)?;
    file.set_permissions(Permissions::from_mode(0o600))?;
    Ok(file)
}

/// Opens a regular file: through no link, and without waiting for the other end of a pipe.
fn open(path: &Path, how: OFlags) -> io::Result<File> {
    let file = File::from(rustix::fs::open(path, how | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC, Mode::RUSR | Mode::WUSR)?);
    match special(file.metadata()?.file_type()) {
        None => Ok(file),
        Some(what) => Err(io::Error::other(format!("it is {what}"))),
    }
}

fn parent(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

#[cfg(test)]
mod tests;
