//! The facts, from `e2e/front-doors.yaml`.

use crate::door::Door;
use serde::{Deserialize, Serialize};
use serde_yaml::with::singleton_map;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// The cookie's name by default in ingress-nginx and Traefik. Routes of a gateway get it too, so that probes needn't tell the kinds apart.
pub const COOKIE: &str = "INGRESSCOOKIE";

const TEXT: &str = include_str!("../../../front-doors.yaml");

/// A case, and what happens in it behind each front door.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "Written")]
pub struct Fact {
    /// Its short name, also used for its objects.
    pub id: String,
    /// The case, in words.
    pub case: String,
    /// What is set up for it, and what is observed.
    pub setting: Setting,
    nginx: Expect,
    traefik: Expect,
    gateway: Expect,
}

impl Fact {
    /// The expectation behind a front door.
    #[must_use]
    pub const fn expected(&self, door: Door) -> &Expect {
        match door {
            Door::Nginx => &self.nginx,
            Door::Traefik => &self.traefik,
            Door::Gateway => &self.gateway,
        }
    }

    /// What a test asserts behind a front door, if it asserts anything there.
    #[must_use]
    pub fn asserted(&self, door: Door) -> Option<&str> {
        match self.expected(door) {
            Expect::Seen(Seen { seen, by: None, .. }) => Some(seen),
            Expect::Seen(_) | Expect::Nothing(_) => None,
        }
    }

    fn is_consistent(&self) -> Result<(), &'static str> {
        if let Setting::Cookie(case) = &self.setting
            && case.gateway.is_some() != self.asserted(Door::Gateway).is_some()
        {
            return Err("a case has a setting for a gateway exactly if a test asserts what follows there");
        }
        match &self.setting {
            Setting::Read if Door::ALL.iter().any(|door| self.asserted(*door).is_some()) => Err("`by` says where a fact is known from"),
            _ => Ok(()),
        }
    }
}

/// How a fact is observed.
#[derive(Debug, Clone)]
pub enum Setting {
    /// A route with its own Service; a client's first request and twelve more are observed.
    Cookie(CookieCase),
    /// By the probe for the fact's id.
    Probe,
    /// Not by a test.
    Read,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CookieCase {
    /// Annotations, without the prefix.
    #[serde(default)]
    pub annotations: BTreeMap<String, String>,
    /// What comes closest to them behind a gateway, if anything does.
    #[serde(default, deserialize_with = "singleton_map::deserialize")]
    pub gateway: Option<GatewayCase>,
    #[serde(default = "slash")]
    pub path: String,
    /// The client's `User-Agent`.
    pub agent: Option<String>,
}

fn slash() -> String {
    "/".to_owned()
}

/// One of three ways to ask Envoy Gateway for affinity.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum GatewayCase {
    /// `sessionPersistence` of the HTTPRoute's rule.
    Session(SessionPersistence),
    /// A BackendTrafficPolicy that hashes a cookie.
    Hash(HashedCookie),
    /// A BackendTrafficPolicy's spec, without its target.
    Policy(serde_json::Map<String, serde_json::Value>),
}

/// `sessionPersistence` as the Gateway API has it up to v1.6.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SessionPersistence {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_name: Option<String>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub absolute_timeout: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cookie_config: Option<CookieConfig>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CookieConfig {
    pub lifetime_type: String,
}

/// `consistentHash.cookie` of a BackendTrafficPolicy.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HashedCookie {
    pub name: String,
    /// A duration. Envoy sets no cookie at all without one; `0s` means the browser's session.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ttl: Option<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: BTreeMap<String, String>,
}

impl Default for HashedCookie {
    fn default() -> Self {
        Self { name: COOKIE.to_owned(), ttl: Some("0s".to_owned()), attributes: BTreeMap::new() }
    }
}

