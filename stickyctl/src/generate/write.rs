//! Objects as text: one stream of documents, or a folder with a kustomization.
//!
//! YAML is written by serde-saphyr: it quotes what YAML 1.1, which Kubernetes reads, takes for truth values and numbers
//! (`on`, `y`, `0X1F`, `1_000`); yaml_serde 0.10 leaves sixteen such words bare, and the API server refuses or changes them.

use super::object::Object;
use serde::Serialize;
use serde_json::json;

/// The name of the list in a folder.
pub const KUSTOMIZATION: &str = "kustomization.yaml";
/// The first line of every kustomization that was written here.
pub const HEADER: &str = "# Written by stickyctl render.\n";

/// A value that can't be written.
#[derive(Debug, thiserror::Error)]
#[error("writing {what}: {why}")]
pub struct Unwritable {
    what: String,
    why: String,
}

/// All objects as YAML documents.
///
/// # Errors
/// [`Unwritable`]; no object of a checked spec is.
pub fn yaml(objects: &[Object]) -> Result<String, Unwritable> {
    let documents: Vec<String> = objects.iter().map(document).collect::<Result<_, _>>()?;
    Ok(documents.join("---\n"))
}

/// All objects as one JSON object of kind List, as kubectl writes and reads it.
///
/// # Errors
/// [`Unwritable`]; no object of a checked spec is.
pub fn json(objects: &[Object]) -> Result<String, Unwritable> {
    let list = json!({"apiVersion": "v1", "kind": "List", "items": objects});
    serde_json::to_string_pretty(&list).map_err(|e| Unwritable { what: "the list".to_owned(), why: e.to_string() })
}

/// All objects as files, by name, the kustomization last.
///
/// # Errors
/// [`Unwritable`]; no object of a checked spec is.
pub fn files(objects: &[Object]) -> Result<Vec<(String, String)>, Unwritable> {
    let mut files = Vec::new();
    for object in objects {
        files.push((format!("{}-{}.yaml", object.kind().to_ascii_lowercase(), object.name()), document(object)?));
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

/// One object. Long texts stay on one line: a fold would make a diff of one word a diff of a paragraph.
fn document(object: &Object) -> Result<String, Unwritable> {
    let options = serde_saphyr::ser_options! { prefer_block_scalars: false };
    serde_saphyr::to_string_with_options(object, options)
        .map_err(|e| Unwritable { what: format!("{} {}", object.kind(), object.name()), why: e.to_string() })
}
