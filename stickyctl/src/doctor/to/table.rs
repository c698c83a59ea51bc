//! The changes for people.

use super::change::{Becomes, Change, Moves};
use crate::fit::fit;
use sticky_core::harmless::harmless;

impl Moves {
    /// As text in so many columns: for each Ingress what changes, the worst first, and what stays the same in one line.
    #[must_use]
    pub(crate) fn table(&self, columns: Option<usize>) -> String {
        let mut lines = vec![format!("MOVING TO {} {}", self.controller, self.version)];
        if self.changes.is_empty() {
            lines.push("  No Ingress asks ingress-nginx for affinity.".to_owned());
        }
        for changes in self.changes.chunk_by(|a, b| a.about == b.about) {
            lines.push(String::new());
            lines.push(title(&changes[0]));
            let mut ordered: Vec<&Change> = changes.iter().filter(|change| change.becomes != Becomes::Same).collect();
            ordered.sort_by_key(|change| (std::cmp::Reverse(change.severity), std::cmp::Reverse(change.becomes)));
            ordered.into_iter().for_each(|change| lines.extend(rows(change)));
            let same: Vec<&str> = changes.iter().filter(|change| change.becomes == Becomes::Same).map(|change| change.what.as_str()).collect();
            if !same.is_empty() {
                lines.push(format!("  {:<16} {}", Becomes::Same.word(), same.join(", ")));
            }
        }
        fit(&lines.join("\n"), columns)
    }
}

fn title(change: &Change) -> String {
    let place = change.about.place.as_ref().map_or_else(String::new, |place| format!(" ({}:{})", harmless(&place.file), place.line));
    format!("{}{place}", harmless(&change.about.title()))
}

fn rows(change: &Change) -> Vec<String> {
    let mut lines = vec![format!("  {:<16} {}: {}", change.becomes.word(), change.what, harmless(&change.today))];
    lines.push(format!("  {:<16} then: {}", "", harmless(&change.then)));
    lines.extend(change.settings.iter().map(|one| format!("  {:<16} {}: {}: {}", "", harmless(&one.object), one.key, harmless(&one.value))));
    lines
}
