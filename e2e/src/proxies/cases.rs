//! The table, as values.

use super::door::Door;
use super::{caddy, envoy, haproxy, nginx, nginx_sticky};
use std::collections::BTreeMap;

/// Who answers behind the proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Apps {
    /// Three pods of sticky-app, by HTTP and by WebSocket.
    Pods,
    /// The same with two workers each and a bus between them.
    Workers,
    /// Somebody else's, which tells its host name in plain text: nginx.
    Text,
    /// Somebody else's, which tells it in JSON: Node.
    Json,
    /// Somebody else's, which tells it in a header and has a session cookie of its own: Python.
    Header,
}

/// What happens in the middle of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meanwhile {
    /// Nothing.
    Nothing,
    /// A pod is killed.
    PodKilled,
    /// A pod is told to stop, and says goodbye to its sockets.
    PodStops,
    /// The proxy reads its configuration again (nginx, whose old workers end then).
    Reload,
}

/// What must come out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted {
    /// The exit code.
    pub exit: i32,
    /// The verdict's word.
    pub verdict: &'static str,
    /// The reasons' codes, all of them and in order.
    pub codes: &'static [&'static str],
}

/// Sessions stay, and there is nothing to say about it.
pub const STICKY: Wanted = Wanted { exit: 0, verdict: "sticky", codes: &[] };

/// Sessions stay, and this is told besides.
#[must_use]
pub const fn tells(codes: &'static [&'static str]) -> Wanted {
    Wanted { exit: 0, verdict: "sticky", codes }
}

/// Sessions don't stay, for these reasons.
#[must_use]
pub const fn not(codes: &'static [&'static str]) -> Wanted {
    Wanted { exit: 3, verdict: "not-sticky", codes }
}

/// The run can't tell, for these reasons.
#[must_use]
pub const fn unclear(codes: &'static [&'static str]) -> Wanted {
    Wanted { exit: 6, verdict: "inconclusive", codes }
}

/// A proxy with something configured. In its texts `<a>`, `<b>` and `<c>` are the addresses of the apps, `<dead>` one where nobody
/// listens, and `<folder>` the case's own folder.
#[derive(Debug, Clone, Copy)]
pub struct Case {
    /// Its name, which is nobody else's.
    pub name: &'static str,
    /// The proxy.
    pub door: Door,
    /// What is configured, in a sentence.
    pub about: &'static str,
    /// Who answers.
    pub apps: Apps,
    /// What happens meanwhile.
    pub meanwhile: Meanwhile,
    /// Whether the proxy ends TLS.
    pub tls: bool,
    /// The proxy's words for its group of apps.
    pub pods: &'static str,
    /// Its words for what it listens on.
    pub front: &'static str,
    /// Its words beside both.
    pub more: &'static str,
    /// What `verify` is told beside the URL.
    pub flags: &'static [&'static str],
    /// What must come out.
    pub wanted: Wanted,
    /// Whether no socket need be elsewhere, though requests are.
    pub sockets_may_stay: bool,
}

impl Case {
    /// Whether its sockets are asked too: the app has some, and nobody says by `--pod-identity` that it is somebody else's.
    #[must_use]
    pub fn asks_sockets(&self) -> bool {
        matches!(self.apps, Apps::Pods | Apps::Workers) && !self.flags.contains(&"--pod-identity")
    }

    /// A case in which nothing but the proxy is chosen.
    #[must_use]
    pub const fn of(door: Door, pods: &'static str, front: &'static str) -> Self {
        Self {
            name: "",
            door,
            about: "",
            apps: Apps::Pods,
            meanwhile: Meanwhile::Nothing,
            tls: false,
            pods,
            front,
            more: "",
            flags: &[],
            wanted: STICKY,
            sockets_may_stay: false,
        }
    }
}

const PARTS: [&[Case]; 5] = [nginx_sticky::CASES, nginx::CASES, haproxy::CASES, envoy::CASES, caddy::CASES];

const COUNT: usize = {
    let (mut count, mut part) = (0, 0);
    while part < PARTS.len() {
        count += PARTS[part].len();
        part += 1;
    }
    count
};

const ALL: [Case; COUNT] = {
    let (mut all, mut count, mut part) = ([PARTS[0][0]; COUNT], 0, 0);
    while part < PARTS.len() {
        let mut n = 0;
        while n < PARTS[part].len() {
            all[count] = PARTS[part][n];
            count += 1;
            n += 1;
        }
        part += 1;
    }
    all
};

/// All cases, proxy by proxy.
pub const CASES: &[Case] = &ALL;

/// Which reasons were seen on which real proxies: of the cases, which the tests put to the test.
#[must_use]
pub fn codes_on_real_proxies() -> BTreeMap<&'static str, Vec<&'static str>> {
    let mut all: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for case in CASES {
        for code in case.wanted.codes {
            let doors = all.entry(code).or_default();
            if !doors.contains(&case.door.title()) {
                doors.push(case.door.title());
            }
        }
    }
    all
}
