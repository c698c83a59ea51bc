//! `PODSxWORKERS`.

use std::fmt;
use std::str::FromStr;

/// How many pods, and how many workers each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mode {
    /// Pods, 1 to 64.
    pub pods: u16,
    /// Workers of each pod, 1 to 64.
    pub workers: u16,
}

/// The most of either.
pub const MOST: u16 = 64;

impl FromStr for Mode {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("a mode is PODSxWORKERS, each 1 to {MOST}: 3x1 is three pods with one worker each, 1x4 one pod with four");
        let (pods, workers) = text.split_once('x').ok_or_else(wrong)?;
        let read = |n: &str| n.parse().ok().filter(|n| (1..=MOST).contains(n)).ok_or_else(wrong);
        Ok(Self { pods: read(pods)?, workers: read(workers)? })
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}", self.pods, self.workers)
    }
}

impl Mode {
    /// `three pods, one worker each`.
    #[must_use]
    pub fn words(self) -> String {
        let number = |n: u16| match n {
            1 => "one".to_owned(),
            2 => "two".to_owned(),
            3 => "three".to_owned(),
            4 => "four".to_owned(),
            n => n.to_string(),
        };
        let pods = if self.pods == 1 { "pod" } else { "pods" };
        let workers = if self.workers == 1 { "worker" } else { "workers" };
        let each = if self.pods == 1 { "" } else { " each" };
        format!("{} {pods}, {} {workers}{each}", number(self.pods), number(self.workers))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways() {
        for text in ["3x1", "1x4", "64x64"] {
            assert_eq!(text.parse::<Mode>().unwrap().to_string(), text);
        }
        for bad in ["", "3", "x", "0x1", "1x0", "65x1", "3X1", "3x1x1", "-1x1", "3 x 1"] {
            assert!(bad.parse::<Mode>().is_err(), "{bad}");
        }
        assert_eq!("3x1".parse::<Mode>().unwrap().words(), "three pods, one worker each");
        assert_eq!("1x4".parse::<Mode>().unwrap().words(), "one pod, four workers");
    }
}
