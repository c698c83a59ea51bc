//! Rights: rules, roles, and the bindings that give them to a ServiceAccount.

use super::object::Object;
use k8s_openapi::api::rbac::v1::{ClusterRole, ClusterRoleBinding, PolicyRule, Role, RoleBinding, RoleRef, Subject};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use std::collections::BTreeMap;

const GROUP: &str = "rbac.authorization.k8s.io";

/// A rule, and where it applies.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Right {
    /// The namespace; `None` is for kinds of the cluster, such as IngressClasses.
    pub(crate) namespace: Option<String>,
    pub(crate) rule: PolicyRule,
}

impl Right {
    /// The right to do `verbs` with `resources` of one API group in a namespace.
    pub(crate) fn within(namespace: &str, group: &str, resources: &[&str], verbs: &[&str]) -> Self {
        Self { namespace: Some(namespace.to_owned()), rule: rule(group, resources, verbs) }
    }

    /// Only for objects of this name.
    pub(crate) fn named(mut self, name: &str) -> Self {
        self.rule.resource_names = Some(vec![name.to_owned()]);
        self
    }

    /// The same for kinds that have no namespace.
    pub(crate) fn everywhere(group: &str, resources: &[&str], verbs: &[&str]) -> Self {
        Self { namespace: None, rule: rule(group, resources, verbs) }
    }
}

/// The right to do `verbs` with `resources` of one API group.
pub(super) fn rule(group: &str, resources: &[&str], verbs: &[&str]) -> PolicyRule {
    let owned = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect();
    PolicyRule { api_groups: Some(vec![group.to_owned()]), resources: Some(owned(resources)), verbs: owned(verbs), ..PolicyRule::default() }
}

/// A Role and its binding for each namespace, and a ClusterRole and its binding if a right needs one. `account` is the ServiceAccount's name
/// and namespace; a Role of another namespace, and a ClusterRole, have its namespace in their name.
pub(crate) fn grant(rights: &[Right], labels: &BTreeMap<String, String>, account: (&str, &str)) -> Vec<Object> {
    let (name, own) = account;
    let mut by_namespace: BTreeMap<Option<&str>, Vec<PolicyRule>> = BTreeMap::new();
    for right in rights {
        let rules = by_namespace.entry(right.namespace.as_deref()).or_default();
        if !rules.contains(&right.rule) {
            rules.push(right.rule.clone());
        }
    }
    let labels = Some(labels.clone()).filter(|labels| !labels.is_empty());
    let far = || format!("{own}-{name}");
    let roles = by_namespace.into_iter().map(|(namespace, rules)| match namespace {
        None => cluster_role(ObjectMeta { name: Some(far()), labels: labels.clone(), ..ObjectMeta::default() }, rules, account),
        Some(namespace) => {
            let name = if namespace == own { name.to_owned() } else { far() };
            let metadata = ObjectMeta { name: Some(name), namespace: Some(namespace.to_owned()), labels: labels.clone(), ..ObjectMeta::default() };
            role(metadata, rules, account)
        }
    });
    roles.flatten().collect()
}

/// A ClusterRole and its binding with this metadata, for a ServiceAccount by name and namespace.
pub(super) fn cluster_role(metadata: ObjectMeta, rules: Vec<PolicyRule>, account: (&str, &str)) -> [Object; 2] {
    let name = metadata.name.clone().unwrap_or_default();
    let binding = ClusterRoleBinding { metadata: metadata.clone(), role_ref: role_ref("ClusterRole", name), subjects: Some(vec![subject(account)]) };
    [ClusterRole { metadata, rules: Some(rules), ..ClusterRole::default() }.into(), binding.into()]
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_for_each_namespace() {
        let pods = |namespace: &str| Right::within(namespace, "", &["pods"], &["get", "list"]);
        let classes = Right::everywhere("networking.k8s.io", &["ingressclasses"], &["list"]);
        let granted = grant(&[pods("shop"), pods("edge"), pods("shop"), classes], &BTreeMap::new(), ("verify-1", "shop"));
        let titles: Vec<String> = granted.iter().map(|object| format!("{} {}", object.kind(), object.name())).collect();
        let expected = [
            "ClusterRole shop-verify-1",
            "ClusterRoleBinding shop-verify-1",
            "Role shop-verify-1",
            "RoleBinding shop-verify-1",
            "Role verify-1",
            "RoleBinding verify-1",
        ];
        assert_eq!(titles, expected);
        let Object::Role(own) = &granted[4] else { panic!("{granted:?}") };
        assert_eq!((own.metadata.namespace.as_deref(), own.rules.as_ref().map(Vec::len)), (Some("shop"), Some(1)), "no rule twice");
        assert!(grant(&[], &BTreeMap::new(), ("a", "b")).is_empty());
    }
}
