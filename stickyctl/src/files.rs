//! Atomic writes of whole files.

use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use tempfile::NamedTempFile;

/// Writes a whole file: a reader of `path` sees either the new content or the old, even if the disk fills up or the process is killed.
/// The file has the permissions of any new file, which the umask restricts.
pub(crate) fn write(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut file = beside(path)?;
    file.write_all(content)?;
    file.persist(path)?;
    Ok(())
}

/// A temporary file in the folder of `path`, removed unless it is persisted.
pub(crate) fn beside(path: &Path) -> io::Result<NamedTempFile> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let everyone = std::fs::Permissions::from_mode(0o666);
    tempfile::Builder::new().prefix(".stickyctl-").permissions(everyone).tempfile_in(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        write(&path, b"one").unwrap();
        write(&path, b"two").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"two");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "no temporary file is left");
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode();
        std::fs::write(folder.path().join("b"), "").unwrap();
        assert_eq!(mode(&path), mode(&folder.path().join("b")));
        assert!(write(&folder.path().join("none/a"), b"").is_err());
    }
}
