//! Rights: rules, and the pairs of role and binding.

use super::choice::Install;
use crate::generate::object::Object;
use k8s_openapi::api::rbac::v1::{ClusterRole, ClusterRoleBinding, PolicyRule, Role, RoleBinding, RoleRef, Subject};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

const GROUP: &str = "rbac.authorization.k8s.io";

/// The right to do `verbs` with `resources` of one API group.
pub(super) fn rule(group: &str, resources: &[&str], verbs: &[&str]) -> PolicyRule {
    let owned = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect();
    PolicyRule { api_groups: Some(vec![group.to_owned()]), resources: Some(owned(resources)), verbs: owned(verbs), ..PolicyRule::default() }
}

/// A ClusterRole and its binding.
pub(super) fn everywhere(install: &Install, rules: Vec<PolicyRule>) -> [Object; 2] {
    // Objects of the cluster carry the namespace in their name: a door of the same name may run in another.
    let name = format!("stickyctl-{}-{}", install.namespace, install.name());
    let role = ClusterRole { metadata: install.of_cluster(name.clone()), rules: Some(rules), ..ClusterRole::default() };
    let binding = ClusterRoleBinding {
        metadata: install.of_cluster(name.clone()),
        role_ref: role_ref("ClusterRole", name),
        subjects: Some(vec![subject((&install.name(), &install.namespace))]),
    };
    [role.into(), binding.into()]
}

/// A Role and its binding in one namespace, or nothing if there are no rules. The names distinguish a door's rights in its own namespace
/// from those in the watched one, because the two may be the same.
pub(super) fn within(install: &Install, namespace: &str, name: String, rules: Vec<PolicyRule>) -> Vec<Object> {
    if rules.is_empty() {
        return Vec::new();
    }
    role(ObjectMeta { name: Some(name), ..install.within(namespace) }, rules, (&install.name(), &install.namespace)).into()
}

/// A Role and its binding with this metadata, for a ServiceAccount by name and namespace.
pub(super) fn role(metadata: ObjectMeta, rules: Vec<PolicyRule>, account: (&str, &str)) -> [Object; 2] {
    let name = metadata.name.clone().unwrap_or_default();
    let binding = RoleBinding { metadata: metadata.clone(), role_ref: role_ref("Role", name), subjects: Some(vec![subject(account)]) };
    [Role { metadata, rules: Some(rules) }.into(), binding.into()]
}

fn role_ref(kind: &str, name: String) -> RoleRef {
    RoleRef { api_group: GROUP.to_owned(), kind: kind.to_owned(), name }
}

fn subject((name, namespace): (&str, &str)) -> Subject {
    Subject { kind: "ServiceAccount".to_owned(), name: name.to_owned(), namespace: Some(namespace.to_owned()), ..Subject::default() }
}
