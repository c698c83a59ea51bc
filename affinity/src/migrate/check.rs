//! The checks of a run at two doors: what each one asks.

use super::Door;
use serde::Serialize;

/// A check's name. JSON has it in kebab case, as [`Check::word`] does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs, reason = "ALL has the question that each one asks")]
pub enum Check {
    OldDoor,
    NewDoor,
    SamePods,
    ForeignCookie,
    CutOver,
    Settle,
    ComeBack,
    RollBack,
    OneCookie,
    Split,
    Sockets,
}

/// A row of [`ALL`].
#[derive(Debug, Clone, Copy)]
pub struct Asked {
    /// Equal to its index in [`ALL`].
    pub check: Check,
    /// The name in reports.
    pub word: &'static str,
    /// The question that it answers.
    pub asks: &'static str,
}

const fn one(check: Check, word: &'static str, asks: &'static str) -> Asked {
    Asked { check, word, asks }
}

/// All checks, in report order.
pub const ALL: [Asked; 11] = [
    one(Check::OldDoor, "old-door", "Does the old front door by itself keep sessions on their pods?"),
    one(Check::NewDoor, "new-door", "Does the new front door by itself keep sessions on their pods?"),
    one(Check::SamePods, "same-pods", "Do both front doors lead to the same pods?"),
    one(Check::ForeignCookie, "foreign-cookie", "Does each front door answer requests with the other's cookie without an error?"),
    one(Check::CutOver, "cut-over", "Does a session reach its own pod with its first request to the new front door?"),
    one(Check::Settle, "settle", "Does a session that comes with the old front door's cookie stay on one pod from then on?"),
    one(Check::ComeBack, "come-back", "Does a session find its pod when it returns to a front door, as clients do while DNS caches expire?"),
    one(Check::RollBack, "roll-back", "Does a session that began at the new front door reach its own pod at the old one, as after a rollback?"),
    one(Check::OneCookie, "one-cookie", "Does a session send each cookie once, and not two of one name?"),
    one(Check::Split, "split", "Does a session settle whose page is loaded through both front doors at once?"),
    one(Check::Sockets, "sockets", "Does a WebSocket that reconnects at the new front door reach its session's pod?"),
];

impl Check {
    /// The name in reports and JSON.
    #[must_use]
    pub fn word(self) -> &'static str {
        // The order of the names is that of the table, which a test keeps.
        ALL[self as usize].word
    }

    /// The check of a door by itself.
    #[must_use]
    pub const fn of(door: Door) -> Self {
        match door {
            Door::Old => Self::OldDoor,
            Door::New => Self::NewDoor,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn words_and_places_are_those_of_the_names() {
        for (place, one) in ALL.iter().enumerate() {
            assert_eq!((one.check as usize, one.check.word()), (place, one.word));
            assert_eq!(serde_json::to_value(one.check).unwrap(), one.word);
        }
    }
}
