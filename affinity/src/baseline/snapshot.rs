//! The part of a report that [`compare`](super::compare) looks at.

use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::fmt;
use std::marker::PhantomData;

/// The most entries of a list. A run has at most as many pods as requests.
const MOST: usize = 1_000_000;

/// The part of a `stickyctl.verify/v1` report that is compared with another. Fields that an older version did not write are empty.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Snapshot {
    /// The report's format and its version, `stickyctl.verify/v1`.
    pub schema: String,
    /// The URL that was tested; with different URLs the comparison is weak.
    pub url: String,
    /// When the run began (RFC 3339, UTC).
    pub began: String,
    /// Whether the run was interrupted before it was complete; that makes the comparison weak.
    pub partial: bool,
    /// What the run planned to request; with different plans the comparison is weak.
    pub plan: Plan,
    /// Where identities were read.
    pub identity: Identity,
    /// Reasons; only their codes are compared, in any order.
    #[serde(deserialize_with = "few")]
    pub reasons: Vec<Reason>,
    /// The verdict on pods ([`Verdict::word`](crate::verdict::Verdict::word)).
    pub verdict: String,
    /// The verdict on workers ([`Verdict::word`](crate::verdict::Verdict::word)).
    pub workers: String,
    /// Later requests that moved, without forced moves.
    pub moved_requests: Moved,
    /// Sessions that moved, without forced moves.
    pub moved_sessions: Moved,
    /// Sessions that were lost by a symptom; `None` in runs that looked for none.
    pub lost_when: Option<LostWhen>,
    /// Moves away from pods that were gone or not ready.
    pub forced_moves: u64,
    /// Pods that answered a control or a session's request.
    #[serde(deserialize_with = "few")]
    pub pods: Vec<Pod>,
    /// Cookies that answers set; one name can have several sets of attributes.
    #[serde(deserialize_with = "few")]
    pub cookies: Vec<Cookie>,
    /// Outcomes by scenario; a scenario that only one report has is not compared.
    #[serde(deserialize_with = "few")]
    pub scenarios: Vec<Scenario>,
}

/// The sample of a run, and what it was judged by.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Plan {
    /// Sessions, each with its own cookie jar.
    pub sessions: u32,
    /// Later requests of each session, after its first.
    pub requests: u32,
    /// Controls: requests without a cookie.
    pub controls: u32,
    /// Requested paths, the one of first requests first.
    #[serde(deserialize_with = "few")]
    pub paths: Vec<String>,
    /// The tolerated rate of moves, 0 to 1; `None` in reports of older versions.
    pub max_move_rate: Option<f64>,
}

/// Where identities were read, in the words of `--pod-identity`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Identity {
    /// The source for pods, such as `header:x-sticky-pod`.
    pub pod: String,
    /// The source for workers, in the same form.
    pub worker: String,
}

/// A reason, without its scenario and its numbers: those differ from run to run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Reason {
    /// The stable code ([`Code::word`](crate::code::Code::word)).
    pub code: String,
}

/// A count of moves, without forced ones.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Moved {
    /// Requests or sessions that moved.
    pub seen: u64,
    /// Requests or sessions that could have moved; 0 if the report has no such count.
    pub of: u64,
}

/// How many later requests and sessions were lost by a symptom.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct LostWhen {
    /// Later requests that lost their session.
    pub requests: Moved,
    /// Sessions with such a request.
    pub sessions: Moved,
}

/// A pod's part in a run.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Pod {
    /// The identity that its answers carry, which is not always a Kubernetes name.
    pub pod: String,
    /// Controls that it answered; its share of all controls is compared only if both runs saw the same pods.
    pub controls: u64,
    /// The latency of its answers; `None` if it answered no request of a session and no control.
    pub latency: Option<Latency>,
}

/// The part of a pod's latency that is compared.
#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Latency {
    /// The median, in milliseconds; a change by a factor of 1.5 or less counts as noise.
    pub p50_ms: f64,
}

/// A cookie, without its value and its lifetime.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Cookie {
    /// The name as the site wrote it; case matters (RFC 6265).
    pub name: String,
    /// Its attributes ([`Offer::attributes`](crate::cookie::Offer::attributes)).
    pub attributes: String,
}

/// A scenario's outcome in a run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Scenario {
    /// The name as users write it ([`Name::word`](crate::scenario::Name::word)).
    pub name: String,
    /// `pass`, `fail` or `skip`.
    pub outcome: String,
}

/// Reads a list of at most [`MOST`] entries. Without a limit, three bytes of a file (`{},`) would become a hundred in memory.
fn few<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<Vec<T>, D::Error> {
    struct Few<T>(PhantomData<T>);

    impl<'de, T: Deserialize<'de>> Visitor<'de> for Few<T> {
        type Value = Vec<T>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "a list of at most {MOST} entries")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<T>, A::Error> {
            let mut all = Vec::new();
            while let Some(one) = list.next_element()? {
                if all.len() == MOST {
                    return Err(A::Error::invalid_length(MOST + 1, &self));
                }
                all.push(one);
            }
            Ok(all)
        }
    }

    from.deserialize_seq(Few(PhantomData))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_have_an_end() {
        let of = |count: usize| serde_json::from_str::<Snapshot>(&format!(r#"{{"pods": [{}]}}"#, vec!["{}"; count].join(",")));
        assert_eq!(of(2).unwrap().pods.len(), 2);
        assert_eq!(of(MOST).unwrap().pods.len(), MOST);
        let why = of(MOST + 1).unwrap_err().to_string();
        assert!(why.starts_with("invalid length 1000001, expected a list of at most 1000000 entries"), "{why}");
    }
}
