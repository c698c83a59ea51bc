//! Files that a run leaves behind: looked at before the first request, and written whole or not at all.

use crate::exit::{Exit, Failure};
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

/// A file that is to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place(PathBuf);

impl Place {
    /// Sees whether a file can be written there: the folder exists and takes new files, and nothing but a file is replaced.
    ///
    /// # Errors
    /// It can't ([`Exit::Usage`]), with path and reason.
    pub fn new(path: &Path) -> Result<Self, Failure> {
        let refuse = |why: String| Failure::new(Exit::Usage, format!("writing {}: {why}", path.display()));
        // Whoever keeps a link there keeps it, and what it leads to is replaced.
        let place = match path.canonicalize() {
            Ok(real) if real.is_file() => real,
            Ok(_) => return Err(refuse("it is there, and no plain file".to_owned())),
            Err(e) if e.kind() == io::ErrorKind::NotFound && path.file_name().is_some() => path.to_owned(),
            Err(e) => return Err(refuse(e.to_string())),
        };
        beside(&place).map_err(|e| refuse(format!("its folder takes no file: {e}")))?;
        Ok(Self(place))
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Writes it: whoever looks sees the whole file or the one before.
    ///
    /// # Errors
    /// The disk is full, or the folder went away, with path and reason.
    pub fn write(&self, text: &str) -> Result<(), Failure> {
        let write = || -> io::Result<()> {
            let mut file = beside(&self.0)?;
            file.write_all(text.as_bytes())?;
            file.persist(&self.0)?;
            Ok(())
        };
        write().map_err(|e| Failure::new(Exit::Failed, format!("writing {}: {e}", self.0.display())))
    }
}

/// A file in the same folder, gone with its value.
fn beside(path: &Path) -> io::Result<tempfile::NamedTempFile> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // As any new file; the umask takes from it.
    let everyone = std::fs::Permissions::from_mode(0o666);
    tempfile::Builder::new().prefix(".stickyctl-").permissions(everyone).tempfile_in(folder)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.xml");
        let place = Place::new(&path).unwrap();
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "a look leaves nothing");
        place.write("one").unwrap();
        place.write("two").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "two");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o600, 0o600);
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        Place::new(&link).unwrap().write("three").unwrap();
        assert!(link.is_symlink() && std::fs::read_to_string(&path).unwrap() == "three");
    }

    #[test]
    fn what_can_not_be_written_is_told_at_once() {
        let folder = tempfile::tempdir().unwrap();
        for (path, why) in [
            (folder.path().join("none/a.xml"), "its folder takes no file: No such file"),
            (folder.path().to_owned(), "no plain file"),
            (PathBuf::from("/dev/null"), "no plain file"),
            (PathBuf::new(), ""),
        ] {
            let failure = Place::new(&path).unwrap_err();
            assert!(failure.exit == Exit::Usage && failure.what.contains(why) && failure.what.starts_with("writing "), "{}", failure.what);
        }
    }
}