/// A cell of the page's first table.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "WrittenExpect")]
pub enum Expect {
    Seen(Seen),
    /// The case doesn't exist behind this front door; why.
    Nothing(String),
}

/// The expected observation.
#[derive(Debug, Clone)]
pub struct Seen {
    /// What was set up, where the fact's case doesn't tell.
    pub with: String,
    /// The tests compare it literally, and the page shows it.
    pub seen: String,
    /// The reason, or a consequence.
    pub note: String,
    /// Where it is known from, if no test asserts it.
    pub by: Option<By>,
}

/// Where a fact is known from that no test asserts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum By {
    /// It was measured once.
    Measured,
    /// It was read in the source code.
    Source,
}

/// An expectation as the file has it: an observation, or the reason why there is none.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenExpect {
    seen: Option<String>,
    #[serde(default)]
    with: String,
    #[serde(default)]
    note: String,
    by: Option<By>,
    none: Option<String>,
}

impl TryFrom<WrittenExpect> for Expect {
    type Error = String;

    fn try_from(written: WrittenExpect) -> Result<Self, String> {
        let WrittenExpect { with, note, by, .. } = written;
        match (written.seen, written.none) {
            (Some(seen), None) => Ok(Self::Seen(Seen { with, seen, note, by })),
            (None, Some(why)) if with.is_empty() && note.is_empty() && by.is_none() => Ok(Self::Nothing(why)),
            _ => Err("either seen (and with, note, by), or none alone".to_owned()),
        }
    }
}

/// A fact as the file has it: with one of three settings, and one expectation for one or more front doors.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    id: String,
    case: String,
    cookie: Option<CookieCase>,
    #[serde(default)]
    probe: bool,
    #[serde(default)]
    read: bool,
    all: Option<Expect>,
    both: Option<Expect>,
    nginx: Option<Expect>,
    traefik: Option<Expect>,
    gateway: Option<Expect>,
}

impl TryFrom<Written> for Fact {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        let Written { id, case, .. } = written;
        let setting = match (written.cookie, written.probe, written.read) {
            (Some(cookie), false, false) => Setting::Cookie(cookie),
            (None, true, false) => Setting::Probe,
            (None, false, true) => Setting::Read,
            _ => return Err(format!("{id}: one of cookie, probe and read")),
        };
        let (nginx, traefik, gateway) = match (written.all, written.both, written.nginx, written.traefik, written.gateway) {
            (Some(all), None, None, None, None) => (all.clone(), all.clone(), all),
            (None, Some(both), None, None, Some(gateway)) => (both.clone(), both, gateway),
            (None, None, Some(nginx), Some(traefik), Some(gateway)) => (nginx, traefik, gateway),
            _ => return Err(format!("{id}: all, or both and gateway, or nginx, traefik and gateway")),
        };
        let fact = Self { id, case, setting, nginx, traefik, gateway };
        fact.is_consistent().map_err(|what| format!("{}: {what}", fact.id))?;
        Ok(fact)
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Data {
    /// All facts, in the order of the page.
    pub facts: Vec<Fact>,
}

///
/// # Panics
/// The file is malformed; a test in this module fails too.
#[must_use]
#[allow(clippy::expect_used, reason = "the file is compiled in, and this module's tests read it")]
pub fn data() -> &'static Data {
    static DATA: LazyLock<Data> = LazyLock::new(|| serde_yaml::from_str(TEXT).expect("e2e/front-doors.yaml is malformed"));
    &DATA
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn ids_are_names_of_objects_and_each_is_one_fact() {
        let all = &data().facts;
        let ids: BTreeSet<&str> = all.iter().map(|fact| &*fact.id).collect();
        assert_eq!(ids.len(), all.len());
        assert!(ids.iter().all(|id| id.len() <= 30 && id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')), "{ids:?}");
        for door in Door::ALL {
            assert!(all.iter().filter(|fact| fact.asserted(door).is_some()).count() >= 40, "most facts are asserted");
        }
    }
}
