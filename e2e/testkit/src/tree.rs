//! The source tree that the tests are about.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

/// The workspace's folder.
#[must_use]
pub fn root() -> &'static Path {
    static ROOT: LazyLock<PathBuf> = LazyLock::new(|| {
        let own = Path::new(env!("CARGO_MANIFEST_DIR"));
        // This crate is two folders below it.
        own.ancestors().nth(2).unwrap_or(own).to_owned()
    });
    &ROOT
}
