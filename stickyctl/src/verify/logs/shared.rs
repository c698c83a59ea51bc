//! What the streams write down, and what is read of it.

use super::addresses::Addresses;
use super::cutter::Line;
use super::heard::{Entry, Heard, Known};
use super::sources::Which;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use sticky_affinity::log::{Format, Said};
use sticky_affinity::marker::Token;
use sticky_affinity::told::{By, Named};
use tokio::sync::{Notify, watch};
use tokio::time::Instant;

/// Requests that are remembered; a run has at most half as many.
const REQUESTS: usize = 1 << 20;
/// Lines without a marker whose format is looked at.
const SAMPLES: u32 = 64;
/// How long a pod's own log may follow an access log that names no pod.
const LATER: Duration = Duration::from_secs(3);

/// Shared by the streams and by those who ask.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) token: Token,
    pub(super) which: Which,
    state: Mutex<State>,
    /// Notified for each new line with a marker, and for each look at the cluster.
    pub(super) news: Notify,
    /// Asks for a look at the cluster.
    pub(super) wanted: Notify,
    /// The number of the last look that is done.
    pub(super) done: watch::Sender<u64>,
    unmarked: AtomicU32,
}

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) heard: BTreeMap<u32, Heard>,
    pub(super) addresses: Addresses,
    /// The number of the last look that began.
    pub(super) begun: u64,
    /// The containers that the last look found.
    pub(super) live: Containers,
    pub(super) troubles: BTreeMap<Topic, String>,
    pub(super) counts: Counts,
}

/// A container: namespace, name and uid of its pod, and its own name.
pub(super) type Key = (String, String, String, String);

/// Containers with the kind of their log, and how often each was started again.
pub(super) type Containers = BTreeMap<Key, (By, i32)>;

/// What a trouble is about. A newer trouble replaces an older one, and it goes when the same thing works.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Topic {
    /// Reading something in a namespace.
    Reading(&'static str, String),
    /// There is nothing to read.
    Nobody(By),
    /// More containers than are followed.
    TooMany,
    /// A log can't be read, for another reason than a missing right.
    Log(String),
    /// The front door writes no access log.
    Off(usize),
}

/// Lines so far.
#[derive(Debug, Clone, Default)]
pub(super) struct Counts {
    /// With a marker, of access logs.
    pub(super) access: u64,
    /// With a marker, of pods' own logs.
    pub(super) pods: u64,
    /// Requests with a line of a front door's log in no known format. It may be a line of its error log, beside one of its access log.
    pub(super) unread: BTreeSet<u32>,
    /// The format of a line of an access log that has no marker.
    pub(super) unmarked: Option<Format>,
}

impl Shared {
    pub(super) fn new(token: Token, which: Which) -> Self {
        let (done, _) = watch::channel(0);
        Self { token, which, state: Mutex::default(), news: Notify::new(), wanted: Notify::new(), done, unmarked: AtomicU32::new(0) }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a line of a container's log.
    pub(super) fn line(&self, by: By, pod: &Arc<str>, line: &Line<'_>) {
        let text = String::from_utf8_lossy(line.text);
        let Some(mark) = self.token.find(&text) else {
            if by == By::Access && self.unmarked.load(Ordering::Relaxed) < SAMPLES {
                self.unmarked.fetch_add(1, Ordering::Relaxed);
                if let Some(format) = Format::of(&text) {
                    self.state().counts.unmarked = Some(format);
                }
            }
            return;
        };
        // The end of a line that was cut is what would name the upstream.
        let said = if by == By::Access && !line.cut { self.said(&text) } else { None };
        let mut state = self.state();
        if by == By::Access && said.is_none() {
            if state.counts.unread.len() < REQUESTS {
                state.counts.unread.insert(mark);
            }
            return;
        }
        self.heard(&mut state, mark, by, Entry { at: line.at, pod: pod.clone(), said });
    }

    fn said(&self, text: &str) -> Option<Said> {
        let format = self.which.pattern().map_or_else(|| Format::of(text), |pattern| Some(Format::Pattern(pattern.clone())));
        format?.parse(text)
    }

    fn heard(&self, state: &mut State, mark: u32, by: By, entry: Entry) {
        if state.heard.len() >= REQUESTS && !state.heard.contains_key(&mark) {
            return;
        }
        let next = state.begun + 1;
        let heard = state.heard.entry(mark).or_insert_with(|| Heard::new(Instant::now()));
        if !heard.take(by, entry) {
            return;
        }
        (heard.look, heard.since) = (next, Instant::now());
        let tells = matches!(heard.known(&state.addresses), Known::Told(told) if told.named == Named::Pod);
        match by {
            By::Access => state.counts.access += 1,
            By::Pod => state.counts.pods += 1,
        }
        if by == By::Access && !tells {
            // Perhaps the address of a pod that is new.
            self.wanted.notify_one();
        }
        self.news.notify_waiters();
    }

    /// For each request, what is known of it. Names that a front door gave to servers, such as HAProxy's `SRV_1`, count only while no pod's own
    /// log has named a pod: with some requests on `SRV_1` and others on `web-1`, every session would seem to move.
    pub(super) fn known(state: &State) -> impl Iterator<Item = (u32, Known)> {
        let is_mixed = state.counts.pods > 0;
        let counts = move |known: &Known| !is_mixed || !matches!(known, Known::Told(told) if told.named == Named::Server);
        state.heard.iter().map(|(mark, heard)| (*mark, heard.known(&state.addresses))).filter(move |(_, known)| counts(known))
    }

    /// Requests with a line that could not be read, and none that could.
    pub(super) fn unread(state: &State) -> usize {
        state.counts.unread.iter().filter(|mark| state.heard.get(mark).is_none_or(|heard| !heard.has_access())).count()
    }

    /// Whether nothing more is to be expected of the lines about a request. Else, when to look again even without news.
    pub(super) fn is_settled(&self, state: &State, mark: u32) -> Result<(), Option<Instant>> {
        let heard = state.heard.get(&mark).ok_or(None)?;
        match heard.known(&state.addresses) {
            Known::Told(told) if told.named == Named::Pod => Ok(()),
            Known::Unasked => Ok(()),
            Known::Nothing => Err(None),
            // Not before a look at the cluster has found no pod for the address, and the pods had time to log the request.
            Known::Told(_) if *self.done.borrow() < heard.look => Err(None),
            Known::Told(_) => {
                let until = heard.since + if self.which.pods() { LATER } else { Duration::ZERO };
                if Instant::now() >= until { Ok(()) } else { Err(Some(until)) }
            }
        }
    }

    /// Begins a look at the cluster, and returns its number.
    pub(super) fn begin(&self) -> u64 {
        let mut state = self.state();
        state.begun += 1;
        state.begun
    }

    pub(super) fn end(&self, look: u64) {
        self.done.send_replace(look);
        self.news.notify_waiters();
    }

    /// How often a container was started again, by a look that begins from now on; `None` if it is gone.
    pub(super) async fn looked(&self, key: &Key) -> Option<i32> {
        let before = self.state().begun;
        self.wanted.notify_one();
        let mut done = self.done.subscribe();
        // Fails only if the sender is gone, and this has it.
        let _ = done.wait_for(|done| *done > before).await;
        self.state().live.get(key).map(|(_, restarts)| *restarts)
    }

    pub(super) fn trouble(&self, topic: Topic, text: Option<String>) {
        let mut state = self.state();
        match text {
            Some(text) => state.troubles.insert(topic, text),
            None => state.troubles.remove(&topic),
        };
    }
}
