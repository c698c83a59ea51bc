//! The report as one page for a browser. It fetches nothing, so that it opens from a file and can be sent on.
//!
//! The page's script draws it from the report's own JSON and inserts every text as text. A content security policy allows that script and
//! that style by their hashes and nothing else.

use super::model::Report;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use std::sync::LazyLock;
use sticky_app::page_kit;

const PAGE: &str = include_str!("html/page.html");
/// Below the app page's own modules: each after those that it imports, and the last one starts the page.
const MODULES: [&str; 15] = [
    include_str!("html/text.js"),
    include_str!("html/figure.js"),
    include_str!("html/pods.js"),
    include_str!("html/emblem.js"),
    include_str!("html/heading.js"),
    include_str!("html/rows.js"),
    include_str!("html/map.js"),
    include_str!("html/lost.js"),
    include_str!("html/bounds.js"),
    include_str!("html/spread.js"),
    include_str!("html/latency.js"),
    include_str!("html/timeline.js"),
    include_str!("html/disruptions.js"),
    include_str!("html/sections.js"),
    include_str!("html/start.js"),
];

static STYLE: LazyLock<String> = LazyLock::new(|| [page_kit::TOKENS, include_str!("html/report.css")].concat());
static SCRIPT: LazyLock<String> = LazyLock::new(|| script(&MODULES));

/// The script of a page: the app page's own modules, and these after them.
pub(in crate::verify) fn script(modules: &[&str]) -> String {
    let lines: Vec<_> = page_kit::MODULES.iter().chain(modules).flat_map(|module| bundled(module)).collect();
    format!("\"use strict\";\n(() => {{\n{}\n}})();\n", lines.join("\n"))
}

/// Modules that other pages use as well: sentences, figures, pods, and the verdict as threads.
pub(in crate::verify) const SHARED: [&str; 4] =
    [include_str!("html/text.js"), include_str!("html/figure.js"), include_str!("html/pods.js"), include_str!("html/emblem.js")];

/// The lines of a module without its comments, imports and exports, since a file can't import: in one function with the modules
/// above it, it sees all that they define. Their names must differ, and an import or a comment takes whole lines.
fn bundled(module: &str) -> impl Iterator<Item = &str> {
    let is_left_out = |line: &&str| ["import ", "//", "/*", "*"].iter().any(|start| line.trim_start().starts_with(start));
    module.lines().filter(move |line| !line.is_empty() && !is_left_out(line)).map(|line| line.strip_prefix("export ").unwrap_or(line))
}

impl Report {
    /// The report as HTML.
    ///
    /// # Errors
    /// Never in practice: the report is written to memory.
    pub fn page(&self) -> serde_json::Result<String> {
        html(&SCRIPT, self)
    }
}

/// A page that a script draws from data.
///
/// # Errors
/// Never in practice: the data is written to memory.
pub(in crate::verify) fn html(script: &str, data: &impl Serialize) -> serde_json::Result<String> {
    let policy =
        format!("default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; base-uri 'none'; form-action 'none'", hash(&STYLE), hash(script));
    let data = harmless_in_html(&serde_json::to_string(data)?);
    Ok(fill(PAGE, &[("policy", &policy), ("style", &STYLE), ("script", script), ("data", &data)]))
}

fn hash(text: &str) -> String {
    STANDARD.encode(Sha256::digest(text))
}

/// JSON that can't end an element or begin a comment: what HTML could misread occurs only inside JSON's strings, where it is written as an
/// escape.
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

/// Replaces each `{{name}}` with its text; the texts themselves are not searched.
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
        // The page's own two scripts and no third.
        assert_eq!((page.matches("<script").count(), page.matches("</script>").count()), (2, 2));
        let json = between(&page, "id=\"data\">", "</script>");
        assert!(!json.contains(['<', '>', '&', '\u{2028}', '\u{2029}']), "{json}");
        let read: serde_json::Value = serde_json::from_str(json).unwrap();
        assert_eq!(read, serde_json::to_value(&report).unwrap(), "an escape reads as the same text");
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
    fn modules_become_one_script() {
        let module =
            "// About.\n/** @import { A } from \"./a.d.ts\" */\nimport { b } from \"./b.js\";\n\n/**\n * Adds.\n */\nexport const c = b * 2;\n";
        assert_eq!(bundled(module).collect::<Vec<_>>(), ["const c = b * 2;"]);
        let left: Vec<_> = SCRIPT.lines().filter(|line| ["import", "export"].iter().any(|word| line.trim_start().starts_with(word))).collect();
        assert!(left.is_empty(), "{left:?}");
        let mut names: Vec<_> = SCRIPT
            .lines()
            .filter_map(|line| ["const ", "let ", "function ", "class "].iter().find_map(|word| line.strip_prefix(word)))
            .map(|rest| rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap())
            .collect();
        names.sort_unstable();
        let twice: Vec<_> = names.windows(2).filter(|pair| pair[0] == pair[1]).collect();
        assert!(names.len() > 60 && twice.is_empty(), "{} names, twice: {twice:?}", names.len());
    }

    #[test]
    fn texts_are_not_searched() {
        assert_eq!(fill("a{{b}}c{{d}}", &[("b", "{{d}}"), ("d", "e")]), "a{{d}}ce");
    }
}
