//! The schema of the chart's values: what one value can be, and (in [`rules`]) what values can't be together. Helm enforces it.

use super::rules::rules;
use super::tree::{OF_HELM, maxmemory};
use serde_json::{Value, json};

/// The spec's schema without the keys that Helm has itself, in the forms that the templates print as they are, and with the rules
/// that tie values to each other.
pub(super) fn schema() -> Value {
    let mut schema = crate::spec::schema();
    schema["title"] = json!("Values of the chart sticky-sessions");
    if let Some(properties) = schema["properties"].as_object_mut() {
        properties.retain(|key, _| !OF_HELM.contains(&key.as_str()));
    }
    plain(&mut schema["properties"]);
    require(&mut schema);
    schema["allOf"] = rules();
    // Helm adds this if the chart is a subchart.
    schema["properties"]["global"] = json!({"type": "object", "description": "Values of a parent chart; this chart uses none."});
    schema
}

/// Templates do no arithmetic: sizes that Redis reads are bytes, and networks have their prefix.
fn plain(properties: &mut Value) {
    let redis = &mut properties["redis"]["properties"];
    redis["maxmemory"] = json!({
        "type": "integer",
        "minimum": 1 << 20,
        "description": format!("{} In bytes.", redis["maxmemory"]["description"].as_str().unwrap_or_default()),
        "default": maxmemory(&crate::spec::StickyApp::default()),
    });
    for (group, key) in [("ingress", "trustedProxies"), ("networkPolicy", "allowFrom")] {
        let list = &mut properties[group]["properties"][key];
        list["items"] = json!({"allOf": [list["items"].clone(), {"type": "string", "pattern": "/[0-9]+$"}]});
    }
}

/// Requires every key that has a default, in groups that are always there. Helm merges the user's values into `values.yaml`, so a
/// key is missing only if the user removed it with `null`. That has a meaning for a key that may be left out (no CPU limit);
/// elsewhere nothing could take its place. Lists and maps may be removed: then they are empty.
fn require(schema: &mut Value) {
    let mut required = Vec::new();
    for (key, property) in schema["properties"].as_object_mut().into_iter().flatten() {
        let is_group = property["type"] == "object" && property.get("properties").is_some();
        if is_group {
            require(property);
        }
        let may_go = property["type"].as_array().is_some_and(|types| types.iter().any(|of| of == "null"));
        let has_text = property.get("default").is_some_and(|default| !default.is_array() && !default.is_object());
        if (has_text && !may_go) || (is_group && property.get("required").is_some()) {
            required.push(key.clone());
        }
    }
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
}
