//! The report as one page for a browser: nothing is fetched, so that it opens from a file and can be sent on.
//!
//! The page's script draws it from the report's own JSON, and puts every text in as text. A content security policy allows that script and
//! that style by their hashes and nothing else.

use super::model::Report;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

const PAGE: &str = include_str!("html/page.html");
const STYLE: &str = include_str!("html/report.css");
/// In the order in which they are defined; the last one begins.
const SCRIPT: &str = concat!(
    "\"use strict\";\n(() => {\n",
    include_str!("html/tree.js"),
    include_str!("html/pods.js"),
    include_str!("html/emblem.js"),
    include_str!("html/rows.js"),
    include_str!("html/map.js"),
    include_str!("html/bounds.js"),
    include_str!("html/spread.js"),
    include_str!("html/latency.js"),
    include_str!("html/timeline.js"),
    include_str!("html/sections.js"),
    include_str!("html/start.js"),
    "})();\n",
);

impl Report {
    /// As a page.
    ///
    /// # Errors
    /// Never in practice: the report is written to memory.
    pub fn page(&self) -> serde_json::Result<String> {
        let policy = format!(
            "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; base-uri 'none'; form-action 'none'",
            hash(STYLE),
            hash(SCRIPT)
        );
        let data = harmless_in_html(&serde_json::to_string(self)?);
        Ok(fill(PAGE, &[("policy", &policy), ("style", STYLE), ("script", SCRIPT), ("data", &data)]))
    }
}

fn hash(text: &str) -> String {
    STANDARD.encode(Sha256::digest(text))
}

/// JSON that ends no element and begins no comment: what HTML or a script could take for its own stands only in JSON's texts, where it can be
/// written as an escape.
fn harmless_in_html(json: &str) -> String {
    json.chars().fold(String::with_capacity(json.len()), |mut safe, c| {
        match c {
            '<' => safe.push_str("\\u003c"),
            '>' => safe.push_str("\\u003e"),
            '&' => safe.push_str("\\u0026"),
            '\u{2028}' => safe.push_str("\\u2028"),
            '\u{2029}' => safe.push_str("\\u2029"),
            c => safe.push(c),
        }
        safe
    })
}

/// Puts texts in at their places, `{{name}}`; what is put in is not looked at again.
fn fill(page: &str, texts: &[(&str, &str)]) -> String {
    let mut parts = page.split("{{");
    let mut filled = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (name, rest) = part.split_once("}}").unwrap_or(("", part));
        filled.push_str(texts.iter().find(|(key, _)| *key == name).map_or("", |(_, text)| text));
        filled.push_str(rest);
    }
    filled
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::super::sample::{Kind, hostile, report};
    use super::*;

    fn between<'a>(page: &'a str, from: &str, to: &str) -> &'a str {
        page.split_once(from).unwrap().1.split_once(to).unwrap().0
    }

    #[test]
    fn strangers_words_end_no_element() {
        let report = hostile();
        let page = report.page().unwrap();
        // The page's own two scripts, and no third.
        assert_eq!((page.matches("<script").count(), page.matches("</script>").count()), (2, 2));
        let json = between(&page, "id=\"data\">", "</script>");
        assert!(!json.contains(['<', '>', '&', '\u{2028}', '\u{2029}']), "{json}");
        let read: serde_json::Value = serde_json::from_str(json).unwrap();
        assert_eq!(read, serde_json::to_value(&report).unwrap(), "an escape is the same text to who reads JSON");
        assert!(read["cookies"][0]["name"].as_str().unwrap().starts_with("</script><script>"), "{read}");
    }

    #[test]
    fn the_policy_names_what_is_there() {
        let page = report(Kind::Sticky).page().unwrap();
        for (open, close) in [("<style>", "</style>"), ("<script>", "</script>")] {
            assert!(page.contains(&format!("'sha256-{}'", hash(between(&page, open, close)))), "{open}");
        }
        assert!(page.contains("default-src 'none'") && !page.contains("{{") && !page.contains("unsafe"));
        for outside in ["src=", "href=\"http", "url(http", "@import"] {
            assert!(!page.contains(outside), "{outside}");
        }
    }

    #[test]
    fn what_is_put_in_is_not_looked_at_again() {
        assert_eq!(fill("a{{b}}c{{d}}", &[("b", "{{d}}"), ("d", "e")]), "a{{d}}ce");
    }
}
