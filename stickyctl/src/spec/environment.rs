//! `STICKYCTL_*`: each key of the spec has a variable; that of `ingress.cookie.sameSite` is `STICKYCTL_INGRESS_COOKIE_SAME_SITE`.

use super::findings::{Findings, Problem};
use super::keys::{Key, Written, keys, nearest};
use super::tree::place;
use super::yaml;
use serde_json::{Value, json};
use std::ffi::OsString;

/// What every name starts with.
pub(crate) const PREFIX: &str = "STICKYCTL_";

/// The variable of a key.
fn variable(path: &str) -> String {
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

/// Reads the variables of the spec. `others` are variables of other commands: they are neither read nor reported.
///
/// An empty variable counts as unset.
pub(super) fn read(variables: impl IntoIterator<Item = (OsString, OsString)>, others: &[String], findings: &mut Findings) -> Value {
    let named = variables.into_iter().map(|(name, value)| (name.to_string_lossy().into_owned(), value));
    let mut mine: Vec<_> = named.filter(|(name, value)| name.starts_with(PREFIX) && !value.is_empty()).collect();
    mine.sort();
    let mut tree = json!({});
    if mine.is_empty() {
        return tree;
    }
    let known: Vec<(String, &Key)> = keys().iter().map(|key| (variable(&key.path), key)).collect();
    for (name, text) in mine {
        let Some((_, Key { path, written })) = known.iter().find(|(variable, _)| *variable == name) else {
            if !others.contains(&name) {
                let near = nearest(&name, known.iter().map(|(variable, _)| variable.as_str()));
                let hint = near.map(|near| format!("; did you mean {near}?")).unwrap_or_default();
                findings.warnings.push(format!("{name} is ignored: unknown variable{hint}"));
            }
            continue;
        };
        let value = match (text.into_string(), written) {
            (Err(_), _) => Err("it is not UTF-8".to_owned()),
            (Ok(text), Written::Text) => Ok(Value::String(text)),
            (Ok(text), Written::Yaml) => yaml::read(&text),
        };
        match value {
            Ok(value) => place(&mut tree, path, value),
            Err(why) => findings.problems.push(Problem::new(path, format!("invalid value of {name}: {why}"))),
        }
    }
    tree
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::ffi::OsStringExt;

    fn pairs(all: &[(&str, &str)]) -> Vec<(OsString, OsString)> {
        all.iter().map(|(name, value)| (name.into(), value.into())).collect()
    }

    #[test]
    fn what_is_not_utf_8_is_no_default() {
        let mut findings = Findings::default();
        let bad = || OsString::from_vec(b"a\xff".to_vec());
        let all = [("STICKYCTL_NAME".into(), bad()), ("STICKYCTL_AUTOSCALING_MAX".into(), bad()), ("HOME".into(), bad())];
        read(all.into_iter().chain([(OsString::from_vec(b"STICKYCTL_NAM\xff".to_vec()), "x".into())]), &[], &mut findings);
        let problems: Vec<String> = findings.problems.iter().map(ToString::to_string).collect();
        assert_eq!(
            problems,
            [
                "autoscaling.max: invalid value of STICKYCTL_AUTOSCALING_MAX: it is not UTF-8",
                "name: invalid value of STICKYCTL_NAME: it is not UTF-8"
            ]
        );
        assert_eq!(findings.warnings.len(), 1, "{findings:?}");
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
        assert_eq!(findings.warnings, ["STICKYCTL_NAMESPCE is ignored: unknown variable; did you mean STICKYCTL_NAMESPACE?"]);
    }

    #[test]
    fn no_two_keys_share_a_name() {
        let mut names: Vec<String> = keys().iter().map(|key| variable(&key.path)).collect();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), keys().len());
    }
}
