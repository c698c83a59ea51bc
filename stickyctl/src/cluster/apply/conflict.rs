//! Fields that other managers own.

use crate::exit::{Exit, Explained};
use crate::generate::meta::canary_name;
use kube::core::Status;

/// One field and one of its owners.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Conflict {
    /// As in `.spec.replicas`.
    pub(crate) field: String,
    /// The field manager's name, and the subresource that it wrote through.
    pub(crate) owner: String,
}

/// The conflicts in an answer 409; empty if it is about something else (an old resource version, a uid).
pub(super) fn read(status: &Status) -> Vec<Conflict> {
    let causes = status.details.iter().flat_map(|details| &details.causes);
    causes
        .filter(|cause| cause.reason == "FieldManagerConflict")
        .map(|cause| Conflict { field: cause.field.clone(), owner: owner(&cause.message) })
        .collect()
}

/// `kubectl (scale)` from `conflict with "kubectl" with subresource "scale" using apps/v1 at …`.
fn owner(message: &str) -> String {
    let mut quoted = message.split('"').skip(1).step_by(2);
    let name = quoted.next().unwrap_or("an unnamed field manager");
    match quoted.next().filter(|_| message.contains("with subresource")) {
        Some(subresource) => format!("{name} ({subresource})"),
        None => name.to_owned(),
    }
}

/// All conflicts of an apply, by object title. Nothing was written.
#[derive(Debug, thiserror::Error)]
#[error("applying: others manage {}; nothing was written\n\n{}", fields(.0), lines(.0))]
pub(crate) struct Conflicts(pub(crate) Vec<(String, Vec<Conflict>)>);

impl Conflicts {
    /// Whether they are about no other fields.
    pub(crate) fn all_in(&self, fields: &[&str]) -> bool {
        all(&self.0).all(|(_, conflict)| fields.contains(&conflict.field.as_str()))
    }
}

fn all(found: &[(String, Vec<Conflict>)]) -> impl Iterator<Item = (&str, &Conflict)> {
    found.iter().flat_map(|(title, all)| all.iter().map(move |conflict| (title.as_str(), conflict)))
}

fn fields(found: &[(String, Vec<Conflict>)]) -> String {
    match all(found).count() {
        1 => "a field".to_owned(),
        count => format!("{count} fields"),
    }
}

fn lines(found: &[(String, Vec<Conflict>)]) -> String {
    let lines: Vec<String> = all(found).map(|(title, one)| format!("  {title}  {}  managed by {}", one.field, one.owner)).collect();
    lines.join("\n")
}

impl Explained for Conflicts {
    fn exit(&self) -> Exit {
        Exit::Failed
    }

    fn next_steps(&self) -> Vec<String> {
        // `scale` and the mode are about the number of the other pods.
        let is_canarys = |title: &str| title.ends_with(&canary_name(""));
        let only_replicas = all(&self.0).all(|(title, conflict)| conflict.field == ".spec.replicas" && !is_canarys(title));
        let about_replicas = [
            "stickyctl up                     without a mode: keeps the number of pods",
            "stickyctl scale N                takes over the number of pods",
        ];
        let force = "stickyctl up --force-conflicts   takes ownership of every field listed above";
        about_replicas.into_iter().filter(|_| only_replicas).chain([force]).map(str::to_owned).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn owners() {
        assert_eq!(owner(r#"conflict with "kubectl" with subresource "scale" using apps/v1 at 2026-01-02T03:04:05Z"#), "kubectl (scale)");
        assert_eq!(owner(r#"conflict with "helm""#), "helm");
        assert_eq!(owner("conflict"), "an unnamed field manager");
    }
}
