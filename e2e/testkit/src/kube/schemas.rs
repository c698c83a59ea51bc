//! JSON schemas of all kinds that a cluster serves, for checking manifests without a cluster.

use super::Kube;
use anyhow::{Context, Result};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

const REFERENCE: &str = "#/components/schemas/";

/// Writes a schema for each kind into the folder, with the file name that kubeconform expects, and returns their number. The schemas
/// are strict: they reject fields that the server doesn't know.
pub async fn write(kube: &Kube, folder: &Path) -> Result<usize> {
    let index: Value = serde_json::from_str(&kube.run(&["get", "--raw", "/openapi/v3"]).await?)?;
    let groups = index["paths"].as_object().context("the API server's index has no paths")?;
    let mut count = 0;
    for (path, group) in groups {
        // `api/v1` and `apis/GROUP/VERSION`; other paths have no objects.
        if path == "api/v1" || path.starts_with("apis/") && path.split('/').count() == 3 {
            let url = group["serverRelativeURL"].as_str().with_context(|| format!("{path} has no address"))?;
            let document: Value = serde_json::from_str(&kube.run(&["get", "--raw", url]).await?)?;
            for (name, schema) in kinds(&document)? {
                fs::write(folder.join(name), schema.to_string())?;
                count += 1;
            }
        }
    }
    Ok(count)
}

/// The kinds in an OpenAPI 3 document, by file name.
fn kinds(document: &Value) -> Result<Vec<(String, Value)>> {
    let mut all = document["components"]["schemas"].as_object().context("a document without schemas")?.clone();
    all.values_mut().for_each(close);
    let mut kinds = Vec::new();
    for (name, schema) in &all {
        let own = schema["x-kubernetes-group-version-kind"].as_array().map(Vec::as_slice).unwrap_or_default();
        // Types that belong to every group, such as DeleteOptions, aren't manifests.
        if let [own] = own {
            let word = |key: &str| own[key].as_str().unwrap_or_default().to_lowercase();
            let group = word("group").split('.').next().map(|first| format!("-{first}")).filter(|first| first.len() > 1).unwrap_or_default();
            kinds.push((format!("{}{group}-{}.json", word("kind"), word("version")), alone(&all, name)));
        }
    }
    Ok(kinds)
}

/// A schema with everything that it refers to.
fn alone(all: &Map<String, Value>, name: &str) -> Value {
    let (mut wanted, mut found) = (vec![name.to_owned()], BTreeSet::new());
    while let Some(name) = wanted.pop() {
        if let Some(schema) = all.get(&name).filter(|_| found.insert(name.clone())) {
            references(schema, &mut wanted);
        }
    }
    let schemas: Map<String, Value> =
        all.iter().filter(|(name, _)| found.contains(*name)).map(|(name, schema)| (name.clone(), schema.clone())).collect();
    json!({"$ref": format!("{REFERENCE}{name}"), "components": {"schemas": schemas}})
}

fn references(value: &Value, into: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            into.extend(map.get("$ref").and_then(|name| name.as_str()?.strip_prefix(REFERENCE)).map(str::to_owned));
            map.values().for_each(|value| references(value, into));
        }
        Value::Array(all) => all.iter().for_each(|value| references(value, into)),
        _ => {}
    }
}

/// Allows only the listed fields, unless the server keeps unknown ones.
fn close(schema: &mut Value) {
    let Some(map) = schema.as_object_mut() else { return };
    let keeps = map.get("x-kubernetes-preserve-unknown-fields").and_then(Value::as_bool) == Some(true);
    if map.contains_key("properties") && !map.contains_key("additionalProperties") && !keeps {
        map.insert("additionalProperties".to_owned(), Value::Bool(false));
    }
    for key in ["properties", "items", "additionalProperties", "allOf", "anyOf", "oneOf"] {
        match map.get_mut(key) {
            Some(Value::Object(named)) if key == "properties" => named.values_mut().for_each(close),
            Some(Value::Array(all)) => all.iter_mut().for_each(close),
            Some(one) => close(one),
            None => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_closed_and_whole() {
        let group = json!([{"group": "apps.example.test", "version": "v1", "kind": "Thing"}]);
        let document = json!({"components": {"schemas": {
            "Thing": {"type": "object", "x-kubernetes-group-version-kind": group, "properties": {
                "spec": {"allOf": [{"$ref": "#/components/schemas/Spec"}]},
                "properties": {"type": "object", "additionalProperties": {"type": "string"}},
                "any": {"type": "object", "x-kubernetes-preserve-unknown-fields": true, "properties": {"a": {}}},
            }},
            "Spec": {"type": "object", "properties": {"again": {"$ref": "#/components/schemas/Spec"}}},
            "Other": {"type": "object"},
        }}});
        let kinds = kinds(&document).unwrap();
        let [(name, thing)] = kinds.as_slice() else { panic!("{kinds:?}") };
        assert_eq!((name.as_str(), &thing["$ref"]), ("thing-apps-v1.json", &json!("#/components/schemas/Thing")));
        let schemas = &thing["components"]["schemas"];
        assert_eq!(schemas.as_object().unwrap().keys().collect::<Vec<_>>(), ["Spec", "Thing"]);
        assert_eq!(schemas["Spec"]["additionalProperties"], false);
        assert_eq!(schemas["Thing"]["additionalProperties"], false);
        let properties = &schemas["Thing"]["properties"];
        assert_eq!(properties["properties"]["additionalProperties"], json!({"type": "string"}));
        assert!(properties["any"].get("additionalProperties").is_none() && properties.get("additionalProperties").is_none());
    }
}
