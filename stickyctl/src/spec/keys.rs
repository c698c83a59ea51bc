//! The keys of a spec, as its schema has them, and the nearest one to a key that it doesn't have.

use super::schema::schema;
use super::sticky_app::StickyApp;
use serde_json::Value;
use std::sync::LazyLock;

/// A key whose value is not another group of keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// The whole path, as in `ingress.cookie.name`.
    pub path: String,
    /// How an environment variable, which is only text, gives the value.
    pub(super) written: Written,
}

/// How text becomes a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Written {
    /// As it is.
    Text,
    /// As YAML: a number, a boolean, a list in brackets, a map in braces.
    Yaml,
}

/// Every key of a spec. Within a group, keys that have a default come first, in the order in which the spec writes them.
#[must_use]
pub fn keys() -> &'static [Key] {
    static KEYS: LazyLock<Vec<Key>> = LazyLock::new(|| {
        // JSON objects are sorted here, YAML maps are not. A spec is plain data: it always has a YAML form.
        let order = serde_yaml::to_value(StickyApp::default()).unwrap_or_default();
        let mut all = Vec::new();
        collect(&schema(), &order, "", &mut all);
        all
    });
    &KEYS
}

fn collect(schema: &Value, order: &serde_yaml::Value, path: &str, all: &mut Vec<Key>) {
    let Some(properties) = schema["properties"].as_object() else {
        let text = match &schema["type"] {
            Value::Array(types) => types.iter().any(|of| of == "string"),
            of => of == "string",
        };
        return all.push(Key { path: path.to_owned(), written: if text { Written::Text } else { Written::Yaml } });
    };
    let first: Vec<&str> = order.as_mapping().into_iter().flatten().filter_map(|(key, _)| key.as_str()).collect();
    let rest = properties.keys().map(String::as_str).filter(|key| !first.contains(key));
    for key in first.iter().copied().chain(rest) {
        let path = if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
        collect(&properties[key], order.get(key).unwrap_or(&serde_yaml::Value::Null), &path, all);
    }
}

/// The candidate that `word` probably stands for: a quarter of its letters and one more may differ, ignoring case and dashes.
pub(crate) fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let plain = |text: &str| text.to_ascii_lowercase().replace(['-', '_'], "");
    let word = plain(word);
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(&word, &plain(candidate)), candidate))
        .filter(|(distance, candidate)| *distance <= 1 + candidate.len().min(word.len()) / 4)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// The only key whose last part is `key`; none if there are several.
pub(super) fn elsewhere(key: &str) -> Option<&'static str> {
    let mut places = keys().iter().map(|known| known.path.as_str()).filter(|path| path.rsplit('.').next() == Some(key));
    places.next().filter(|_| places.next().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_and_far() {
        let keys = ["name", "namespace", "mode", "exposeIdentity"];
        assert_eq!(nearest("namspace", keys), Some("namespace"));
        assert_eq!(nearest("expose-identity", keys), Some("exposeIdentity"));
        assert_eq!(nearest("nmae", keys), Some("name"));
        assert_eq!(nearest("replicas", keys), None);
    }

    #[test]
    fn right_key_wrong_place() {
        assert_eq!(elsewhere("host"), Some("ingress.host"));
        assert_eq!(elsewhere("memory"), None, "there are several");
    }

    /// Each key and how it is written in the environment, which is part of what users rely on.
    #[test]
    fn how_values_are_written() {
        let written = |path: &str| keys().iter().find(|key| key.path == path).unwrap().written;
        for path in [
            "name",
            "mode",
            "resources.limits.cpu",
            "redis.password.key",
            "ingress.cookie.sameSite",
            "ingress.websocketTimeout",
            "canary.version",
            "gateway.class",
            "gateway.api",
        ] {
            assert_eq!(written(path), Written::Text, "{path}");
        }
        for path in
            ["limits.maxBody", "ingress.cookie.secure", "ingress.trustedProxies", "autoscaling.min", "placement.nodeSelector", "gateway.hostnames"]
        {
            assert_eq!(written(path), Written::Yaml, "{path}");
        }
        let order: Vec<&str> = keys().iter().take(4).map(|key| key.path.as_str()).collect();
        assert_eq!((keys().len(), order), (71, vec!["name", "namespace", "mode", "image.name"]));
    }
}
