//! Trees of values in the shape of a spec: merging, placing, pruning.

use serde_json::{Value, json};

/// Lays one tree over another: maps are merged, null leaves what is there, anything else replaces it.
pub(crate) fn merge(below: &mut Value, above: Value) {
    match (below, above) {
        (_, Value::Null) => {}
        (Value::Object(below), Value::Object(above)) => {
            for (key, value) in above {
                merge(below.entry(key).or_insert(Value::Null), value);
            }
        }
        (below, above) => *below = above,
    }
}

/// Puts a value at a path of keys, as in `ingress.host`.
pub(super) fn place(tree: &mut Value, path: &str, value: Value) {
    let nested = path.rsplit('.').fold(value, |value, key| json!({ key: value }));
    merge(tree, nested);
}

/// Drops keys whose value is null: they keep the default.
pub(super) fn prune(tree: &mut Value) {
    if let Value::Object(map) = tree {
        map.retain(|_, value| !value.is_null());
        map.values_mut().for_each(prune);
    }
}
