//! Standard output and standard error of a command, for both programs.

use std::io::{self, ErrorKind, Write};

/// Writes to standard output, with colors only if it shows them. Returns whether somebody reads it: a reader that has gone, as
/// in `| head`, is no error.
///
/// # Errors
/// The text was not written, for example because the disk is full.
pub fn print(text: &str) -> io::Result<bool> {
    let mut out = anstream::stdout().lock();
    heard(out.write_all(text.as_bytes()).and_then(|()| out.flush()))
}

/// Turns the error of a reader that has gone into `false`.
///
/// # Errors
/// Every other one.
pub fn heard(written: io::Result<()>) -> io::Result<bool> {
    match written {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(error),
    }
}

/// Writes to standard error, with colors only if it shows them. If that fails, there is no other place to report it.
pub fn report(text: &str) {
    let _ = anstream::stderr().lock().write_all(text.as_bytes());
}
