//! What the templates look up: the tables that are data here too.

use crate::generate::front_door::TRAEFIK_READS;
use crate::spec::check::TAKEN;

/// As YAML: cookies that belong to others, and what each version of Traefik reads.
pub(super) fn text() -> String {
    let mut text =
        "# Written by `cargo xtask generate`; the templates read it.\n\n# Cookies of others, in lower case, and whose they are.\ncookies:\n"
            .to_owned();
    for (cookie, owner) in TAKEN {
        text.push_str(&format!("  {}: {}\n", quoted(&cookie.to_ascii_lowercase()), quoted(owner)));
    }
    text.push_str("\n# What Traefik reads of ingress-nginx' annotations that are ever written here, from which version on.\ntraefik:\n");
    for (version, keys) in TRAEFIK_READS {
        text.push_str(&format!("  - version: {}\n    reads:\n", quoted(&version.to_string())));
        keys.iter().for_each(|key| text.push_str(&format!("      - {key}\n")));
    }
    text
}

/// JSON's text is YAML's too.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
