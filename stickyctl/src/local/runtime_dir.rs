//! The folder of the control socket: nobody else's hands in it.

use crate::exit::{Exit, Failure};
use rustix::fs::{Mode, OFlags};
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

/// The folder, made where it is missing: `$XDG_RUNTIME_DIR/stickyctl`, or `stickyctl-UID` in the folder for temporary
/// files where that is unset.
///
/// # Errors
/// It can't be made, or it is not safe: a symlink, another owner, or open to others.
pub fn open() -> Result<PathBuf, Failure> {
    let uid = rustix::process::geteuid().as_raw();
    let dir = match std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from).filter(|dir| dir.is_absolute()) {
        Some(base) => base.join("stickyctl"),
        None => std::env::temp_dir().join(format!("stickyctl-{uid}")),
    };
    let failed = |why: String| {
        Failure::new(Exit::Failed, format!("using {} for the control socket: {why}", dir.display()))
            .try_this("set XDG_RUNTIME_DIR to a folder of your own")
    };
    match std::fs::DirBuilder::new().mode(0o700).create(&dir) {
        Ok(()) => {}
        Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => {}
        Err(e) => return Err(failed(e.to_string())),
    }
    check(&dir, uid).map_err(failed)?;
    Ok(dir)
}

fn check(dir: &Path, uid: u32) -> Result<(), String> {
    // Opened without following a link and looked at through the handle, so that what is checked is what was opened.
    let handle = rustix::fs::open(dir, OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty())
        .map_err(|e| format!("it is a symlink or no folder ({e})"))?;
    let meta = std::fs::File::from(handle).metadata().map_err(|e| e.to_string())?;
    if meta.uid() != uid {
        return Err(format!("it belongs to user {}, not to you ({uid})", meta.uid()));
    }
    if meta.mode() & 0o077 != 0 {
        return Err(format!("others may enter it (mode {:o}); chmod 700 it", meta.mode() & 0o777));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};

    #[test]
    fn unsafe_folders_are_refused() {
        let base = tempfile::tempdir().unwrap();
        let uid = rustix::process::geteuid().as_raw();
        let (good, open, link) = (base.path().join("good"), base.path().join("open"), base.path().join("link"));
        std::fs::DirBuilder::new().mode(0o700).create(&good).unwrap();
        std::fs::create_dir(&open).unwrap();
        std::fs::set_permissions(&open, std::fs::Permissions::from_mode(0o755)).unwrap();
        symlink(&good, &link).unwrap();
        assert_eq!(check(&good, uid), Ok(()));
        assert!(check(&good, uid + 1).unwrap_err().contains("belongs"));
        assert!(check(&open, uid).unwrap_err().contains("755"));
        assert!(check(&link, uid).unwrap_err().contains("symlink"));
    }
}
