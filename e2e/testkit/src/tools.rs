//! Programs that the tests need and a minimal machine lacks.

use crate::skip;
use std::path::PathBuf;

/// Each program with its Debian package.
pub const NEEDED: [(&str, &str); 11] = [
    ("redis-server", "redis-server"),
    ("nginx", "nginx"),
    ("haproxy", "haproxy"),
    ("chromium", "chromium"),
    ("chromedriver", "chromium-driver"),
    ("node", "nodejs"),
    ("npm", "npm"),
    ("skopeo", "skopeo"),
    ("man", "man-db"),
    ("pip3", "python3-pip"),
    ("python3", "python3"),
];

/// The path of a program, from PATH or from Debian's folder for servers, which isn't in every user's PATH.
#[must_use]
pub fn find(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).chain(["/usr/sbin".into(), "/usr/bin".into()]).map(|folder| folder.join(name)).find(|file| file.is_file())
}

/// Whether all programs are installed. If not, records the test as skipped. With `CI` set, a missing program fails the test.
///
/// # Panics
/// A program is missing and `CI` is set.
#[must_use]
pub fn present(names: &[&str]) -> bool {
    let missing: Vec<_> = names.iter().filter(|name| find(name).is_none()).copied().collect();
    if missing.is_empty() {
        return true;
    }
    let text = format!("missing programs: {} (`cargo xtask test` installs them)", missing.join(", "));
    assert!(std::env::var_os("CI").is_none_or(|ci| ci.is_empty()), "{text}");
    skip::because(&text);
    false
}
