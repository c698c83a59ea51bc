//! The cluster's nodes: how many, for which processors, and whether one is labelled for a front door.

use super::errors::{ApiError, ask_if_allowed};
use crate::generate::front_door::install::INGRESS_READY;
use k8s_openapi::api::core::v1::Node;
use kube::api::ListParams;
use kube::{Api, Client};

/// What `up` needs to know of the nodes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Nodes {
    pub(crate) count: usize,
    /// Their processor architectures in OCI's words, sorted, each once.
    pub(crate) architectures: Vec<String>,
    /// Whether a node has the label that kind's guide gives to nodes with host ports for a front door.
    pub(crate) ingress_ready: bool,
    /// Names of the nodes that accept pods without tolerations.
    pub(crate) open: Vec<String>,
}

/// Reads the nodes; `None` without permission to list them.
///
/// # Errors
/// The API server did not answer as it should.
pub(crate) async fn read(client: &Client) -> Result<Option<Nodes>, ApiError> {
    let nodes: Api<Node> = Api::all(client.clone());
    let list = ask_if_allowed("listing the nodes", nodes.list(&ListParams::default())).await?;
    Ok(list.map(|list| summary(&list.items)))
}

fn summary(nodes: &[Node]) -> Nodes {
    let info = |node: &Node| Some(node.status.as_ref()?.node_info.as_ref()?.architecture.clone());
    let mut architectures: Vec<String> = nodes.iter().filter_map(info).collect();
    architectures.sort();
    architectures.dedup();
    let marked = |node: &Node| node.metadata.labels.as_ref().and_then(|labels| labels.get(INGRESS_READY)).is_some_and(|is| is == "true");
    let open = nodes.iter().filter(|node| !is_tainted(node)).filter_map(|node| node.metadata.name.clone()).collect();
    Nodes { count: nodes.len(), architectures, ingress_ready: nodes.iter().any(marked), open }
}

fn is_tainted(node: &Node) -> bool {
    node.spec.iter().flat_map(|spec| spec.taints.iter().flatten()).any(|taint| taint.effect != "PreferNoSchedule")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_mixed_cluster() {
        let node = |arch: &str, labels: serde_json::Value| -> Node {
            let info = json!({"architecture": arch, "bootID": "", "containerRuntimeVersion": "", "kernelVersion": "", "kubeProxyVersion": "",
                "kubeletVersion": "", "machineID": "", "operatingSystem": "", "osImage": "", "systemUUID": ""});
            let taints =
                if arch == "arm64" { json!([{"key": "a", "effect": "NoSchedule"}]) } else { json!([{"key": "a", "effect": "PreferNoSchedule"}]) };
            serde_json::from_value(json!({"metadata": {"name": "n", "labels": labels}, "spec": {"taints": taints}, "status": {"nodeInfo": info}}))
                .unwrap()
        };
        let nodes = summary(&[node("arm64", json!({})), node("amd64", json!({"ingress-ready": "true"})), node("amd64", json!({}))]);
        assert_eq!(
            nodes,
            Nodes { count: 3, architectures: vec!["amd64".to_owned(), "arm64".to_owned()], ingress_ready: true, open: vec!["n".to_owned(); 2] }
        );
        assert!(!summary(&[node("amd64", json!({"ingress-ready": "false"}))]).ingress_ready);
    }
}
