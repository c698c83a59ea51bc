//! Splits a text into YAML and JSON documents, each with its first line, and reads them within limits.

use super::sort::is_read;
use serde_json::Value;
use serde_saphyr::options::DuplicateKeyPolicy;

/// The most bytes of one file or of stdin. `kubectl get ingress,service -A -o yaml` of a large cluster has a tenth of that.
pub(super) const MOST: usize = 64 << 20;
/// The most documents of one file or of stdin.
const DOCUMENTS: usize = 50_000;
/// The deepest nesting: that of Kubernetes's own reader is 100.
const DEEPEST: usize = 100;
/// The most values in a document, such as a List.
const NODES: usize = 4_000_000;

/// A part of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Part<'a> {
    text: &'a str,
    /// The line of its first byte, from 0.
    line: usize,
}

/// A document that can't be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Broken {
    /// The line of the fault, from 1.
    pub(super) line: usize,
    pub(super) why: String,
}

/// Every document of a text with the line where it begins, from 1. Lists are taken apart. Documents of kinds that no check reads may be
/// left out.
///
/// # Errors
/// Where the text is no YAML, or exceeds a limit.
pub(super) fn read(text: &str) -> Result<Vec<(usize, Value)>, Broken> {
    let parts = split(text.strip_prefix('\u{feff}').unwrap_or(text));
    if parts.len() > DOCUMENTS {
        return Err(Broken { line: parts[DOCUMENTS].line + 1, why: format!("there are more than {DOCUMENTS} documents") });
    }
    let mut all = Vec::new();
    for part in parts {
        let Some(first) = first_line(part) else { continue };
        if kind(part.text).is_some_and(|kind| !is_read(kind, part.text)) {
            continue;
        }
        for value in parse(part)? {
            flatten(value, first, &mut all);
        }
    }
    Ok(all)
}

/// Cuts at `---` and `...` in the first column: YAML allows them nowhere else there.
fn split(text: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let (mut begin, mut line_of_begin, mut at) = (0, 0, 0);
    for (number, line) in text.split_inclusive('\n').enumerate() {
        let marker = |mark: &str| line.strip_prefix(mark).filter(|rest| rest.is_empty() || rest.starts_with([' ', '\t', '\r', '\n']));
        if marker("---").or_else(|| marker("...")).is_some() {
            parts.push(Part { text: &text[begin..at], line: line_of_begin });
            // What follows the marker on its line belongs to the document.
            (begin, line_of_begin) = (at + 3, number);
        }
        at += line.len();
    }
    parts.push(Part { text: &text[begin..], line: line_of_begin });
    parts
}

/// The line of a document's first content, from 1; `None` if there are only blanks and comments.
fn first_line(part: Part<'_>) -> Option<usize> {
    let is_content = |line: &str| !line.trim().is_empty() && !line.trim_start().starts_with('#');
    part.text.lines().position(is_content).map(|place| part.line + place + 1)
}

/// The kind that a document in block style names at its top level.
fn kind(text: &str) -> Option<&str> {
    let value = text.lines().find_map(|line| line.strip_prefix("kind:"))?;
    Some(value.split(" #").next()?.trim().trim_matches(['"', '\'']))
}

fn parse(part: Part<'_>) -> Result<Vec<Value>, Broken> {
    let json = part.text.trim_start();
    if json.starts_with('{') {
        // Several, one after another, as programs write them.
        if let Ok(all) = serde_json::Deserializer::from_str(json).into_iter().collect::<Result<Vec<Value>, _>>() {
            return Ok(all);
        }
    }
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: DEEPEST,
            flow_nesting_limit: DEEPEST,
            max_nodes: NODES,
            max_events: 4 * NODES,
            max_documents: 1,
            max_anchors: 1_000,
            max_aliases: 10_000,
        },
        // As Kubernetes's reader takes them.
        duplicate_keys: DuplicateKeyPolicy::Error,
        alias_limits: serde_saphyr::alias_limits! { max_total_replayed_events: 20_000, max_replay_stack_depth: 16 },
        strict_booleans: true,
        underscored_numbers_as_strings: true,
        with_snippet: false,
    };
    let read = serde_saphyr::from_str_with_options::<Option<Value>>(part.text, options);
    read.map(|value| value.into_iter().collect()).map_err(|error| {
        let place = error.location();
        let line = place.map_or(1, |place| usize::try_from(place.line()).unwrap_or(1)).max(1);
        let said = error.without_snippet().to_string();
        // Its line counts from the document's first.
        let why = said.split(" at line ").next().unwrap_or_default().to_owned();
        Broken { line: part.line + line, why }
    })
}

/// A List's items, all with the line of the List.
fn flatten(value: Value, line: usize, all: &mut Vec<(usize, Value)>) {
    let is_list = value["kind"].as_str().is_some_and(|kind| kind.ends_with("List"));
    match value {
        Value::Object(mut list) if is_list && list.get("items").is_some_and(Value::is_array) => {
            // Items of a List of one kind may leave the kind out.
            let kind = list["kind"].as_str().and_then(|kind| kind.strip_suffix("List")).filter(|kind| !kind.is_empty()).map(str::to_owned);
            let version = list.get("apiVersion").cloned();
            if let Some(Value::Array(items)) = list.remove("items") {
                for mut item in items {
                    if let (Value::Object(fields), Some(kind)) = (&mut item, &kind) {
                        fields.entry("kind").or_insert_with(|| kind.as_str().into());
                        fields.entry("apiVersion").or_insert_with(|| version.clone().unwrap_or_default());
                    }
                    all.push((line, item));
                }
            }
        }
        other => all.push((line, other)),
    }
}
