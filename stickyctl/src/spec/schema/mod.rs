//! The spec as a JSON Schema (draft 7), for editors, for the reference of the spec, and for Helm.
//!
//! It is derived from the types: descriptions are their docs, defaults their own; [`words`](super::words) has the patterns of
//! text. The schema constrains single values; [`check`](super::check) finds values that contradict each other.

use super::sticky_app::StickyApp;
use schemars::Schema;
use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use serde_json::{Value, json};

/// The schema of a whole spec. It refuses unknown keys everywhere and requires no key at the root; `null` stands for a key that
/// is left out, wherever that has a meaning.
///
/// Besides the draft's own keywords it uses `enumDescriptions`, which editors show: a text for each value of an `enum`.
#[must_use]
pub fn schema() -> Value {
    let settings = SchemaSettings::draft07().with(|settings| settings.inline_subschemas = true).with_transform(RecursiveTransform(tidy));
    let mut schema = settings.into_generator().into_root_schema_for::<StickyApp>();
    schema.insert("title".to_owned(), json!("A release of the sticky sessions demo"));
    let mut schema = schema.to_value();
    defaults(&mut schema, &serde_json::to_value(StickyApp::default()).unwrap_or_default());
    schema
}

/// Gives each key the default that it has in a whole spec, which may differ from the default of its type. A group has no default,
/// its keys do.
fn defaults(schema: &mut Value, tree: &Value) {
    for (key, property) in schema["properties"].as_object_mut().into_iter().flatten() {
        let (default, is_group) = (tree.get(key), property.get("properties").is_some());
        if is_group {
            property.as_object_mut().map(|group| group.remove("default"));
            defaults(property, default.unwrap_or(&Value::Null));
        } else if let Some(default) = default {
            property["default"] = default.clone();
        } else if property["type"] == "array" {
            // An empty list is not in the tree.
            property["default"] = json!([]);
        } else if property["type"] == "object" {
            property["default"] = json!({});
        }
    }
}

/// Turns constants with a text each into one `enum`, which validators report in one line, and drops formats of Rust like `uint16`.
fn tidy(schema: &mut Schema) {
    schema.remove("format");
    for keyword in ["oneOf", "anyOf"] {
        let Some(Value::Array(branches)) = schema.get(keyword) else { continue };
        let Some((words, texts)) = words_of(branches) else { continue };
        let has_null = words.contains(&Value::Null);
        schema.remove(keyword);
        schema.insert("type".to_owned(), if has_null { json!(["string", "null"]) } else { json!("string") });
        schema.insert("enum".to_owned(), Value::Array(words));
        schema.insert("enumDescriptions".to_owned(), Value::Array(texts));
    }
}

/// The constants of branches and their texts, if every branch is a constant.
fn words_of(branches: &[Value]) -> Option<(Vec<Value>, Vec<Value>)> {
    let (mut words, mut texts) = (Vec::new(), Vec::new());
    for branch in branches {
        if branch["type"] == "null" {
            words.push(Value::Null);
            texts.push(json!("Left out."));
        } else if let Some(word) = branch.get("const") {
            words.push(word.clone());
            texts.push(branch.get("description").cloned().unwrap_or_default());
        } else {
            let inner = branch.get("oneOf").and_then(Value::as_array)?;
            let (more, their) = words_of(inner)?;
            words.extend(more);
            texts.extend(their);
        }
    }
    Some((words, texts))
}

#[cfg(test)]
mod tests;
