//! The picture of pods and workers that the page draws, from the presence that each worker announces.

use crate::choice::Issuer;
use crate::mode::MOST;
use crate::presence::Presence;
use crate::readiness::{State, pod_state};
use crate::version::Version;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// The front door, as the operator describes it (`--door JSON`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Door {
    /// `local`, `nginx`, `traefik`, `gateway`, or any other name.
    #[serde(default = "unknown")]
    pub kind: String,
    /// Whether it keeps a session on one pod.
    #[serde(default)]
    pub affinity: Affinity,
    /// Who sets the cookie; filled in from `--issuer`.
    #[serde(default)]
    pub issuer: Issuer,
}

fn unknown() -> String {
    "unknown".to_owned()
}

impl Default for Door {
    fn default() -> Self {
        Self { kind: unknown(), affinity: Affinity::default(), issuer: Issuer::default() }
    }
}

/// The front door in the picture.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct DoorView {
    /// As configured, not as observed.
    #[serde(flatten)]
    pub door: Door,
    /// Whether it answers `POST /control`, which only the front door of `stickyctl up --local` does. No operator can claim it, so it
    /// is no field of [`Door`].
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub control: bool,
}

/// Whether the front door keeps a session on one pod.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Affinity {
    /// Requests with the same affinity cookie go to the same pod.
    Cookie,
    /// Any pod may answer any request.
    Off,
    /// The operator did not specify it.
    #[default]
    Unknown,
}

/// The bus in the picture.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BusView {
    /// `redis` or `memory`.
    pub kind: &'static str,
    /// `directed` or `broadcast`.
    pub fanout: &'static str,
    /// `ok` or `down`.
    pub state: &'static str,
}

/// A pod of the picture.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PodView {
    /// The name that its workers announce.
    pub pod: String,
    /// [`pod_state`] of its workers.
    pub state: State,
    /// The version that its workers announce.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<Version>,
    /// Seconds until it is gone, while it drains.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub left_s: Option<u64>,
    /// Its workers, including those that are being started or replaced; empty if workers are not shown.
    pub workers: Vec<WorkerView>,
}

/// A worker of the picture.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WorkerView {
    /// The number in the pod, from 0.
    pub worker: u16,
    /// Whether it takes traffic.
    pub state: State,
    /// Sockets that it holds.
    pub sockets: usize,
    /// Messages that it received from the bus and dropped.
    pub ignored: u64,
}

/// The picture: the body of `GET /topology` and of the frames of a map.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Topology {
    /// What is in front of the pods.
    pub door: DoorView,
    /// The bus as the worker that answers sees it.
    pub bus: BusView,
    /// The pods, in the natural order of their names.
    pub pods: Vec<PodView>,
}

/// The envelope: `{"topology": …}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TopologyFrame<'a> {
    /// The key by which the page tells a map's frame from other frames.
    pub topology: &'a Topology,
}

/// The latest presence of every worker, as one worker knows it.
#[derive(Debug, Default)]
pub struct Table {
    known: BTreeMap<(String, u16), (Presence, Instant)>,
}

/// Maximum number of workers in a table, so that garbage on the bus can't fill memory.
const MOST_WORKERS: usize = 4_096;

impl Table {
    /// Records a presence; returns whether it changes the picture.
    pub fn hear(&mut self, presence: Presence, now: Instant) -> bool {
        let key = (presence.pod.clone(), presence.worker);
        if presence.gone {
            // A goodbye of an earlier start must not take out its successor.
            return match self.known.get(&key) {
                Some((known, _)) if known.boot == presence.boot => self.known.remove(&key).is_some(),
                _ => false,
            };
        }
        if self.known.len() >= MOST_WORKERS && !self.known.contains_key(&key) {
            return false;
        }
        let until = now + Duration::from_millis(presence.ttl_ms.min(60_000));
        let old = self.known.insert(key, (presence.clone(), until)).map(|(old, _)| old);
        old.is_none_or(|old| Presence { ttl_ms: 0, left_ms: None, ..old } != Presence { ttl_ms: 0, left_ms: None, ..presence })
    }

    /// Removes workers whose presence has expired; returns whether there were any.
    pub fn expire(&mut self, now: Instant) -> bool {
        let before = self.known.len();
        self.known.retain(|_, (_, until)| *until > now);
        self.known.len() != before
    }

    /// The number of workers.
    #[must_use]
    pub fn len(&self) -> usize {
        self.known.len()
    }

    /// Whether there is no worker.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// The pods, in the natural order of their names; without workers if `workers` is false.
    #[must_use]
    pub fn pods(&self, workers: bool) -> Vec<PodView> {
        let mut pods: BTreeMap<&str, Vec<&Presence>> = BTreeMap::new();
        for (presence, _) in self.known.values() {
            pods.entry(&presence.pod).or_default().push(presence);
        }
        let mut views: Vec<_> = pods.into_iter().map(|(pod, of)| pod_view(pod, &of, workers)).collect();
        views.sort_by_cached_key(|view| natural(&view.pod));
        views
    }
}

