//! Objects as text: one stream of documents, or a folder with a kustomization.

use super::object::Object;
use crate::yaml::yaml as document_of;
use serde::Serialize;
use serde_json::json;
use sticky_core::harmless::harmless_json;

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
    document_of(object).map_err(|why| Unwritable { what: format!("{} {}", object.kind(), object.name()), why })
}
