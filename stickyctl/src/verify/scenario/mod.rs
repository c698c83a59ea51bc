//! The scenarios, as values: what each asks, what it needs, and what came of it.

mod judge;

use super::run::Run;
use super::verdict::Judgement;
use crate::exit::{Exit, Failure};
use Name::{Attribution, DeadCookie, Idle, LocalDelivery, ParallelFirst, Reconnect, Relay, Reuse, Spread, StickHttp, StickWs, Workers, WsFirst};
use judge::{attribution, dead_cookie, delivered, idle, parallel_first, reuse, sockets, spread, stick_http, workers};
use serde::Serialize;
use std::collections::BTreeSet;

/// Which scenario.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, schemars::JsonSchema, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs, reason = "each has its own words in the table")]
pub enum Name {
    Spread,
    StickHttp,
    StickWs,
    WsFirst,
    Reconnect,
    Attribution,
    ParallelFirst,
    DeadCookie,
    Workers,
    LocalDelivery,
    Relay,
    Reuse,
    Idle,
}

/// What came of a scenario.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Mark {
    /// As it should be.
    Pass,
    /// Not as it should be.
    Fail,
    /// Not judged; the detail says why.
    Skip,
}

/// A scenario.
#[derive(Debug, Clone, Copy)]
pub struct Scenario {
    /// Which.
    pub name: Name,
    /// Its name as it is written.
    pub word: &'static str,
    /// The question that it answers.
    pub asks: &'static str,
    /// Those that it is judged with.
    pub needs: &'static [Name],
    /// What else it needs.
    pub wants: Wants,
    judge: fn(&Run, &Judgement) -> (Mark, String),
}

/// What a scenario needs of the site or of the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wants {
    /// Nothing.
    Nothing,
    /// A WebSocket.
    Socket,
    /// The routes of sticky-app, and its WebSocket.
    App,
    /// That it is asked for by its flag.
    Flag(&'static str),
}

const fn one(
    name: Name,
    word: &'static str,
    asks: &'static str,
    needs: &'static [Name],
    wants: Wants,
    judge: fn(&Run, &Judgement) -> (Mark, String),
) -> Scenario {
    Scenario { name, word, asks, needs, wants, judge }
}

/// All of them, in the order of the report.
pub const ALL: [Scenario; 13] = [
    one(Spread, "spread", "Do requests without a cookie reach more than one pod? The control of all others", &[], Wants::Nothing, spread),
    one(
        StickHttp,
        "stick-http",
        "Does each later request of a session, on a fresh connection, reach the pod that answered it first?",
        &[Spread],
        Wants::Nothing,
        stick_http,
    ),
    one(StickWs, "stick-ws", "Does a socket opened with the session's cookies land on its pod?", &[StickHttp], Wants::Socket, |run, judgement| {
        sockets(run, judgement, &[run.sockets_in_place(0)], "sockets on their session's pod")
    }),
    one(
        WsFirst,
        "ws-first",
        "Does a session that begins with a socket stay on its pod? The cookie has to come with the 101",
        &[StickHttp],
        Wants::Socket,
        |run, judgement| sockets(run, judgement, &[run.stayed_after_socket()], "stayed in the request after it"),
    ),
    one(Reconnect, "reconnect", "Is a socket that is opened again on the same pod?", &[StickWs], Wants::Socket, |run, judgement| {
        sockets(run, judgement, &[run.sockets_in_place(1), run.came_back()], "came back to their pod")
    }),
    one(
        Attribution,
        "attribution",
        "Does a bound session spread when its cookies are left out? Then it is the cookie that holds it",
        &[StickHttp],
        Wants::Nothing,
        attribution,
    ),
    one(
        ParallelFirst,
        "parallel-first",
        "Is a session whose first requests are made all at once on one pod afterwards?",
        &[StickHttp],
        Wants::Nothing,
        parallel_first,
    ),
    one(
        DeadCookie,
        "dead-cookie",
        "Is a session that comes with a value which nobody issued on one pod afterwards?",
        &[StickHttp],
        Wants::Nothing,
        dead_cookie,
    ),
    one(
        Workers,
        "workers",
        "Where pods have several workers: does a session stay on one, several requests at once included?",
        &[],
        Wants::Nothing,
        workers,
    ),
    one(LocalDelivery, "local-delivery", "Does a worker that gets a session's POST hold that session's socket?", &[StickWs], Wants::App, |run, _| {
        delivered(run.arrived(|session| &session.local), "messages met their session's socket")
    }),
    one(Relay, "relay", "Does a message reach a session's socket through the bus, whoever holds it?", &[StickWs], Wants::App, |run, _| {
        delivered(run.arrived(|session| &session.relayed), "messages arrived")
    }),
    one(
        Reuse,
        "reuse",
        "For comparison: do requests without a cookie stay on a pod while their connection is kept?",
        &[Spread],
        Wants::Flag("--reuse"),
        reuse,
    ),
    one(Idle, "idle", "How long does a silent socket live?", &[], Wants::Flag("--idle 90s"), idle),
];

