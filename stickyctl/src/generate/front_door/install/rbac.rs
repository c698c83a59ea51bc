//! Rights of a front door: pairs of role and binding.

use super::choice::Install;
use crate::generate::object::Object;
use crate::generate::rbac::cluster_role;
pub(super) use crate::generate::rbac::{role, rule};
use k8s_openapi::api::rbac::v1::PolicyRule;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

/// A ClusterRole and its binding.
pub(super) fn everywhere(install: &Install, rules: Vec<PolicyRule>) -> [Object; 2] {
    // Objects of the cluster carry the namespace in their name: a door of the same name may run in another.
    let name = format!("stickyctl-{}-{}", install.namespace, install.name());
    cluster_role(install.of_cluster(name), rules, (&install.name(), &install.namespace))
}

/// A Role and its binding in one namespace, or nothing if there are no rules. The names distinguish a door's rights in its own namespace
/// from those in the watched one, because the two may be the same.
pub(super) fn within(install: &Install, namespace: &str, name: String, rules: Vec<PolicyRule>) -> Vec<Object> {
    if rules.is_empty() {
        return Vec::new();
    }
    role(ObjectMeta { name: Some(name), ..install.within(namespace) }, rules, (&install.name(), &install.namespace)).into()
}