fn pod_view(pod: &str, workers: &[&Presence], show_workers: bool) -> PodView {
    // A worker that has not announced itself yet, or no longer does, is being started: the pod does not shrink.
    let expected = workers.iter().map(|w| w.workers).max().unwrap_or(0).min(MOST);
    let silent = (0..expected).filter(|n| !workers.iter().any(|w| w.worker == *n));
    let silent: Vec<WorkerView> = silent.map(|worker| WorkerView { worker, state: State::Starting, sockets: 0, ignored: 0 }).collect();
    let state = pod_state(workers.iter().map(|w| w.state).chain(silent.iter().map(|w| w.state)));
    let left = workers.iter().filter_map(|w| w.left_ms).max();
    let mut views: Vec<_> =
        workers.iter().map(|w| WorkerView { worker: w.worker, state: w.state, sockets: w.sockets, ignored: w.ignored }).chain(silent).collect();
    views.sort_by_key(|w| w.worker);
    PodView {
        pod: pod.to_owned(),
        state,
        version: workers.iter().find_map(|w| w.version.clone()),
        left_s: left.filter(|_| state == State::Draining).map(|ms| ms.div_ceil(1_000)),
        workers: if show_workers { views } else { Vec::new() },
    }
}

/// Sorts `app-10` after `app-9`: runs of digits compare as numbers.
fn natural(name: &str) -> Vec<(u64, String)> {
    let mut parts = vec![(0_u64, String::new())];
    let mut in_digits = false;
    for c in name.chars() {
        let digit = c.is_ascii_digit();
        if digit && !in_digits {
            parts.push((0, String::new()));
        }
        in_digits = digit;
        if let Some(last) = parts.last_mut() {
            match c.to_digit(10) {
                Some(d) => last.0 = last.0.saturating_mul(10).saturating_add(u64::from(d)),
                None => last.1.push(c),
            }
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::presence::testing::presence;

    #[test]
    fn a_pod_has_the_version_that_its_workers_announce() {
        let (mut table, now) = (Table::default(), Instant::now());
        table.hear(Presence { version: None, ..presence("a", 0, "1") }, now);
        let older = serde_json::to_value(table.pods(true)).unwrap();
        assert!(older[0].get("version").is_none(), "it is unknown, not made up");
        table.hear(Presence { version: Some(Version::parse("2-canary").unwrap()), ..presence("b", 0, "1") }, now);
        assert_eq!(serde_json::to_value(table.pods(false)).unwrap()[1]["version"], "2-canary");
    }

    #[test]
    fn only_changes_count_as_changes() {
        let (mut table, now) = (Table::default(), Instant::now());
        assert!(table.hear(presence("a", 0, "1"), now));
        assert!(!table.hear(presence("a", 0, "1"), now));
        assert!(!table.hear(Presence { ttl_ms: 9_000, ..presence("a", 0, "1") }, now));
        assert!(table.hear(Presence { sockets: 1, ..presence("a", 0, "1") }, now));
        assert!(table.hear(presence("a", 0, "2"), now));
    }

    #[test]
    fn who_stops_speaking_is_gone_and_no_sooner() {
        let (mut table, now) = (Table::default(), Instant::now());
        table.hear(presence("a", 0, "1"), now);
        assert!(!table.expire(now + Duration::from_millis(2_999)));
        assert!(table.expire(now + Duration::from_millis(3_000)));
        assert!(table.pods(true).is_empty());
    }

    #[test]
    fn a_goodbye_is_for_its_own_start() {
        let (mut table, now) = (Table::default(), Instant::now());
        table.hear(presence("a", 0, "2"), now);
        assert!(!table.hear(Presence { gone: true, ..presence("a", 0, "1") }, now));
        assert!(table.hear(Presence { gone: true, ..presence("a", 0, "2") }, now));
    }

    #[test]
    fn a_pod_is_what_its_workers_are() {
        let (mut table, now) = (Table::default(), Instant::now());
        table.hear(presence("a", 0, "1"), now);
        table.hear(Presence { state: State::Starting, ..presence("a", 1, "1") }, now);
        assert_eq!(table.pods(true)[0].state, State::Starting);
        table.hear(Presence { state: State::Draining, left_ms: Some(11_001), ..presence("a", 0, "1") }, now);
        let pods = table.pods(true);
        assert_eq!((pods[0].state, pods[0].left_s, pods[0].workers.len()), (State::Draining, Some(12), 2));
        assert!(table.pods(false)[0].workers.is_empty());
    }

    #[test]
    fn a_pod_has_all_its_workers_from_the_first_word_on() {
        let (mut table, now) = (Table::default(), Instant::now());
        table.hear(Presence { workers: 4, ..presence("a", 2, "1") }, now);
        let pods = table.pods(true);
        let states: Vec<_> = pods[0].workers.iter().map(|w| (w.worker, w.state)).collect();
        let starting = State::Starting;
        assert_eq!(states, [(0, starting), (1, starting), (2, State::Ready), (3, starting)]);
        assert_eq!(pods[0].state, State::Starting);
        table.hear(Presence { workers: u16::MAX, ..presence("a", 2, "1") }, now);
        assert_eq!(table.pods(true)[0].workers.len(), 64, "rubbish can't draw a larger pod than there can be");
    }

    #[test]
    fn names_sort_as_people_count() {
        let (mut table, now) = (Table::default(), Instant::now());
        for pod in ["app-10", "app-9", "app-2", "app"] {
            table.hear(presence(pod, 0, "1"), now);
        }
        let names: Vec<_> = table.pods(true).into_iter().map(|p| p.pod).collect();
        assert_eq!(names, ["app", "app-2", "app-9", "app-10"]);
    }

    #[test]
    fn rubbish_cannot_fill_it() {
        let (mut table, now) = (Table::default(), Instant::now());
        for n in 0..MOST_WORKERS + 10 {
            table.hear(presence(&format!("p{n}"), 0, "1"), now);
        }
        assert_eq!(table.len(), MOST_WORKERS);
    }
}
