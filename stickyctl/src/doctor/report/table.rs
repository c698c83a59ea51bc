//! The report for people.

use super::Report;
use crate::doctor::finding::{About, Finding};
use crate::fit::fit;

/// The width of text that goes to a pipe or a file.
const WIDTH: usize = 80;

impl Report {
    /// As text in so many columns: findings by object, the worst object first, then a summary.
    #[must_use]
    pub(crate) fn table(&self, unicode: bool, columns: Option<usize>) -> String {
        let fit = |text: &str| fit(text, Some(columns.unwrap_or(WIDTH)));
        let mut text = String::new();
        let mut last: Option<&About> = None;
        for finding in &self.findings {
            if last != Some(&finding.about) {
                if last.is_some() {
                    text.push('\n');
                }
                text.push_str(&heading(&finding.about));
            }
            last = Some(&finding.about);
            text.push_str(&fit(&body(finding, unicode)));
        }
        if !text.is_empty() {
            text.push('\n');
        }
        for missing in &self.unread {
            let scope = if missing.scope.is_empty() { String::new() } else { format!(" {}", missing.scope) };
            let line = format!("not read    {}{scope}: {}; skipped: {}\n", missing.kind, missing.why, missing.skipped);
            text.push_str(&fit(&line));
        }
        if let Some(moves) = &self.moves {
            text.push_str(&format!("{}\n\n", moves.table(Some(columns.unwrap_or(WIDTH)))));
        }
        text.push_str(&fit(&self.summary()));
        text
    }

    fn summary(&self) -> String {
        let looked: Vec<String> = self.looked_at.iter().map(|looked| format!("{} {}", looked.count, noun(looked.kind, looked.count))).collect();
        let looked = if looked.is_empty() { "nothing".to_owned() } else { looked.join(", ") };
        let counted = |count: usize, one: &str| (count > 0).then(|| if count == 1 { format!("1 {one}") } else { format!("{count} {one}s") });
        let counts: Vec<String> =
            [counted(self.errors, "error"), counted(self.warnings, "warning"), counted(self.notes, "note")].into_iter().flatten().collect();
        let result = if counts.is_empty() {
            "Found nothing that breaks affinity. Only traffic proves that it works: stickyctl verify".to_owned()
        } else {
            format!("{}; stickyctl explain CODE says more about one", counts.join(", "))
        };
        format!("looked at   {looked}\n{result}")
    }
}

/// The object, with its place in a file. It is never wrapped, so that the place can be copied.
fn heading(about: &About) -> String {
    let place = about.place.as_ref().map(|place| format!("  {}:{}", place.file, place.line)).unwrap_or_default();
    format!("{}{place}\n", about.title())
}

/// Severity and code, the field, what follows, and what to do.
fn body(finding: &Finding, unicode: bool) -> String {
    let Finding { code, severity, field, consequence, fix, .. } = finding;
    let arrow = if unicode { "→" } else { "->" };
    // An annotation by its key alone, which fits on a line.
    let field = field.strip_prefix("metadata.annotations[").and_then(|key| key.strip_suffix(']')).unwrap_or(field);
    let field = if field.is_empty() { String::new() } else { format!("\n           {field}") };
    format!("  {:<7}  {code}{field}\n           {consequence}.\n           {arrow} {fix}.\n", severity.word())
}

/// A kind in the singular, if there is one object of it.
fn noun(plural: &str, count: usize) -> &str {
    match plural {
        _ if count != 1 => plural,
        "Ingresses" => "Ingress",
        "IngressClasses" => "IngressClass",
        "GatewayClasses" => "GatewayClass",
        "BackendTrafficPolicies" => "BackendTrafficPolicy",
        other => other.strip_suffix('s').unwrap_or(other),
    }
}