/// Which scenarios a run has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chosen(BTreeSet<Name>);

impl Chosen {
    /// `only` with all that they need (all, where none is named), without those in `skip`.
    ///
    /// # Errors
    /// One that others need is to be skipped ([`Exit::Usage`]).
    pub fn new(only: &[Name], skip: &[Name]) -> Result<Self, Failure> {
        let mut chosen: BTreeSet<Name> = ALL.iter().filter(|one| only.is_empty() || only.contains(&one.name)).map(|one| one.name).collect();
        // The two that bind sessions and spread controls are what every verdict is made of.
        chosen.extend([Spread, StickHttp]);
        loop {
            let needed: BTreeSet<Name> =
                ALL.iter().filter(|one| chosen.contains(&one.name)).flat_map(|one| one.needs).copied().filter(|name| !skip.contains(name)).collect();
            if needed.is_subset(&chosen) {
                break;
            }
            chosen.extend(needed);
        }
        if let Some(name) = skip.iter().find(|name| matches!(name, Spread | StickHttp)) {
            return Err(Failure::new(Exit::Usage, format!("--skip {}: every verdict is made of it", name.word()))
                .try_this("stickyctl verify --list    names all of them"));
        }
        // What needs one that is left out is left out as well.
        let gone: BTreeSet<Name> = skip.iter().copied().collect();
        let left_out = |one: &Scenario| gone.contains(&one.name) || one.needs.iter().any(|name| gone.contains(name));
        chosen.retain(|name| !ALL.iter().any(|one| one.name == *name && left_out(one)));
        Ok(Self(chosen))
    }

    /// Whether a scenario is among them.
    #[must_use]
    pub fn has(&self, name: Name) -> bool {
        self.0.contains(&name)
    }
}

impl Default for Chosen {
    fn default() -> Self {
        Self(ALL.iter().map(|one| one.name).collect())
    }
}

impl Name {
    /// As it is written.
    #[must_use]
    pub fn word(self) -> &'static str {
        ALL[self as usize].word
    }
}

impl Scenario {
    /// What came of it in a run.
    #[must_use]
    pub fn of(&self, run: &Run, judgement: &Judgement, chosen: &Chosen) -> (Mark, String) {
        if !chosen.has(self.name) {
            return (Mark::Skip, "left out".to_owned());
        }
        (self.judge)(run, judgement)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use clap::ValueEnum as _;

    #[test]
    fn words_and_places_are_those_of_the_names() {
        for (place, one) in ALL.iter().enumerate() {
            assert_eq!((one.name as usize, one.name.word()), (place, one.word));
            assert_eq!(one.name.to_possible_value().unwrap().get_name(), one.word);
            assert!(one.needs.iter().all(|name| (*name as usize) < place), "{} needs what comes later", one.word);
        }
    }

    #[test]
    fn what_is_chosen_brings_what_it_needs() {
        let only = Chosen::new(&[Reconnect], &[]).unwrap();
        assert!([Spread, StickHttp, StickWs, Reconnect].into_iter().all(|name| only.has(name)));
        assert!([WsFirst, Workers, Attribution, Idle].into_iter().all(|name| !only.has(name)));
        let without = Chosen::new(&[], &[StickWs]).unwrap();
        assert!([StickWs, Reconnect, LocalDelivery, Relay].into_iter().all(|name| !without.has(name)) && without.has(WsFirst));
        assert!(Chosen::new(&[], &[StickHttp]).unwrap_err().what.contains("every verdict"));
    }
}
