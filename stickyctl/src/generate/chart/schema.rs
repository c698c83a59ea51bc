//! The schema of the chart's values.

use super::OF_HELM;
use serde_json::{Value, json};

/// The spec's schema without what Helm says itself. A key with a default is required: Helm lays what is said over `values.yaml`,
/// so it is missing only where somebody took it away with `null`. That has a meaning where a key may be left out (no limit of
/// the processor); elsewhere nothing could stand in its place.
pub(super) fn schema() -> Value {
    let mut schema = crate::spec::schema();
    schema["title"] = json!("Values of the chart sticky-sessions");
    if let Some(properties) = schema["properties"].as_object_mut() {
        properties.retain(|key, _| !OF_HELM.contains(&key.as_str()));
    }
    require(&mut schema);
    // Helm adds it where the chart is a part of another.
    schema["properties"]["global"] = json!({"type": "object", "description": "Values of a chart around this one; none is read here."});
    schema
}

/// Requires what has a default, in groups that are always there. Lists and maps may be taken away: then they are empty.
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
