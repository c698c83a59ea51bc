//! The changes for people.

use super::change::{Becomes, Change, Moves, Setting};
use crate::fit::fit;
use sticky_core::harmless::harmless;

impl Moves {
    /// As text in so many columns: for each Ingress what changes, the worst first, what stays the same, and what to write.
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
            lines.extend(to_write(changes));
        }
        fit(&lines.join("\n"), columns)
    }
}

fn title(change: &Change) -> String {
    let place = change.about.place.as_ref().map_or_else(String::new, |place| format!(" ({}:{})", harmless(&place.file), place.line));
    format!("{}{place}", harmless(&change.about.title()))
}

fn rows(change: &Change) -> [String; 2] {
    let what = format!("  {:<16} {}: {}", change.becomes.word(), change.what, harmless(&change.today));
    [what, format!("  {:<16} then: {}", "", harmless(&change.then))]
}

/// Every setting once, below its object: several changes may need the same one.
fn to_write(changes: &[Change]) -> Vec<String> {
    let mut all: Vec<&Setting> = Vec::new();
    for setting in changes.iter().flat_map(|change| &change.settings) {
        if !all.contains(&setting) {
            all.push(setting);
        }
    }
    // Stable, so that the order of the first uses stays.
    let objects: Vec<&str> = all.iter().map(|setting| setting.object.as_str()).collect();
    all.sort_by_key(|setting| objects.iter().position(|object| *object == setting.object));
    let mut lines = Vec::new();
    for settings in all.chunk_by(|a, b| a.object == b.object) {
        let word = if lines.is_empty() { "write" } else { "" };
        lines.push(format!("  {word:<16} {}", harmless(&settings[0].object)).trim_end().to_owned());
        lines.extend(settings.iter().map(|one| format!("  {:<16}   {}: {}", "", one.key, harmless(&one.value))));
    }
    lines
}
