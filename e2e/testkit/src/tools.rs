//! Programs that the tests need and a bare machine lacks.

use crate::skip;
use std::path::PathBuf;

/// The programs, with the Debian package of each.
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

/// Where `name` is, in PATH or where Debian puts servers, which is not in every user's PATH.
#[must_use]
pub fn find(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).chain(["/usr/sbin".into(), "/usr/bin".into()]).map(|folder| folder.join(name)).find(|file| file.is_file())
}

/// Whether all of `names` are here. Where one is missing the test is recorded as skipped; with `CI` set it fails, because
/// there every program is expected.
///
/// # Panics
/// With `CI` set, when one is missing.
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
