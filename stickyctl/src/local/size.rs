//! How large a demo on this machine may be.

use sticky_core::mode::Mode;

/// The most workers of a demo. Each is a thread, and all of them report to each other every few seconds, so the work grows with the
/// square of their number. Measured on two busy cores, debug build: 256 workers started in 3 s, took 90 MiB and half a core at rest;
/// 1024 did not answer within 30 s.
pub(crate) const MOST_WORKERS: u32 = 256;

/// A mode with more workers than [`MOST_WORKERS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0} is {count} workers, and a demo on this machine has at most {MOST_WORKERS}: each is a thread of one process", count = workers(*.0))]
pub(crate) struct TooLarge(Mode);

impl TooLarge {
    /// The largest mode with as many pods.
    pub(super) fn largest(self) -> Mode {
        let each = MOST_WORKERS / u32::from(self.0.pods).max(1);
        Mode { workers: u16::try_from(each).unwrap_or(u16::MAX), ..self.0 }
    }
}

fn workers(mode: Mode) -> u32 {
    u32::from(mode.pods) * u32::from(mode.workers)
}

/// # Errors
/// [`TooLarge`].
pub(super) fn check(mode: Mode) -> Result<Mode, TooLarge> {
    if workers(mode) > MOST_WORKERS { Err(TooLarge(mode)) } else { Ok(mode) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_on_the_product() {
        for fits in ["64x4", "4x64", "16x16", "1x64", "64x1"] {
            assert!(check(fits.parse().unwrap()).is_ok(), "{fits}");
        }
        let large = check("64x64".parse().unwrap()).unwrap_err();
        assert_eq!(large.to_string(), "64x64 is 4096 workers, and a demo on this machine has at most 256: each is a thread of one process");
        assert_eq!(large.largest().to_string(), "64x4");
        assert!(check("65x4".parse().unwrap_or(large.0)).is_err() && check("5x52".parse().unwrap()).is_err());
    }
}
