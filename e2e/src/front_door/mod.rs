//! What each front door really does with a session's cookie: one list of facts, asserted by a test and rendered as a page.
//!
//! A [`Fact`] has a case in words, what is put up for it, and for each front door the one text that a test must see there. The
//! test (`e2e/tests/k8s_front_door.rs`) runs all of them against Traefik on the test cluster and against ingress-nginx on kind,
//! and [`markdown`] writes the same texts into `docs/front-doors.md`.

pub mod bench;
pub mod compare;
mod facts;
mod facts_of_sessions;
pub mod markdown;
pub mod probes;
pub mod see;
pub mod tls;

use anyhow::{Context, Result};

/// The variable that says which front door the facts are run against: `traefik` (left out, too) or `nginx`.
pub const DOOR: &str = "STICKY_E2E_FRONT_DOOR";

/// A front door.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// ingress-nginx 1.15.1, its last release.
    Nginx,
    /// Traefik 3.6.12 by its provider that reads ingress-nginx' annotations.
    Traefik,
}

impl Door {
    /// The one that was asked for.
    ///
    /// # Errors
    /// The variable names neither.
    pub fn asked() -> Result<Self> {
        let word = std::env::var(DOOR).unwrap_or_else(|_| "traefik".to_owned());
        [Self::Nginx, Self::Traefik].into_iter().find(|door| door.word() == word).with_context(|| format!("{DOOR} is `{word}`: nginx or traefik"))
    }

    /// stickyctl's word for it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Nginx => "nginx",
            Self::Traefik => "traefik",
        }
    }

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Nginx => "ingress-nginx",
            Self::Traefik => "Traefik",
        }
    }

    /// The version whose behaviour is stated.
    #[must_use]
    pub const fn version(self) -> &'static str {
        match self {
            Self::Nginx => "1.15.1",
            Self::Traefik => "3.6.12",
        }
    }
}

/// A case, and what comes of it behind each front door.
#[derive(Debug, Clone)]
pub struct Fact {
    /// Its short name: that of its objects, too.
    pub id: &'static str,
    /// The case, for a reader.
    pub case: &'static str,
    /// What is put up for it, and what is looked at.
    pub setting: Setting,
    /// What is to be seen behind ingress-nginx.
    pub nginx: Expect,
    /// What is to be seen behind Traefik.
    pub traefik: Expect,
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
    /// What [`probes`] does under the fact's id.
    Probe,
    /// Not run here: it takes minutes, or programs that no test can have. From measurements of both front doors side by side.
    Read,
}

/// An Ingress.
#[derive(Debug, Clone, Copy)]
pub struct CookieCase {
    /// Its annotations, without the prefix.
    pub annotations: &'static [(&'static str, &'static str)],
    /// Its rule's path.
    pub path: &'static str,
    /// The browser that asks.
    pub agent: Option<&'static str>,
}

/// What is to be seen: the text that the test compares, which is the reader's too.
#[derive(Debug, Clone, Copy)]
pub struct Expect {
    /// To the letter.
    pub seen: &'static str,
    /// Why, or what follows.
    pub note: &'static str,
}

/// Nothing is said beyond what is seen.
const fn sees(seen: &'static str) -> Expect {
    Expect { seen, note: "" }
}

impl Expect {
    const fn so(self, note: &'static str) -> Self {
        Self { note, ..self }
    }
}

/// All facts, in the order of the page.
#[must_use]
pub fn facts() -> Vec<Fact> {
    facts::all().into_iter().chain(facts_of_sessions::all()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn ids_are_names_of_objects_and_each_is_one_fact() {
        let all = facts();
        let ids: BTreeSet<&str> = all.iter().map(|fact| fact.id).collect();
        assert_eq!(ids.len(), all.len());
        assert!(ids.iter().all(|id| id.len() <= 30 && id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')), "{ids:?}");
        assert!(all.iter().filter(|fact| fact.is_run()).count() >= 40, "most facts are run");
    }
}
