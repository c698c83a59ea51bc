//! The cluster's nodes: how many, for which processor, and whether one is marked for a front door.

use super::errors::ask;
use crate::exit::Failure;
use crate::generate::front_door::install::INGRESS_READY;
use k8s_openapi::api::core::v1::Node;
use kube::api::ListParams;
use kube::{Api, Client};

/// What is known of the nodes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Nodes {
    /// How many there are.
    pub count: usize,
    /// Their processors in OCI's words, each once.
    pub architectures: Vec<String>,
    /// Whether one is marked for a front door with host ports.
    pub ingress_ready: bool,
}

/// Reads them; `None` where the caller may not.
///
/// # Errors
/// The API server could not be asked.
pub async fn read(client: &Client) -> Result<Option<Nodes>, Failure> {
    let nodes: Api<Node> = Api::all(client.clone());
    let doing = "listing the nodes";
    let list = ask(doing, async {
        match nodes.list(&ListParams::default()).await {
            Err(kube::Error::Api(status)) if status.is_forbidden() => Ok(None),
            done => done.map(Some),
        }
    });
    Ok(list.await?.map(|list| summary(&list.items)))
}

fn summary(nodes: &[Node]) -> Nodes {
    let info = |node: &Node| Some(node.status.as_ref()?.node_info.as_ref()?.architecture.clone());
    let mut architectures: Vec<String> = nodes.iter().filter_map(info).collect();
    architectures.sort();
    architectures.dedup();
    let marked = |node: &Node| node.metadata.labels.as_ref().and_then(|labels| labels.get(INGRESS_READY)).is_some_and(|is| is == "true");
    Nodes { count: nodes.len(), architectures, ingress_ready: nodes.iter().any(marked) }
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
            serde_json::from_value(json!({"metadata": {"name": "n", "labels": labels}, "status": {"nodeInfo": info}})).unwrap()
        };
        let nodes = summary(&[node("arm64", json!({})), node("amd64", json!({"ingress-ready": "true"})), node("amd64", json!({}))]);
        assert_eq!(nodes, Nodes { count: 3, architectures: vec!["amd64".to_owned(), "arm64".to_owned()], ingress_ready: true });
        assert!(!summary(&[node("amd64", json!({"ingress-ready": "false"}))]).ingress_ready);
    }
}
