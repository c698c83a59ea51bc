//! The differences between two states of an object, for people.

use kube::api::DynamicObject;
use serde_json::Value;

/// Fields that are shown; more are only counted.
const MOST: usize = 12;
/// Characters of a value that are shown.
const LONGEST: usize = 60;

/// The object without what the API server maintains itself.
pub(super) fn plain(object: &DynamicObject) -> Value {
    let mut value = serde_json::to_value(object).unwrap_or_default();
    if let Some(map) = value.as_object_mut() {
        map.remove("status");
    }
    if let Some(meta) = value.pointer_mut("/metadata").and_then(Value::as_object_mut) {
        for own in ["managedFields", "resourceVersion", "generation", "uid", "creationTimestamp"] {
            meta.remove(own);
        }
    }
    value
}

/// The fields that differ, as in `.spec.replicas: 3 to 5`.
pub(super) fn fields(before: &Value, after: &Value) -> Vec<String> {
    let mut found = Vec::new();
    walk("", before, after, &mut found);
    if found.len() > MOST {
        let more = found.len() - MOST;
        found.truncate(MOST);
        found.push(format!("and {more} more"));
    }
    found
}

fn walk(path: &str, before: &Value, after: &Value, found: &mut Vec<String>) {
    match (before, after) {
        (Value::Object(old), Value::Object(new)) => {
            for (key, value) in old {
                walk(&format!("{path}.{key}"), value, new.get(key).unwrap_or(&Value::Null), found);
            }
            for (key, value) in new.iter().filter(|(key, _)| !old.contains_key(*key)) {
                walk(&format!("{path}.{key}"), &Value::Null, value, found);
            }
        }
        (Value::Array(old), Value::Array(new)) if old.len() == new.len() => {
            for (place, (old, new)) in old.iter().zip(new).enumerate() {
                walk(&format!("{path}[{place}]"), old, new, found);
            }
        }
        _ if before == after => {}
        _ => found.push(format!("{path}: {} to {}", short(before), short(after))),
    }
}

fn short(value: &Value) -> String {
    let text = match value {
        Value::Null => return "none".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    if text.chars().count() <= LONGEST { text } else { format!("{}…", text.chars().take(LONGEST).collect::<String>()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn differences_have_a_path_and_both_values() {
        let before = json!({"spec": {"replicas": 3, "list": [1, 2], "gone": true, "same": {"a": 1}}});
        let after = json!({"spec": {"replicas": 5, "list": [1, 3], "new": "x", "same": {"a": 1}}});
        assert_eq!(fields(&before, &after), [".spec.gone: true to none", ".spec.list[1]: 2 to 3", ".spec.replicas: 3 to 5", ".spec.new: none to x"]);
        assert!(fields(&before, &before).is_empty());
        let many: Value = (0..20).map(|n| (n.to_string(), json!(n))).collect::<serde_json::Map<_, _>>().into();
        assert_eq!(fields(&json!({}), &many).last().map(String::as_str), Some("and 8 more"));
    }
}
