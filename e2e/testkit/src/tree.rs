//! The source tree under test.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

#[must_use]
pub fn root() -> &'static Path {
    static ROOT: LazyLock<PathBuf> = LazyLock::new(|| {
        let own = Path::new(env!("CARGO_MANIFEST_DIR"));
        // This crate is two levels below the root.
        own.ancestors().nth(2).unwrap_or(own).to_owned()
    });
    &ROOT
}
