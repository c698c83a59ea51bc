use super::*;
use rustix::fs::{CWD, FileType as Kind, mknodat};
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;

const OURS: Replace = Replace::Own(|head| head.starts_with(b"ours"));

fn place(path: &Path) -> Result<Place, WriteError> {
    Place::new(path, OURS)
}

#[test]
fn whole_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a");
    let to = place(&path).unwrap();
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "a check leaves nothing");
    to.write(b"ours: one").unwrap();
    to.write(b"ours: two").unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), b"ours: two");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "no temporary file is left");
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    std::fs::write(folder.path().join("b"), "").unwrap();
    assert_eq!(mode(&path), mode(&folder.path().join("b")));
    std::fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
    to.write(b"ours: three").unwrap();
    assert_eq!(mode(&path), 0o600, "a private file stays private");
}

#[test]
fn what_is_not_ours_stays_unless_forced() {
    let folder = tempfile::tempdir().unwrap();
    let (path, empty) = (folder.path().join("a"), folder.path().join("empty"));
    std::fs::write(&path, "theirs").unwrap();
    std::fs::write(&empty, "").unwrap();
    let refused = place(&path).unwrap_err();
    assert!(matches!(refused, WriteError::Foreign(_)) && refused.exit() == Exit::Usage, "{refused}");
    place(&empty).unwrap().write(b"ours").unwrap();
    let forced = Place::new(&path, Replace::new(true, |_| false)).unwrap();
    forced.write(b"forced").unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), b"forced");
    // Appeared after the check.
    let late = folder.path().join("late");
    let to = place(&late).unwrap();
    std::fs::write(&late, "theirs").unwrap();
    assert!(matches!(to.write(b"ours").unwrap_err(), WriteError::Foreign(_)));
    let own = |head: &[u8]| head.starts_with(b"ours");
    remove_own(&late, own).unwrap();
    assert_eq!((std::fs::read(&late).unwrap(), read_own(&late, own)), (b"theirs".to_vec(), None));
    assert_eq!(read_own(&empty, own).as_deref(), Some("ours"));
    remove_own(&empty, own).unwrap();
    assert!(!empty.exists());
}

/// Not even with `--force`, neither when it is checked nor when it appears later.
#[test]
fn only_regular_files_are_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    std::fs::write(at("target"), "ours, elsewhere").unwrap();
    symlink(at("target"), at("link")).unwrap();
    symlink(at("nothing"), at("dangling")).unwrap();
    std::fs::create_dir(at("folder")).unwrap();
    mknodat(CWD, at("pipe"), Kind::Fifo, Mode::RWXU, 0).unwrap();
    let _socket = UnixListener::bind(at("socket")).unwrap();
    for (name, what) in
        [("link", "symbolic link"), ("dangling", "symbolic link"), ("folder", "a folder"), ("pipe", "named pipe"), ("socket", "a socket")]
    {
        let was = std::fs::symlink_metadata(at(name)).unwrap().file_type();
        for replace in [OURS, Replace::Any] {
            let refused = Place::new(&at(name), replace).unwrap_err();
            assert!(refused.to_string().contains(what) && refused.exit() == Exit::Usage, "{name}: {refused}");
            let late = Place { path: at(name), replace };
            assert!(matches!(late.write(b"x").unwrap_err(), WriteError::Special { .. }), "{name}");
        }
        remove_own(&at(name), |_| true).unwrap();
        assert_eq!(std::fs::symlink_metadata(at(name)).unwrap().file_type(), was, "{name}");
        assert!(state(&at(name)).is_err(), "{name}");
    }
    assert_eq!(std::fs::read(at("target")).unwrap(), b"ours, elsewhere");
    assert!(!at("nothing").exists());
    // Looked at, never written.
    assert_eq!(special(std::fs::symlink_metadata("/dev/null").unwrap().file_type()), Some("a device"));
}

/// The other name of a file keeps the old content.
#[test]
fn a_hard_link_is_not_written_through() {
    let folder = tempfile::tempdir().unwrap();
    let (path, other) = (folder.path().join("a"), folder.path().join("b"));
    std::fs::write(&path, "ours: old").unwrap();
    std::fs::hard_link(&path, &other).unwrap();
    place(&path).unwrap().write(b"ours: new").unwrap();
    assert_eq!((std::fs::read(&path).unwrap(), std::fs::read(&other).unwrap()), (b"ours: new".to_vec(), b"ours: old".to_vec()));
}

#[test]
fn places_that_take_no_file() {
    let folder = tempfile::tempdir().unwrap();
    for path in [folder.path().join("none/a"), folder.path().join(".."), PathBuf::new()] {
        let refused = place(&path).unwrap_err();
        assert!(refused.exit() == Exit::Usage && refused.to_string().contains("cannot create a file in its folder"), "{refused}");
    }
    let same = [folder.path().join("a"), folder.path().join("./a")].map(|path| place(&path).unwrap());
    assert_eq!(same[0], same[1]);
}
