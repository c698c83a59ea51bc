//! Skips tests that can't run here, with a reason. `cargo xtask test` counts them as skipped, not as passed.

use std::fs::File;
use std::io::Write as _;

/// The variable with the path of the file that records skipped tests, one JSON object per line.
pub const FILE: &str = "STICKY_SKIPPED";

/// Records that the running test is skipped, and why. The caller then returns.
///
/// The message bypasses libtest's capture, because libtest hides the output of passing tests. It is also written to the file that
/// [`FILE`] names.
pub fn because(reason: &str) {
    let (suite, test) = (suite(), test());
    let _ = writeln!(std::io::stderr(), "SKIPPED {suite}::{test}: {reason}");
    if let Some(path) = std::env::var_os(FILE) {
        let line = serde_json::json!({"suite": suite, "test": test, "reason": reason});
        let file = File::options().create(true).append(true).open(path);
        // A single write keeps lines of parallel tests apart.
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
