//! How large a demo on this machine may be.

use sticky_core::mode::Mode;

/// The most workers of a demo. Each is a thread, and all of them report to each other every few seconds, so the work grows with the
/// square of their number. Measured on two busy cores, debug build: 256 workers started in 3 s, took 90 MiB and half a core at rest;
/// 1024 did not answer within 30 s.
pub(crate) const MOST_WORKERS: u32 = 256;

/// A mode that needs more workers than [`MOST_WORKERS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{mode} needs {workers} workers, and a demo on this machine has at most {MOST_WORKERS}: each is a thread of one process")]
pub(crate) struct TooLarge {
    mode: Mode,
    /// Canary pods.
    beside: u16,
    workers: u32,
}

impl TooLarge {
    /// The largest mode with as many pods.
    pub(super) fn largest(self) -> Mode {
        let each = MOST_WORKERS / (u32::from(self.mode.pods) + u32::from(self.beside)).max(1);
        Mode { workers: u16::try_from(each).unwrap_or(u16::MAX), ..self.mode }
    }
}

/// The mode, if it and so many canary pods `beside` it are not too large.
///
/// # Errors
/// [`TooLarge`].
pub(super) fn check(mode: Mode, beside: u16) -> Result<Mode, TooLarge> {
    let workers = (u32::from(mode.pods) + u32::from(beside)) * u32::from(mode.workers);
    if workers > MOST_WORKERS { Err(TooLarge { mode, beside, workers }) } else { Ok(mode) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_on_the_product() {
        let of = |mode: &str, beside| check(mode.parse().unwrap(), beside);
        for fits in ["64x4", "4x64", "16x16", "1x64", "64x1"] {
            assert!(of(fits, 0).is_ok(), "{fits}");
        }
        let large = of("64x64", 0).unwrap_err();
        assert_eq!(large.to_string(), "64x64 needs 4096 workers, and a demo on this machine has at most 256: each is a thread of one process");
        assert_eq!(large.largest().to_string(), "64x4");
        assert!(of("5x52", 0).is_err());
        assert_eq!(of("64x4", 1).unwrap_err().largest().to_string(), "64x3");
    }
}
