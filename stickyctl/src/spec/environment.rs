//! `STICKYCTL_*`: each key of the spec has a name, `ingress.cookie.sameSite` is `STICKYCTL_INGRESS_COOKIE_SAME_SITE`.

use super::keys::{KEYS, Written, nearest};
use super::load::place;
use super::{Findings, Problem};
use serde_json::{Value, json};

/// What every name begins with.
pub const PREFIX: &str = "STICKYCTL_";

/// The variable of a key.
#[must_use]
pub fn variable(path: &str) -> String {
    let mut name = PREFIX.to_owned();
    for c in path.chars() {
        match c {
            '.' => name.push('_'),
            c if c.is_ascii_uppercase() => name.extend(['_', c]),
            c => name.push(c.to_ascii_uppercase()),
        }
    }
    name
}

/// Reads the variables of the spec. `others` are names that other commands have: they are neither read nor unknown.
///
/// An empty variable counts as none, as shells leave them.
pub fn read(variables: impl IntoIterator<Item = (String, String)>, others: &[String], findings: &mut Findings) -> Value {
    let mut mine: Vec<_> = variables.into_iter().filter(|(name, value)| name.starts_with(PREFIX) && !value.is_empty()).collect();
    mine.sort();
    let known: Vec<(String, &str, Written)> = KEYS.iter().map(|(path, written)| (variable(path), *path, *written)).collect();
    let mut tree = json!({});
    for (name, text) in mine {
        let Some((_, path, written)) = known.iter().find(|(variable, ..)| *variable == name) else {
            if !others.contains(&name) {
                let near = nearest(&name, known.iter().map(|(variable, ..)| variable.as_str()));
                let hint = near.map(|near| format!("; did you mean {near}?")).unwrap_or_default();
                findings.warnings.push(format!("{name}: no such setting, it is left out{hint}"));
            }
            continue;
        };
        let value = match written {
            Written::Text => Ok(Value::String(text)),
            Written::Yaml => serde_yaml::from_str(&text).map_err(|e| e.to_string()),
        };
        match value {
            Ok(value) => place(&mut tree, path, value),
            Err(why) => findings.problems.push(Problem::new(*path, format!("{name} is not readable: {why}"))),
        }
    }
    tree
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(all: &[(&str, &str)]) -> Vec<(String, String)> {
        all.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn names_and_values() {
        assert_eq!(variable("ingress.cookie.changeOnFailure"), "STICKYCTL_INGRESS_COOKIE_CHANGE_ON_FAILURE");
        let mut findings = Findings::default();
        let tree = read(
            pairs(&[
                ("STICKYCTL_NAME", "17"),
                ("STICKYCTL_AUTOSCALING_MAX", "5"),
                ("STICKYCTL_INGRESS_TRUSTED_PROXIES", "[192.0.2.0/24]"),
                ("STICKYCTL_INGRESS_HOST", ""),
                ("HOME", "/root"),
            ]),
            &[],
            &mut findings,
        );
        assert_eq!(tree, json!({"name": "17", "autoscaling": {"max": 5}, "ingress": {"trustedProxies": ["192.0.2.0/24"]}}));
        assert_eq!(findings, Findings::default());
    }

    #[test]
    fn unknown_names_are_reported_and_left_out() {
        let mut findings = Findings::default();
        let tree = read(pairs(&[("STICKYCTL_NAMESPCE", "x"), ("STICKYCTL_PORT", "1")]), &["STICKYCTL_PORT".to_owned()], &mut findings);
        assert_eq!(tree, json!({}));
        assert_eq!(findings.warnings, ["STICKYCTL_NAMESPCE: no such setting, it is left out; did you mean STICKYCTL_NAMESPACE?"]);
    }

    #[test]
    fn no_two_keys_share_a_name() {
        let mut names: Vec<String> = KEYS.iter().map(|(path, _)| variable(path)).collect();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), KEYS.len());
    }
}
