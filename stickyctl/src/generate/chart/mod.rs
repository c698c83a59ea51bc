//! The Helm chart's files that follow from the spec: values, their schema, tables that templates look things up in.
//!
//! The values are the spec's own keys in the spec's own shape, without `name` and `namespace`, which are the Helm release's. The
//! templates are written by hand; that they make the same objects as [`objects`](super::objects) is a test's business.

mod schema;
mod tables;
mod text;

use super::preset::Preset;
use crate::spec::StickyApp;
use serde_json::{Value, json};

/// The keys of a spec that Helm says itself.
const OF_HELM: [&str; 2] = ["name", "namespace"];

const HEADER: &str = "\
# Values of the chart `sticky-sessions`: every key with its default, as helm/values.schema.json has it.
# A key with `null` is left out; its text says what that means.
# Written by `cargo xtask generate` from the types in stickyctl/src/spec.
";

/// A spec as values of the chart. A key that the chart has a default for and the spec leaves out is `null`, which takes the
/// default away.
#[must_use]
pub fn values(spec: &StickyApp) -> Value {
    let mut tree = tree(spec);
    take_away(&mut tree, &self::tree(&StickyApp::default()));
    tree
}

/// The same as a values file.
#[must_use]
pub fn values_text(spec: &StickyApp) -> String {
    let (name, namespace) = (&spec.name, &spec.namespace);
    format!("# helm install {name} ./helm --namespace {namespace} --create-namespace --values THIS_FILE\n{}", text::plain(&values(spec)))
}

/// All generated files of the chart, by their paths from the root of the tree.
#[must_use]
pub fn files() -> Vec<(String, String)> {
    let mut files = vec![
        ("helm/values.yaml".to_owned(), format!("{HEADER}\n{}", text::documented(&schema::schema()))),
        ("helm/values.schema.json".to_owned(), format!("{:#}\n", schema::schema())),
        ("helm/files/tables.yaml".to_owned(), tables::text()),
    ];
    for preset in Preset::ALL {
        let name = preset.name();
        let said = json!({"mode": preset.mode().to_string(), "ingress": {"frontDoor": preset.front_door()}});
        files.push((format!("helm/ci/{name}-values.yaml"), format!("# The preset {name}.\n{}", text::plain(&said))));
    }
    files
}

fn tree(spec: &StickyApp) -> Value {
    // A spec is plain data: it always has a JSON form.
    let mut tree = serde_json::to_value(spec).unwrap_or_default();
    if let Value::Object(map) = &mut tree {
        map.retain(|key, _| !OF_HELM.contains(&key.as_str()));
    }
    tree
}

fn take_away(tree: &mut Value, defaults: &Value) {
    let (Value::Object(tree), Value::Object(defaults)) = (tree, defaults) else { return };
    for (key, default) in defaults {
        take_away(tree.entry(key).or_insert(Value::Null), default);
    }
}

#[cfg(test)]
mod tests;
