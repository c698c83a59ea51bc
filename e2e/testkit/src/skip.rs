//! Tests that can't run here: each says why, and `cargo xtask test` counts them as skipped and not as passed.

use std::fs::File;
use std::io::Write as _;

/// The variable that names the file in which skipped tests are recorded, one JSON object a line.
pub const FILE: &str = "STICKY_SKIPPED";

/// Says that the running test is skipped, and why. The caller returns right after it.
///
/// It is written past libtest's capture, because libtest shows nothing of a test that passes, and to the file that [`FILE`]
/// names.
pub fn because(reason: &str) {
    let (suite, test) = (suite(), test());
    let _ = writeln!(std::io::stderr(), "SKIPPED {suite}::{test}: {reason}");
    if let Some(path) = std::env::var_os(FILE) {
        let line = serde_json::json!({"suite": suite, "test": test, "reason": reason});
        let file = File::options().create(true).append(true).open(path);
        // One write, so that lines of tests that run side by side don't mix.
        let _ = file.and_then(|mut file| file.write_all(format!("{line}\n").as_bytes()));
    }
}

/// The name of the test binary, without cargo's hash.
fn suite() -> String {
    let own = std::env::current_exe().unwrap_or_default();
    let name = own.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    name.rsplit_once('-').map_or_else(|| name.clone(), |(name, _)| name.to_owned())
}

/// libtest names each test's thread after the test.
fn test() -> String {
    std::thread::current().name().unwrap_or("unnamed").to_owned()
}
