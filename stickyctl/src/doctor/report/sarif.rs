//! The report as SARIF 2.1.0 (OASIS, <https://docs.oasis-open.org/sarif/sarif/v2.1.0/>), which code scanning reads.

use super::Report;
use crate::doctor::checks::codes::{ALL, Code};
use crate::doctor::finding::{Finding, Severity};
use crate::doctor::to::Moves;
use serde_json::{Value, json};

impl Report {
    /// As a SARIF log with one run. Its rules are the codes of its findings.
    #[must_use]
    pub fn sarif(&self) -> Value {
        let found: Vec<&Code> = ALL.iter().copied().filter(|code| self.findings.iter().any(|finding| finding.code == code.word)).collect();
        let rules: Vec<Value> = found.iter().map(|code| rule(code)).collect();
        let moved = self.moves.iter().flat_map(Moves::findings);
        let all = self.findings.iter().cloned().chain(moved);
        let results: Vec<Value> = all.map(|finding| result(&finding, found.iter().position(|code| code.word == finding.code))).collect();
        json!({
            "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
            "version": "2.1.0",
            "runs": [{
                "tool": {"driver": {
                    "name": "stickyctl doctor",
                    "semanticVersion": env!("CARGO_PKG_VERSION"),
                    "rules": rules,
                }},
                "results": results,
            }],
        })
    }
}

fn rule(code: &Code) -> Value {
    json!({
        "id": code.word,
        "shortDescription": {"text": code.title},
        "fullDescription": {"text": code.means},
        "help": {"text": format!("{} {} stickyctl explain {}", code.title, code.means, code.word), "markdown": format!("{}\n\n`stickyctl explain {}`, {}", code.means, code.word, code.link())},
        "defaultConfiguration": {"level": level(code.severity)},
    })
}

fn result(finding: &Finding, rule: Option<usize>) -> Value {
    let Finding { code, severity, about, field, consequence, fix, .. } = finding;
    let mut object = json!({"name": about.name, "fullyQualifiedName": about.title(), "kind": "object"});
    if !field.is_empty() {
        object["fullyQualifiedName"] = format!("{}: {field}", about.title()).into();
    }
    let mut location = json!({"logicalLocations": [object]});
    if let Some(place) = &about.place {
        // Code scanning refuses results without a file.
        let uri = if place.file == "-" { "stdin".to_owned() } else { uri(&place.file) };
        location["physicalLocation"] = json!({"artifactLocation": {"uri": uri}, "region": {"startLine": place.line}});
    }
    let mut result = json!({
        "ruleId": code,
        "level": level(*severity),
        "message": {"text": format!("{}: {consequence}. {fix}.", about.title())},
        "locations": [location],
        // The same fault in a moved line is the same alert.
        "partialFingerprints": {"object/v1": format!("{code}/{}/{field}", about.title())},
    });
    if let Some(rule) = rule {
        result["ruleIndex"] = rule.into();
    }
    result
}

const fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Note => "note",
        Severity::Warning => "warning",
        Severity::Error => "error",
    }
}

/// A path as a reference relative to the root of the sources (RFC 3986).
fn uri(path: &str) -> String {
    let path = path.strip_prefix("./").unwrap_or(path);
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
    let encoded: String = path.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect();
    // An absolute one needs a scheme.
    if encoded.starts_with('/') { format!("file://{encoded}") } else { encoded }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_as_references() {
        for (path, expected) in [("./a b.yaml", "a%20b.yaml"), ("/tmp/x.yaml", "file:///tmp/x.yaml"), ("charts/web.yaml", "charts/web.yaml")] {
            assert_eq!(uri(path), expected);
        }
    }
}
