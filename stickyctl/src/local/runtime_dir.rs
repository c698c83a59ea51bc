//! The folder of the control socket, which only its owner may enter.

use super::error::{LocalError, UnsafeFolder};
use rustix::fs::{Mode, OFlags};
use std::fs::Permissions;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// Creates the folder if it is missing: `$XDG_RUNTIME_DIR/stickyctl`, or `stickyctl-UID` in the folder for temporary files
/// if that is unset.
///
/// # Errors
/// It can't be made, or it is not safe: a symlink, another owner, or open to others.
pub(super) fn open() -> Result<PathBuf, LocalError> {
    let uid = rustix::process::geteuid().as_raw();
    let dir = match std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from).filter(|dir| dir.is_absolute()) {
        Some(base) => base.join("stickyctl"),
        None => std::env::temp_dir().join(format!("stickyctl-{uid}")),
    };
    let made = match std::fs::DirBuilder::new().mode(0o700).create(&dir) {
        Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        // Whatever the umask is.
        made => made.and_then(|()| std::fs::set_permissions(&dir, Permissions::from_mode(0o700))),
    };
    let made = made.map_err(UnsafeFolder::from).and_then(|()| check(&dir, uid));
    match made {
        Ok(()) => Ok(dir),
        Err(why) => Err(LocalError::Folder { dir, why }),
    }
}

fn check(dir: &Path, uid: u32) -> Result<(), UnsafeFolder> {
    // Opened without following symlinks and checked through the handle, so that the check and the use see the same folder.
    let handle = rustix::fs::open(dir, OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty()).map_err(UnsafeFolder::NotAFolder)?;
    let meta = std::fs::File::from(handle).metadata()?;
    if meta.uid() != uid {
        return Err(UnsafeFolder::Owner { owner: meta.uid(), you: uid });
    }
    if meta.mode() & 0o077 != 0 {
        return Err(UnsafeFolder::Open(meta.mode() & 0o777));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn unsafe_folders_are_refused() {
        let base = tempfile::tempdir().unwrap();
        let uid = rustix::process::geteuid().as_raw();
        let (good, open, link) = (base.path().join("good"), base.path().join("open"), base.path().join("link"));
        std::fs::DirBuilder::new().mode(0o700).create(&good).unwrap();
        std::fs::create_dir(&open).unwrap();
        std::fs::set_permissions(&open, std::fs::Permissions::from_mode(0o755)).unwrap();
        symlink(&good, &link).unwrap();
        check(&good, uid).unwrap();
        assert!(check(&good, uid + 1).unwrap_err().to_string().contains("belongs"));
        assert!(check(&open, uid).unwrap_err().to_string().contains("755"));
        assert!(check(&link, uid).unwrap_err().to_string().contains("symlink"));
    }
}
