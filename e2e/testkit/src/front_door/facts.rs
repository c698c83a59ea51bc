//! The facts and the comparison of controllers, from `e2e/front-doors.yaml`.

use crate::door::Door;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::LazyLock;

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
}

impl Fact {
    /// The expectation behind a front door.
    #[must_use]
    pub const fn expected(&self, door: Door) -> &Expect {
        match door {
            Door::Nginx => &self.nginx,
            Door::Traefik => &self.traefik,
        }
    }

    /// Whether a test asserts it.
    #[must_use]
    pub const fn is_run(&self) -> bool {
        !matches!(self.setting, Setting::Read)
    }
}

/// How a fact is observed.
#[derive(Debug, Clone)]
pub enum Setting {
    /// An Ingress with its own Service; a client's first request and twelve more are observed.
    Cookie(CookieCase),
    /// By the probe for the fact's id.
    Probe,
    /// Not by a test; it was read in the controller's sources.
    Read,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CookieCase {
    /// Annotations, without the prefix.
    pub annotations: BTreeMap<String, String>,
    #[serde(default = "slash")]
    pub path: String,
    /// The client's `User-Agent`.
    pub agent: Option<String>,
}

fn slash() -> String {
    "/".to_owned()
}

/// The expected observation: the tests compare this text, and the page shows it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expect {
    /// Compared literally.
    pub seen: String,
    /// The reason, or a consequence.
    #[serde(default)]
    pub note: String,
}

/// A fact as the file has it: with one of three settings, and one or two expectations.
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
    both: Option<Expect>,
    nginx: Option<Expect>,
    traefik: Option<Expect>,
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
        let (nginx, traefik) = match (written.both, written.nginx, written.traefik) {
            (Some(both), None, None) => (both.clone(), both),
            (None, Some(nginx), Some(traefik)) => (nginx, traefik),
            _ => return Err(format!("{id}: both, or nginx and traefik")),
        };
        Ok(Self { id, case, setting, nginx, traefik })
    }
}

/// A row of the comparison.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    pub what: String,
    pub cells: Vec<Cell>,
}

/// A cell of the comparison.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cell {
    /// The behaviour according to the controller's sources.
    pub text: String,
    /// The id of the fact that covers it, if any.
    pub fact: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Data {
    /// All facts, in the order of the page.
    pub facts: Vec<Fact>,
    pub controllers: Vec<String>,
    pub comparison: Vec<Line>,
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
        assert!(all.iter().filter(|fact| fact.is_run()).count() >= 40, "most facts are run");
    }

    #[test]
    fn covered_cells_name_facts_that_are_run() {
        for name in data().comparison.iter().flat_map(|line| &line.cells).filter_map(|cell| cell.fact.as_deref()) {
            assert!(data().facts.iter().any(|fact| fact.id == name && fact.is_run()), "{name}");
        }
    }

    #[test]
    fn only_the_two_front_doors_that_are_run_have_facts() {
        for line in &data().comparison {
            assert_eq!(line.cells.len(), data().controllers.len(), "{}", line.what);
            assert!(line.cells.iter().enumerate().all(|(n, cell)| [0, 2].contains(&n) || cell.fact.is_none()), "{}", line.what);
        }
    }
}
