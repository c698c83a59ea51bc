//! Server-side apply: what each field manager owns, and who is in the way. Lists of objects with a `name` are maps by it, as
//! containers and their variables are; all other lists are owned as a whole.

use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// A path of `f:key` and `k:{"name":"…"}`.
type Path = Vec<String>;

/// A field that somebody else owns, as the API server names it.
pub(super) struct Conflict {
    pub(super) field: String,
    pub(super) message: String,
}

/// An object's fields in the form of `fieldsV1`.
pub(super) fn fields(object: &Value) -> Value {
    tree(&leaves(object))
}

/// Lays `applied` over the live object.
pub(super) fn apply(live: Option<&Value>, applied: &Value, manager: &str, force: bool) -> Result<Value, Vec<Conflict>> {
    let mut result =
        live.cloned().unwrap_or_else(|| json!({"apiVersion": applied["apiVersion"], "kind": applied["kind"], "metadata": applied["metadata"]}));
    let mut entries = result["metadata"]["managedFields"].as_array().cloned().unwrap_or_default();
    let is_own = |entry: &Value| entry["manager"] == manager && entry["operation"] == "Apply";
    let wanted = leaves(applied);
    let before: BTreeSet<Path> = entries.iter().filter(|entry| is_own(entry)).flat_map(|entry| paths(&entry["fieldsV1"])).collect();
    let mut conflicts = Vec::new();
    for (path, value) in &wanted {
        if get(&result, path) == Some(value) {
            continue;
        }
        for entry in entries.iter_mut().filter(|entry| !is_own(entry)) {
            let mut owned: BTreeSet<Path> = paths(&entry["fieldsV1"]).collect();
            if owned.remove(path) {
                if force {
                    entry["fieldsV1"] = tree_of(owned.iter());
                } else {
                    conflicts.push(Conflict { field: name(path), message: message(entry) });
                }
            }
        }
        set(&mut result, path, value.clone());
    }
    if !conflicts.is_empty() {
        return Err(conflicts);
    }
    let now: BTreeSet<Path> = wanted.iter().map(|(path, _)| path.clone()).collect();
    let others: BTreeSet<Path> = entries.iter().filter(|entry| !is_own(entry)).flat_map(|entry| paths(&entry["fieldsV1"])).collect();
    for path in before.difference(&now).filter(|path| !others.contains(*path)) {
        remove(&mut result, path);
    }
    if before != now || !entries.iter().any(is_own) {
        entries.retain(|entry| !is_own(entry));
        entries.push(json!({"manager": manager, "operation": "Apply", "apiVersion": applied["apiVersion"], "fieldsType": "FieldsV1", "fieldsV1": tree(&wanted)}));
    }
    result["metadata"]["managedFields"] = Value::Array(entries);
    Ok(result)
}

fn message(entry: &Value) -> String {
    let manager = entry["manager"].as_str().unwrap_or_default();
    let subresource = entry["subresource"].as_str().map(|name| format!(" with subresource {name:?}")).unwrap_or_default();
    let using = if entry["operation"] == "Update" { format!(" using {}", entry["apiVersion"].as_str().unwrap_or_default()) } else { String::new() };
    format!("conflict with {manager:?}{subresource}{using}")
}

/// As in `.spec.template.spec.containers[name="app"].image`.
fn name(path: &Path) -> String {
    let parts = path.iter().map(|part| match part.strip_prefix("f:") {
        Some(key) => format!(".{key}"),
        None => format!("[name={}]", &part["k:{\"name\":".len()..part.len() - 1]),
    });
    parts.collect()
}

/// All fields that an applied object sets. Kind, version, name and namespace are not owned.
fn leaves(object: &Value) -> Vec<(Path, Value)> {
    let mut all = Vec::new();
    for (key, value) in object.as_object().into_iter().flatten() {
        match key.as_str() {
            "apiVersion" | "kind" | "status" => {}
            "metadata" => {
                for key in ["labels", "annotations"] {
                    walk(&mut vec!["f:metadata".to_owned(), format!("f:{key}")], &value[key], &mut all);
                }
            }
            _ => walk(&mut vec![format!("f:{key}")], value, &mut all),
        }
    }
    all
}

fn is_keyed(list: &[Value]) -> bool {
    !list.is_empty() && list.iter().all(|item| item["name"].is_string())
}

fn walk(path: &mut Path, value: &Value, all: &mut Vec<(Path, Value)>) {
    match value {
        Value::Null => {}
        Value::Object(map) if !map.is_empty() => {
            for (key, value) in map {
                path.push(format!("f:{key}"));
                walk(path, value, all);
                path.pop();
            }
        }
        Value::Array(list) if is_keyed(list) => {
            for item in list {
                path.push(json!({"name": item["name"]}).to_string().replace("{\"name\"", "k:{\"name\""));
                walk(path, item, all);
                path.pop();
            }
        }
        leaf => all.push((path.clone(), leaf.clone())),
    }
}

fn tree(leaves: &[(Path, Value)]) -> Value {
    tree_of(leaves.iter().map(|(path, _)| path))
}

fn tree_of<'a>(paths: impl Iterator<Item = &'a Path>) -> Value {
    let mut root = json!({});
    for path in paths {
        let mut at = &mut root;
        for part in path {
            at = at.as_object_mut().unwrap().entry(part.clone()).or_insert_with(|| json!({}));
        }
    }
    root
}

fn paths(tree: &Value) -> impl Iterator<Item = Path> {
    fn down(at: &Map<String, Value>, path: &mut Path, all: &mut Vec<Path>) {
        if at.is_empty() {
            all.push(path.clone());
        }
        for (key, below) in at {
            path.push(key.clone());
            down(below.as_object().unwrap(), path, all);
            path.pop();
        }
    }
    let mut all = Vec::new();
    if let Some(map) = tree.as_object().filter(|map| !map.is_empty()) {
        down(map, &mut Vec::new(), &mut all);
    }
    all.into_iter()
}

fn key_name(part: &str) -> Option<Value> {
    let key: Value = serde_json::from_str(part.strip_prefix("k:")?).unwrap();
    Some(key["name"].clone())
}

fn get<'a>(object: &'a Value, path: &[String]) -> Option<&'a Value> {
    path.iter().try_fold(object, |at, part| match key_name(part) {
        Some(name) => at.as_array()?.iter().find(|item| item["name"] == name),
        None => at.get(&part[2..]),
    })
}

fn set(object: &mut Value, path: &[String], value: Value) {
    let mut at = object;
    for part in path {
        at = match key_name(part) {
            Some(name) => {
                if !at.is_array() {
                    *at = json!([]);
                }
                let list = at.as_array_mut().unwrap();
                let place = list.iter().position(|item| item["name"] == name).unwrap_or_else(|| {
                    list.push(json!({"name": name}));
                    list.len() - 1
                });
                &mut list[place]
            }
            None => {
                if !at.is_object() {
                    *at = json!({});
                }
                &mut at[&part[2..]]
            }
        };
    }
    *at = value;
}

fn remove(object: &mut Value, path: &[String]) {
    let Some((last, above)) = path.split_last() else { return };
    let mut at = object;
    for part in above {
        let next = match key_name(part) {
            Some(name) => at.as_array_mut().and_then(|list| list.iter_mut().find(|item| item["name"] == name)),
            None => at.get_mut(&part[2..]),
        };
        let Some(next) = next else { return };
        at = next;
    }
    if let Some(map) = at.as_object_mut() {
        map.remove(&last[2..]);
    }
}
