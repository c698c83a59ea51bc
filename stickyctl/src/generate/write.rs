//! Objects as text: one stream of documents, or a folder with a kustomization.
//!
//! serde-saphyr writes the YAML, because it quotes what YAML 1.1, which Kubernetes reads, takes for booleans and numbers (`on`, `y`,
//! `0X1F`, `1_000`). yaml_serde 0.10 leaves sixteen such words unquoted, and the API server refuses or changes them.

use super::object::Object;
use serde::Serialize;
use serde_json::json;
use sticky_core::harmless::{harmless_json, harmless_lines};

/// The file that lists the others in a folder.
pub const KUSTOMIZATION: &str = "kustomization.yaml";
/// The first line of every file that stickyctl writes into a folder: it may replace or remove such a file.
pub const HEADER: &str = "# Written by stickyctl render.\n";

/// An object that has no form as text.
#[derive(Debug, thiserror::Error)]
#[error("writing {what}: {why}")]
pub struct Unwritable {
    what: String,
    why: String,
}

/// All objects as YAML documents.
///
/// # Errors
/// An object has no form as text, which no object of a checked spec does.
pub fn yaml(objects: &[Object]) -> Result<String, Unwritable> {
    let documents: Vec<String> = objects.iter().map(document).collect::<Result<_, _>>()?;
    Ok(documents.join("---\n"))
}

/// All objects as one JSON object of kind List, as kubectl reads and writes it.
///
/// # Errors
/// An object has no form as text, which no object of a checked spec does.
pub fn json(objects: &[Object]) -> Result<String, Unwritable> {
    let list = json!({"apiVersion": "v1", "kind": "List", "items": objects});
    let text = serde_json::to_string_pretty(&list).map_err(|e| Unwritable { what: "the list".to_owned(), why: e.to_string() })?;
    Ok(harmless_json(&text))
}

/// All objects as files, each with its name; the kustomization is last.
///
/// # Errors
/// An object has no form as text, which no object of a checked spec does.
pub fn files(objects: &[Object]) -> Result<Vec<(String, String)>, Unwritable> {
    let mut files = Vec::new();
    for object in objects {
        files.push((format!("{}-{}.yaml", object.kind().to_ascii_lowercase(), object.name()), format!("{HEADER}{}", document(object)?)));
    }
    let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
    let list = Kustomization { api_version: "kustomize.config.k8s.io/v1beta1", kind: "Kustomization", resources: &names };
    let text = serde_saphyr::to_string(&list).map_err(|e| Unwritable { what: KUSTOMIZATION.to_owned(), why: e.to_string() })?;
    files.push((KUSTOMIZATION.to_owned(), format!("{HEADER}{text}")));
    Ok(files)
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Kustomization<'a> {
    api_version: &'a str,
    kind: &'a str,
    resources: &'a [&'a str],
}

fn document(object: &Object) -> Result<String, Unwritable> {
    one(object).map_err(|why| Unwritable { what: format!("{} {}", object.kind(), object.name()), why })
}

/// One object as YAML. Long texts stay on one line, so that a diff shows the words that changed.
///
/// # Errors
/// Why it has no form as text.
pub(crate) fn one(object: &impl Serialize) -> Result<String, String> {
    let options = serde_saphyr::ser_options! { prefer_block_scalars: false };
    let text = serde_saphyr::to_string_with_options(object, options).map_err(|e| e.to_string())?;
    if harmless_lines(&text) == text {
        return Ok(text);
    }
    // YAML has some characters as they are that a terminal would act on. JSON, which is YAML too, has escapes for all.
    let json = serde_json::to_string_pretty(object).map_err(|e| e.to_string())?;
    Ok(format!("{}\n", harmless_json(&json)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_act_on_is_escaped() {
        for text in ["\u{1b}]0;title\u{7}", "\u{9b}2J", "a\u{202e}b", "\r", "a\tb", "two\nlines", "\u{85}", "\u{feff}", "plain"] {
            let object = json!({ "key": text, text: ["x"] });
            let written = one(&object).unwrap();
            assert_eq!(harmless_lines(&written), written);
            assert_eq!(serde_yaml::from_str::<serde_json::Value>(&written).unwrap(), object, "{written}");
        }
    }
}
