//! How many Pods a release has, and how many workers each of them: `PODSxWORKERS`.

use serde::{Deserialize, Serialize, Serializer};
use std::fmt;
use std::str::FromStr;

/// A number of Pods and a number of workers for each. Written as `3x1`: three Pods with one worker each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Mode {
    /// Pods, 1 to [`MOST`].
    pub pods: u16,
    /// Workers of each Pod, 1 to [`MOST`].
    pub workers: u16,
}

/// The upper bound for Pods, and for the workers of one Pod.
pub const MOST: u16 = 64;

/// A text that is not a [`Mode`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected PODSxWORKERS with 1 to {MOST} of each: 3x1 is three pods with one worker each, 1x4 one pod with four")]
pub struct BadMode;

impl FromStr for Mode {
    type Err = BadMode;

    fn from_str(text: &str) -> Result<Self, BadMode> {
        let (pods, workers) = text.split_once('x').ok_or(BadMode)?;
        let read = |n: &str| n.parse().ok().filter(|n| (1..=MOST).contains(n)).ok_or(BadMode);
        Ok(Self { pods: read(pods)?, workers: read(workers)? })
    }
}

impl TryFrom<String> for Mode {
    type Error = BadMode;

    fn try_from(text: String) -> Result<Self, BadMode> {
        text.parse()
    }
}

impl Serialize for Mode {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}", self.pods, self.workers)
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Mode {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Mode".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "pattern": "^([1-9]|[1-5][0-9]|6[0-4])x([1-9]|[1-5][0-9]|6[0-4])$",
        })
    }
}

impl Mode {
    /// The mode as a phrase for people: `three pods, one worker each`.
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
            assert_eq!(serde_json::to_string(&text.parse::<Mode>().unwrap()).unwrap(), format!("\"{text}\""));
        }
        for bad in ["", "3", "x", "0x1", "1x0", "65x1", "3X1", "3x1x1", "-1x1", "3 x 1"] {
            assert!(bad.parse::<Mode>().is_err(), "{bad}");
            assert!(serde_json::from_value::<Mode>(bad.into()).is_err(), "{bad}");
        }
        assert_eq!("3x1".parse::<Mode>().unwrap().words(), "three pods, one worker each");
        assert_eq!("1x4".parse::<Mode>().unwrap().words(), "one pod, four workers");
    }
}
