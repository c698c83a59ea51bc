//! What was seen, as a report has it: pods, cookies, requests and events.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sticky_affinity::jar::Fate;
use sticky_affinity::moves::Cause;

/// A pod that answered.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Pod {
    /// The identity in its answers; the report's `identity` says where it was read.
    pub pod: String,
    /// Controls that it answered.
    pub controls: u64,
    /// Sessions that it bound.
    pub sessions: u64,
    /// How long its answers took; none if it answered no request of a session and no control.
    pub latency: Option<Latency>,
}

/// How long answers took.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
pub struct Latency {
    /// The fastest answer.
    pub least_ms: f64,
    /// The 5th percentile.
    pub p5_ms: f64,
    /// The 50th percentile.
    pub p50_ms: f64,
    /// The 95th percentile.
    pub p95_ms: f64,
    /// The 99th percentile.
    pub p99_ms: f64,
}

/// A cookie, one for each combination of name, attributes and fate.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Cookie {
    /// The name, without any value.
    pub name: String,
    /// Its attributes; Expires comes without its date.
    pub attributes: String,
    /// What a browser does with it, at the URL that was tested.
    pub fate: Fate,
    /// Its lifetime in seconds when it was first set, by Max-Age or Expires; none for a cookie that lasts until the browser exits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lives_s: Option<u64>,
    /// How often answers set it.
    pub offered: u64,
    /// How often a cookie of its name was sent, if it may have been this one.
    pub sent: u64,
    /// Some of its values, with `--show-values`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<String>,
}

/// A session: requests that share their cookies.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Session {
    /// Its name, `s01`.
    pub id: String,
    /// Its requests, in order; the first one whose answer identifies a pod binds it.
    pub requests: Vec<Request>,
}

/// A request, and its answer if there was one.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Request {
    /// Its round, from 0.
    pub round: u32,
    /// When it began, from the start of the run.
    pub at_ms: f64,
    /// How long it took.
    pub took_ms: f64,
    /// The pod that answered, if the answer or a log identifies it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pod: Option<String>,
    /// The worker that answered, if the answer identifies it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub worker: Option<String>,
    /// The status of an answer that identifies no pod.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Why there was no answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lost: Option<String>,
    /// Whether the answer shows that the session was lost, by the symptoms of `--lost-when`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_lost: Option<bool>,
    /// Pods that the front door tried before, according to its log.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tried: Vec<String>,
    /// The cause of the move, if the pod is not its session's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub moved: Option<Cause>,
}

/// An event beside the requests.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Happened {
    /// When it was noticed, from the start of the run.
    pub at_ms: f64,
    /// What kind of event.
    pub kind: Kind,
    /// The event in words, as in `app-2 gone`.
    pub text: String,
}

/// A kind of event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A pod became ready.
    PodReady,
    /// A pod is no longer ready.
    PodNotReady,
    /// A pod is being deleted.
    PodTerminating,
    /// A pod is gone.
    PodGone,
    /// The tunnel to the site had trouble.
    Tunnel,
}

impl Cookie {
    /// What a browser does with it, and its lifetime, unless its attributes say so.
    #[must_use]
    pub fn remarks(&self) -> Vec<String> {
        let fate = match self.fate {
            Fate::Kept => None,
            Fate::BornExpired => Some("expired on arrival"),
            Fate::Refused => Some("rejected by browsers"),
            Fate::ForeignDomain => Some("for another domain"),
            Fate::OtherPath => Some("for another path"),
            Fate::SecureOverHttp => Some("not sent over plain http"),
        };
        let lives = self.lives_s.filter(|_| self.fate != Fate::BornExpired && !self.attributes.contains("Max-Age="));
        fate.map(str::to_owned).into_iter().chain(lives.map(|seconds| format!("lifetime {seconds} s"))).collect()
    }
}
