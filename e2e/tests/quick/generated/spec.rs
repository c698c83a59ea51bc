//! `docs/spec.md`: every key of the spec, from its JSON Schema.

use serde_json::Value;
use std::fmt::Write as _;
use stickyctl::spec::keys::keys;

const HEAD: &str = "\
# The spec

<!-- generated: cargo xtask generate -->

A spec describes a release in one file, for `stickyctl up -f` and `stickyctl render -f`. The Helm chart's values have the same keys, without
`name` and `namespace` and with `redis.maxmemory` in bytes. You may leave out every key. Each key also has an environment variable, `STICKYCTL_`
and its words in capitals: `ingress.cookie.sameSite` is `STICKYCTL_INGRESS_COOKIE_SAME_SITE`.

[`spec.schema.json`](spec.schema.json) describes the same for editors. With `# yaml-language-server: $schema=…/spec.schema.json` in the first
line of a spec they complete and check its keys.

stickyctl also refuses a spec if:

- two values contradict each other;
- browsers would drop the cookie (`SameSite=None` or a `__Host-` name without Secure);
- nothing would stick (a lifetime of 0);
- the cookie's name is already used by a well-known application or proxy;
- the front door would ignore one of its keys.

Each error has a reason and says what to write instead.
";

pub(super) fn page() -> String {
    let schema = stickyctl::spec::schema();
    let mut text = HEAD.to_owned();
    let group = |path: &'static str| path.split_once('.').map_or("", |(first, _)| first);
    let mut groups: Vec<&str> = vec![""];
    for key in keys() {
        if !groups.contains(&group(&key.path)) {
            groups.push(group(&key.path));
        }
    }
    for name in groups {
        let about = schema["properties"][name]["description"].as_str().unwrap_or("The release itself.");
        let title = if name.is_empty() { "The release" } else { name };
        // Writing to a string can't fail.
        let _ = write!(text, "\n## {title}\n\n{about}\n\n| key | default | |\n|---|---|---|\n");
        for path in keys().iter().map(|key| key.path.as_str()).filter(|path| group(path) == name) {
            let pointer: String = path.split('.').map(|key| format!("/properties/{key}")).collect();
            let key = schema.pointer(&pointer).unwrap_or(&Value::Null);
            let _ = writeln!(text, "| `{path}` | {} | {} |", default(&key["default"]), self::about(key));
        }
    }
    text
}

fn default(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => format!("`{text}`"),
        other => format!("`{other}`"),
    }
}

/// The key's description, and its possible values.
fn about(key: &Value) -> String {
    let mut parts: Vec<String> = key["description"].as_str().map(|text| text.replace('\n', " ").replace('|', "\\|")).into_iter().collect();
    let texts = key["enumDescriptions"].as_array();
    let words = key["enum"].as_array().into_iter().flatten().enumerate().filter_map(|(place, word)| {
        let about = texts.and_then(|texts| texts.get(place)?.as_str()).unwrap_or_default().trim_end_matches('.');
        Some(if about.is_empty() { format!("`{}`", word.as_str()?) } else { format!("`{}` ({about})", word.as_str()?) })
    });
    let words: Vec<String> = words.collect();
    if !words.is_empty() {
        parts.push(format!("{}.", words.join(", ")));
    }
    match (key["minimum"].as_f64(), key["maximum"].as_f64()) {
        (Some(least), Some(most)) => parts.push(format!("{least} to {most}.")),
        (Some(least), None) => parts.push(format!("At least {least}.")),
        _ => {}
    }
    let fields = key["items"]["properties"].as_object().into_iter().flatten();
    let fields: Vec<String> = fields.map(|(name, field)| format!("`{name}`: {}", about(field))).collect();
    if !fields.is_empty() {
        parts.push(format!("Each has {}", fields.join(" ")));
    }
    let examples: Vec<String> = key["examples"].as_array().into_iter().flatten().map(default).collect();
    if !examples.is_empty() {
        parts.push(format!("As in {}.", examples.join(", ")));
    }
    parts.join(" ")
}
