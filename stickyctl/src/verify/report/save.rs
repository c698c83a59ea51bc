//! Files that a run writes: checked before the first request, and written as a whole or not at all.

use crate::exit::{Exit, Explained};
use crate::files;
use std::io;
use std::path::{Path, PathBuf};

/// A file to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place(PathBuf);

/// Why a file cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum SaveError {
    /// Something is there already, and it is not a regular file.
    #[error("writing {}: it exists and is not a regular file", .0.display())]
    NotAFile(PathBuf),
    /// The path cannot be resolved.
    #[error("writing {}: {source}", path.display())]
    Path { path: PathBuf, source: io::Error },
    /// The folder does not exist, or takes no new file.
    #[error("writing {}: cannot create a file in its folder: {source}", path.display())]
    Folder { path: PathBuf, source: io::Error },
    /// It was possible before the run, and now it is not.
    #[error("writing {}: {source}", path.display())]
    Late { path: PathBuf, source: io::Error },
}

impl Explained for SaveError {
    fn exit(&self) -> Exit {
        if matches!(self, Self::Late { .. }) { Exit::Failed } else { Exit::Usage }
    }
}

impl Place {
    /// Checks that a file can be written there: its folder takes new files, and it replaces nothing but a regular file.
    pub(super) fn new(path: &Path) -> Result<Self, SaveError> {
        let owned = || path.to_owned();
        // A symbolic link stays, and the file that it points to is replaced.
        let place = match path.canonicalize() {
            Ok(real) if real.is_file() => real,
            Ok(_) => return Err(SaveError::NotAFile(owned())),
            Err(e) if e.kind() == io::ErrorKind::NotFound && path.file_name().is_some() => path.to_owned(),
            Err(source) => return Err(SaveError::Path { path: owned(), source }),
        };
        files::beside(&place).map_err(|source| SaveError::Folder { path: owned(), source })?;
        Ok(Self(place))
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    /// Writes the file; readers see either the previous file or the whole new one.
    pub(super) fn write(&self, text: &str) -> Result<(), SaveError> {
        files::write(&self.0, text.as_bytes()).map_err(|source| SaveError::Late { path: self.0.clone(), source })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn a_check_leaves_nothing_and_a_link_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.xml");
        let place = Place::new(&path).unwrap();
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        place.write("one").unwrap();
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        Place::new(&link).unwrap().write("two").unwrap();
        assert!(link.is_symlink() && std::fs::read_to_string(&path).unwrap() == "two");
    }

    #[test]
    fn what_cannot_be_written_is_reported_at_once() {
        let folder = tempfile::tempdir().unwrap();
        for (path, why) in [
            (folder.path().join("none/a.xml"), "cannot create a file in its folder: No such file"),
            (folder.path().to_owned(), "not a regular file"),
            (PathBuf::from("/dev/null"), "not a regular file"),
            (PathBuf::new(), ""),
        ] {
            let failure = Place::new(&path).unwrap_err();
            let text = failure.to_string();
            assert!(failure.exit() == Exit::Usage && text.contains(why) && text.starts_with("writing "), "{text}");
        }
    }
}
