//! The scenarios: what each one asks, what it needs, and which of them a run includes.

use Name::{
    Attribution, DeadCookie, Idle, LocalDelivery, ParallelFirst, Reconnect, Relay, Reuse, Shared, Spread, StickHttp, StickWs, Workers, WsFirst,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::str::FromStr;

/// A scenario's name. JSON has it in kebab case, as [`Name::word`] does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs, reason = "ALL has the question that each one asks")]
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
    Shared,
    Idle,
}

/// The outcome of a scenario.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Mark {
    /// The site behaved as it should.
    Pass,
    /// The site did not behave as it should.
    Fail,
    /// Not judged; the detail says why.
    Skip,
}

/// A row of [`ALL`]: the question that a scenario answers, and its requirements.
#[derive(Debug, Clone, Copy)]
pub struct Scenario {
    /// Its name; equal to its index in [`ALL`].
    pub name: Name,
    /// The name as users write it.
    pub word: &'static str,
    /// The question that it answers.
    pub asks: &'static str,
    /// The scenarios that it can't be judged without; each comes earlier in [`ALL`].
    pub needs: &'static [Name],
    /// What the site or the command line has to provide.
    pub wants: Wants,
}

/// What a scenario needs from the site or from the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wants {
    /// Plain HTTP requests are enough.
    Nothing,
    /// A WebSocket that a client can open and hold.
    Socket,
    /// The routes of sticky-app that post a message to a session's socket.
    App,
    /// The flag that turns it on, with an example of its value.
    Flag(&'static str),
}

const fn one(name: Name, word: &'static str, asks: &'static str, needs: &'static [Name], wants: Wants) -> Scenario {
    Scenario { name, word, asks, needs, wants }
}

/// All scenarios, in report order. A scenario comes after those that it needs.
pub const ALL: [Scenario; 14] = [
    one(Spread, "spread", "Do requests without a cookie reach more than one pod? Every other scenario relies on this", &[], Wants::Nothing),
    one(
        StickHttp,
        "stick-http",
        "Does every later request of a session, each on a new connection, reach the pod that answered first?",
        &[Spread],
        Wants::Nothing,
    ),
    one(StickWs, "stick-ws", "Does a WebSocket opened with the session's cookies reach the session's pod?", &[StickHttp], Wants::Socket),
    one(
        WsFirst,
        "ws-first",
        "Does a session that starts with a WebSocket stay on that pod? The 101 response has to set the cookie",
        &[StickHttp],
        Wants::Socket,
    ),
    one(Reconnect, "reconnect", "Does a WebSocket that is opened again reach the same pod?", &[StickWs], Wants::Socket),
    one(
        Attribution,
        "attribution",
        "Does a session spread over the pods when its cookies are left out? If so, the cookie is what holds it",
        &[StickHttp],
        Wants::Nothing,
    ),
    one(ParallelFirst, "parallel-first", "Does a session that starts with parallel requests settle on one pod?", &[StickHttp], Wants::Nothing),
    one(
        DeadCookie,
        "dead-cookie",
        "Does a session that starts with an unknown cookie value settle on one pod, with single requests and with parallel ones?",
        &[StickHttp],
        Wants::Nothing,
    ),
    one(
        Workers,
        "workers",
        "In pods with several workers, does a session always reach the same worker, even with parallel requests?",
        &[],
        Wants::Nothing,
    ),
    one(LocalDelivery, "local-delivery", "Does the worker that gets a session's POST hold that session's socket?", &[StickWs], Wants::App),
    one(Relay, "relay", "Does a message reach a session's socket through the bus, whichever worker holds it?", &[StickWs], Wants::App),
    one(
        Reuse,
        "reuse",
        "For comparison: do requests without a cookie stay on one pod if they share one connection?",
        &[Spread],
        Wants::Flag("--reuse"),
    ),
    one(
        Shared,
        "shared",
        "Do sessions stay on their pods if their requests share a connection, as behind a CDN?",
        &[StickHttp],
        Wants::Flag("--shared-connection"),
    ),
    one(Idle, "idle", "How long does a silent WebSocket stay open?", &[], Wants::Flag("--idle 90s")),
];

impl Name {
    /// The name in flags, reports and JSON.
    #[must_use]
    pub fn word(self) -> &'static str {
        // The order of the names is that of the table, which a test keeps.
        ALL[self as usize].word
    }
}

/// The text is no scenario's name. Names are lower case and have no aliases.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no scenario is called `{0}`")]
pub struct UnknownScenario(String);

impl FromStr for Name {
    type Err = UnknownScenario;

    fn from_str(word: &str) -> Result<Self, UnknownScenario> {
        ALL.iter().find(|one| one.word == word).map(|one| one.name).ok_or_else(|| UnknownScenario(word.to_owned()))
    }
}

/// The scenarios that a run includes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chosen(BTreeSet<Name>);

/// A scenario that can't be skipped: `spread` or `stick-http`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("cannot skip {}: every verdict depends on it", .0.word())]
pub struct CannotSkip(pub Name);

impl Chosen {
    /// `only` with everything that they need (all scenarios if it is empty), without `skip` and what needs those.
    ///
    /// # Errors
    /// `skip` names one of the two that every verdict depends on: `spread` or `stick-http`.
    pub fn new(only: &[Name], skip: &[Name]) -> Result<Self, CannotSkip> {
        if let Some(name) = skip.iter().find(|name| matches!(name, Spread | StickHttp)) {
            return Err(CannotSkip(*name));
        }
        let mut chosen: BTreeSet<Name> = ALL.iter().filter(|one| only.is_empty() || only.contains(&one.name)).map(|one| one.name).collect();
        chosen.extend([Spread, StickHttp]);
        loop {
            let needed: BTreeSet<Name> =
                ALL.iter().filter(|one| chosen.contains(&one.name)).flat_map(|one| one.needs).copied().filter(|name| !skip.contains(name)).collect();
            if needed.is_subset(&chosen) {
                break;
            }
            chosen.extend(needed);
        }
        let left_out = |one: &Scenario| skip.contains(&one.name) || one.needs.iter().any(|name| skip.contains(name));
        chosen.retain(|name| !left_out(&ALL[*name as usize]));
        Ok(Self(chosen))
    }

    /// Whether the run includes a scenario; `spread` and `stick-http` always are.
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn words_and_places_are_those_of_the_names() {
        for (place, one) in ALL.iter().enumerate() {
            assert_eq!((one.name as usize, one.name.word()), (place, one.word));
            assert_eq!(one.word.parse(), Ok(one.name));
            assert_eq!(serde_json::to_value(one.name).unwrap(), one.word, "JSON has the same word");
            assert!(one.needs.iter().all(|name| (*name as usize) < place), "{} needs what comes later", one.word);
        }
        assert!("nothing".parse::<Name>().is_err());
    }

    #[test]
    fn what_is_chosen_brings_what_it_needs() {
        let only = Chosen::new(&[Reconnect], &[]).unwrap();
        assert!([Spread, StickHttp, StickWs, Reconnect].into_iter().all(|name| only.has(name)));
        assert!([WsFirst, Workers, Attribution, Idle].into_iter().all(|name| !only.has(name)));
        let without = Chosen::new(&[], &[StickWs]).unwrap();
        assert!([StickWs, Reconnect, LocalDelivery, Relay].into_iter().all(|name| !without.has(name)) && without.has(WsFirst));
        assert_eq!(Chosen::new(&[], &[StickHttp]), Err(CannotSkip(StickHttp)));
    }
}
