//! Fields that somebody else owns.

use crate::exit::{Exit, Failure};
use kube::core::Status;

/// One field and one of its owners.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// As in `.spec.replicas`.
    pub field: String,
    /// The owner's name, and the subresource that it came by.
    pub owner: String,
}

/// The conflicts in an answer 409; none where it is about something else (an old resource version, a uid).
#[must_use]
pub fn read(status: &Status) -> Vec<Conflict> {
    let causes = status.details.iter().flat_map(|details| &details.causes);
    causes
        .filter(|cause| cause.reason == "FieldManagerConflict")
        .map(|cause| Conflict { field: cause.field.clone(), owner: owner(&cause.message) })
        .collect()
}

/// From `conflict with "kubectl" with subresource "scale" using apps/v1 at …` the name and the subresource.
fn owner(message: &str) -> String {
    let mut quoted = message.split('"').skip(1).step_by(2);
    let name = quoted.next().unwrap_or("an unnamed manager");
    match quoted.next().filter(|_| message.contains("with subresource")) {
        Some(subresource) => format!("{name} ({subresource})"),
        None => name.to_owned(),
    }
}

/// The failure of an apply: object by object, field and owner.
#[must_use]
pub fn failure(found: &[(String, Vec<Conflict>)]) -> Failure {
    let lines: Vec<String> =
        found.iter().flat_map(|(title, all)| all.iter().map(move |c| format!("  {title}  {}  owned by {}", c.field, c.owner))).collect();
    let fields = if lines.len() == 1 { "a field is".to_owned() } else { format!("{} fields are", lines.len()) };
    let only_replicas = found.iter().flat_map(|(_, all)| all).all(|conflict| conflict.field == ".spec.replicas");
    let failure = Failure::new(Exit::Failed, format!("applying: {fields} owned by somebody else; nothing was written\n\n{}", lines.join("\n")));
    let failure = if only_replicas {
        failure
            .try_this("stickyctl up                     without a mode: the number of pods stays as it is")
            .try_this("stickyctl scale N                takes the number over")
    } else {
        failure
    };
    failure.try_this("stickyctl up --force-conflicts   takes over all that is named above")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn owners() {
        assert_eq!(owner(r#"conflict with "kubectl" with subresource "scale" using apps/v1 at 2026-01-02T03:04:05Z"#), "kubectl (scale)");
        assert_eq!(owner(r#"conflict with "helm""#), "helm");
        assert_eq!(owner("conflict"), "an unnamed manager");
    }

    #[test]
    fn replicas_alone_have_two_more_ways_out() {
        let conflict = |field: &str| Conflict { field: field.to_owned(), owner: "kubectl".to_owned() };
        let one = failure(&[("deployment a".to_owned(), vec![conflict(".spec.replicas")])]);
        assert!(one.what.contains("a field is owned") && one.what.contains("deployment a  .spec.replicas  owned by kubectl"), "{}", one.what);
        assert_eq!(one.tries.len(), 3);
        let two = failure(&[("deployment a".to_owned(), vec![conflict(".spec.replicas"), conflict(".spec.paused")])]);
        assert!(two.what.contains("2 fields are"), "{}", two.what);
        assert_eq!(two.tries.len(), 1);
    }
}
