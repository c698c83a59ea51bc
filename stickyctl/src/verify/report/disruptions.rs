//! Disruptions and proxies in a report, as data.

use super::observed::Happened;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use sticky_affinity::change::Kind;
use sticky_affinity::code::Code;
use sticky_affinity::disrupt::{Load, Moved};
use sticky_affinity::ends::Why;
use sticky_affinity::promise::Promise;
use sticky_affinity::scenario::Mark;

/// A change of the workload's pods while sessions kept sending requests. Times called `after_ms` count from the change.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Disruption {
    /// The kind of change.
    pub kind: Kind,
    /// What was done, as in `deleted pod shop-1 with a grace period of 1 s`.
    pub what: String,
    /// The workload, as in `deployment/shop`.
    pub workload: String,
    /// What the front door promises about sessions.
    pub promise: Promise,
    /// Ready pods before the change.
    pub pods_before: u32,
    /// Pods that are wanted after it.
    pub pods_after: u32,
    /// Whether sessions fared as promised; `skip` if that can't be told.
    pub outcome: Mark,
    /// What was seen, or why it can't be told.
    pub detail: String,
    /// From the change until all pods were ready, none was terminating, and the front door had the time to learn of it.
    pub settled_after_ms: f64,
    /// Sessions that moved.
    pub moved: Moved,
    /// How many sessions were expected to leave ready pods; missing if nothing is promised.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected: Option<Expected>,
    /// Requests that failed.
    pub errors: Errors,
    /// Pods that terminated, and how long they were still reached.
    pub terminating: Vec<Terminating>,
    /// Sockets that sessions held.
    pub sockets: Sockets,
    /// Where sessions and new requests are afterwards.
    pub spread: Vec<Load>,
    /// What the cluster and the tunnel reported, from the start of this disruption's traffic.
    pub events: Vec<Happened>,
    /// Findings, those that decide first.
    pub reasons: Vec<Found>,
}

/// How many sessions were expected to leave ready pods.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
pub struct Expected {
    /// The expected share, 0 to 1.
    pub share: f64,
    /// The smallest count that fits it, with 95% confidence.
    pub least: u64,
    /// The largest count that fits it.
    pub most: u64,
}

/// Requests that failed after the change, by what their client was bound to.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
pub struct Errors {
    /// Of sessions whose pod was gone, terminating or not ready.
    pub bound_to_lost_pods: Window,
    /// Of sessions whose pod was ready.
    pub bound_to_others: Window,
    /// Of clients without a session.
    pub unbound: Window,
}

/// Failed requests of a group of clients.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
pub struct Window {
    /// How many failed.
    pub failed: u64,
    /// How many there were.
    pub of: u64,
    /// When the first one that failed began.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_after_ms: Option<f64>,
    /// When the last one that failed ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_after_ms: Option<f64>,
}

/// A pod that terminated. Times count from the moment when it began to.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Terminating {
    /// The pod.
    pub pod: String,
    /// When it was gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gone_after_ms: Option<f64>,
    /// The last request of a bound session that it answered; missing if the front door moved them at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kept_for_ms: Option<f64>,
    /// Requests without a cookie that it answered: new sessions would have begun there.
    pub new: u64,
    /// The last of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_new_after_ms: Option<f64>,
}

/// Sockets that sessions held.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Sockets {
    /// Sessions that held one.
    pub held: u64,
    /// Sockets that the client did not close, by why they ended.
    pub ended: BTreeMap<Why, u64>,
    /// Sessions whose socket came back to the pod that answers their requests.
    pub back: u64,
    /// Sessions whose socket came back to another pod.
    pub elsewhere: u64,
    /// Sessions whose socket did not come back.
    pub lost: u64,
}

/// A finding.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Found {
    /// The code, as `stickyctl explain` takes it.
    pub code: Code,
    /// What the code means, in a sentence.
    pub title: String,
    /// What it makes of the result; `pass` if it is only worth knowing.
    pub outcome: Mark,
    /// What was seen.
    pub detail: String,
    /// Causes, the most common first.
    pub causes: Vec<Remedy>,
}

/// A cause, and what to try.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Remedy {
    /// A common cause of what the code means.
    pub cause: String,
    /// What to check or change.
    pub attempt: String,
}

/// The proxies of the site, compared with `--each-proxy`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Proxies {
    /// The names of their pods, or their addresses.
    pub names: Vec<String>,
    /// Whether they send each session to the same pod; `skip` if that can't be told.
    pub outcome: Mark,
    /// What was seen, or why it can't be told.
    pub detail: String,
    /// How long it took until they agreed; missing if they agreed at once or never.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agreed_after_ms: Option<f64>,
    /// Each cookie: who issued it, and the pod that it reached through each proxy, in the last round in which they disagreed, if there was one.
    pub cookies: Vec<Crossing>,
    /// Why the outcome is what it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Found>,
}

/// One cookie, sent through every proxy.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Crossing {
    /// The proxy that issued it, by its index.
    pub issuer: usize,
    /// The pod that answered through each proxy; null without one.
    pub pods: Vec<Option<String>>,
}
