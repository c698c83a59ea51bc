//! Values as YAML, in the order of the spec.

use super::tree::OF_HELM;
use crate::spec::keys;
use crate::yaml::yaml;
use serde_json::Value;
use sticky_core::harmless::harmless_json;

/// A tree of values, without comments.
pub(super) fn plain(tree: &Value) -> String {
    let mut text = String::new();
    plain_group(tree, "", &mut text);
    text
}

fn plain_group(tree: &Value, path: &str, text: &mut String) {
    for key in keys(path) {
        let Some(value) = tree.get(key) else { continue };
        let (path, indent) = below(path, key);
        // A group without any key would be `{}`; one that is empty on purpose, like `autoscaling: {}`, must stay.
        if value.as_object().is_some_and(|map| !map.is_empty()) && !keys(&path).is_empty() {
            text.push_str(&format!("{indent}{key}:\n"));
            plain_group(value, &path, text);
        } else {
            text.push_str(&format!("{indent}{key}: {}\n", written(value)));
        }
    }
}

/// Every key of a schema with its default, below its description.
pub(super) fn documented(schema: &Value) -> String {
    let mut text = String::new();
    documented_group(schema, "", "", &mut text);
    text
}

fn documented_group(schema: &Value, path: &str, mark: &str, text: &mut String) {
    for (place, key) in keys(path).into_iter().enumerate() {
        let property = &schema["properties"][key];
        let (below_path, indent) = below(path, key);
        if path.is_empty() && place > 0 {
            text.push('\n');
        }
        let mut line = |words: &str| text.push_str(&format!("{mark}{indent}{words}\n"));
        line(&format!("# {}", property["description"].as_str().unwrap_or_default().replace('\n', " ")));
        for (word, what) in words(property) {
            line(&format!("#   {word}: {what}"));
        }
        if property.get("properties").is_none() {
            line(&format!("{key}: {}", written(&property["default"])));
        } else if property["type"] == "object" {
            line(&format!("{key}:"));
            documented_group(property, &below_path, mark, text);
        } else {
            // The whole group is left out by default: its keys are shown in comments.
            line(&format!("{key}: null"));
            let mark = if mark.is_empty() { "# " } else { mark };
            text.push_str(&format!("{mark}{indent}{key}:\n"));
            documented_group(property, &below_path, mark, text);
        }
    }
}

/// The values of an enumeration and their descriptions.
fn words(property: &Value) -> impl Iterator<Item = (String, &str)> {
    let list = |keyword: &str| property[keyword].as_array().into_iter().flatten();
    list("enum")
        .zip(list("enumDescriptions"))
        .filter(|(word, _)| !word.is_null())
        .map(|(word, what)| (written(word), what.as_str().unwrap_or_default()))
}

/// The keys directly below a path, in the order of the spec, without those that a Helm release has itself.
fn keys(path: &str) -> Vec<&'static str> {
    let mut found = Vec::new();
    for keys::Key { path: known, .. } in keys::keys() {
        let rest = if path.is_empty() { Some(known.as_str()) } else { known.strip_prefix(path).and_then(|rest| rest.strip_prefix('.')) };
        let Some(key) = rest.and_then(|rest| rest.split('.').next()) else { continue };
        let is_helms = path.is_empty() && OF_HELM.contains(&key);
        if !is_helms && !found.contains(&key) {
            found.push(key);
        }
    }
    found
}

fn below(path: &str, key: &str) -> (String, String) {
    if path.is_empty() {
        return (key.to_owned(), String::new());
    }
    (format!("{path}.{key}"), "  ".repeat(path.split('.').count()))
}

/// One value on one line, as JSON if a terminal would act on it otherwise, and quoted if Helm's YAML 1.1 would not read it as text (`off`, `1e3`).
fn written(value: &Value) -> String {
    match value {
        Value::String(_) => yaml(value).map_or_else(|_| value.to_string(), |text| text.trim_end().to_owned()),
        _ => harmless_json(&value.to_string()),
    }
}
