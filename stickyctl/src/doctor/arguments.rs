//! What the arguments of a controller say.

use k8s_openapi::api::core::v1::{Container, Pod};

/// The ConfigMaps in the arguments of a controller, as namespace and name. `$(POD_NAMESPACE)` is the pod's own.
pub(super) fn config_maps(pod: &Pod) -> Vec<(String, String)> {
    let own = pod.metadata.namespace.as_deref().unwrap_or_default();
    let words = |container: &Container| container.command.iter().chain(&container.args).flatten().cloned().collect::<Vec<String>>();
    let containers = pod.spec.iter().flat_map(|spec| &spec.containers);
    let named = containers.flat_map(words).filter_map(|word| {
        let (option, value) = word.split_once('=')?;
        let is_one = ["configmap", "nginx-configmaps"].contains(&option.trim_start_matches('-'));
        let (namespace, name) = value.split_once('/').filter(|_| is_one)?;
        Some((if namespace.contains('$') { own.to_owned() } else { namespace.to_owned() }, name.to_owned()))
    });
    named.collect()
}
