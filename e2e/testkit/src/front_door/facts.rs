//! The facts, and the comparison of controllers, as `e2e/front-doors.yaml` has them.

use crate::door::Door;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// The file's text.
const TEXT: &str = include_str!("../../../front-doors.yaml");

/// A case, and what comes of it behind each front door.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "Written")]
pub struct Fact {
    /// Its short name, which its objects have too.
    pub id: String,
    /// The case, for a reader.
    pub case: String,
    /// What is set up for it, and what is looked at.
    pub setting: Setting,
    nginx: Expect,
    traefik: Expect,
}

impl Fact {
    /// What is to be seen behind a front door.
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

/// Where a fact is seen.
#[derive(Debug, Clone)]
pub enum Setting {
    /// An Ingress on a Service of its own; a client's first request and twelve more are looked at.
    Cookie(CookieCase),
    /// What the probe of the fact's id does.
    Probe,
    /// No test asserts it.
    Read,
}

/// An Ingress.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CookieCase {
    /// Its annotations, without the prefix.
    pub annotations: BTreeMap<String, String>,
    /// Its rule's path.
    #[serde(default = "slash")]
    pub path: String,
    /// The `User-Agent` of the browser that asks.
    pub agent: Option<String>,
}

fn slash() -> String {
    "/".to_owned()
}

/// What is to be seen: the text that the test compares, which is the reader's too.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expect {
    /// To the letter.
    pub seen: String,
    /// Why, or what follows.
    #[serde(default)]
    pub note: String,
}

/// A fact as it is written: with one of three settings, and with one expectation or two.
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

/// A line of the comparison.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// What is compared.
    pub what: String,
    /// By controller.
    pub cells: Vec<Cell>,
}

/// A cell of the comparison.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cell {
    /// What the controller's sources say.
    pub text: String,
    /// The fact that covers it, if one does.
    pub fact: Option<String>,
}

/// The whole file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Data {
    /// All facts, in the order of the page.
    pub facts: Vec<Fact>,
    /// The comparison's columns.
    pub controllers: Vec<String>,
    /// The comparison's lines.
    pub comparison: Vec<Line>,
}

/// What the file says.
///
/// # Panics
/// The file is malformed: a test of this module fails too.
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
