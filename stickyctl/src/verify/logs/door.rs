//! Why a front door writes no access log to stdout, as far as its objects show it.

use super::sources::Sources;
use crate::cluster::doors::access_log::{Silence, of_config, of_envoy_proxy, of_ingress, of_pod};
use crate::cluster::errors::ask_if_allowed;
use crate::gateway_api::envoy::OWNERS_NAMESPACE;
use k8s_openapi::api::core::v1::{ConfigMap, Pod};
use k8s_openapi::api::networking::v1::Ingress;
use kube::api::{ApiResource, DynamicObject, GroupVersionKind, ListParams};
use kube::{Api, ResourceExt};
use std::collections::BTreeSet;

/// The reasons, each with what to change. What can't be read is left out: this is only advice.
pub(super) async fn silence(sources: &Sources, pods: &[Pod]) -> Vec<String> {
    let mut all: BTreeSet<String> = pods.iter().flat_map(of_pod).map(|one: Silence| one.to_string()).collect();
    let configs: BTreeSet<(String, String)> = pods.iter().filter_map(crate::cluster::doors::access_log::config).collect();
    for (namespace, name) in configs {
        let maps: Api<ConfigMap> = Api::namespaced(sources.client.clone(), &namespace);
        if let Ok(Some(Some(map))) = ask_if_allowed("reading the controller's ConfigMap", maps.get_opt(&name)).await {
            all.extend(of_config(&map).map(|one| one.to_string()));
        }
        let ingresses: Api<Ingress> = Api::namespaced(sources.client.clone(), &sources.namespace);
        if let Ok(Some(list)) = ask_if_allowed("listing Ingresses", ingresses.list(&ListParams::default())).await {
            all.extend(list.items.iter().filter_map(|ingress| of_ingress(ingress, &sources.service)).map(|one| one.to_string()));
        }
    }
    let gateways: BTreeSet<String> = pods.iter().flat_map(|pod| [pod.labels().get(OWNERS_NAMESPACE).cloned(), pod.namespace()]).flatten().collect();
    if pods.iter().any(|pod| pod.labels().contains_key(OWNERS_NAMESPACE)) {
        let kind = ApiResource::from_gvk(&GroupVersionKind::gvk("gateway.envoyproxy.io", "v1alpha1", "EnvoyProxy"));
        for namespace in gateways {
            let proxies: Api<DynamicObject> = Api::namespaced_with(sources.client.clone(), &namespace, &kind);
            if let Ok(Some(list)) = ask_if_allowed("listing EnvoyProxies", proxies.list(&ListParams::default())).await {
                all.extend(
                    list.items.iter().filter_map(|proxy| of_envoy_proxy(&proxy.name_any(), &namespace, &proxy.data)).map(|one| one.to_string()),
                );
            }
        }
    }
    all.into_iter().collect()
}
