//! Envoy Gateway's configuration: which Gateways it serves, and how it runs their proxies (`api/v1alpha1/envoygateway_types.go`,
//! `envoyproxy_types.go`).

use super::super::choice::{INGRESS_READY, Install};
use super::super::parts::requests;
use super::super::pod::{control_plane, seccomp};
use super::program::proxy_image;
use crate::gateway_api::envoy::container_port;
use crate::generate::meta::map;
use k8s_openapi::api::core::v1::ConfigMap;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// The name of the ConfigMap.
pub(super) const NAME: &str = "envoy-gateway-config";
/// The key in the ConfigMap, and the file's name.
pub(super) const FILE: &str = "envoy-gateway.yaml";
/// Where the file is mounted.
pub(super) const FOLDER: &str = "/config";
/// The annotation on the server's pod with a digest of its configuration.
pub(super) const DIGEST: &str = "stickyctl.dev/config-digest";

/// How long a proxy that is being replaced keeps its WebSockets, in seconds. They are cut afterwards, so a longer time only delays that;
/// requests end much sooner. Where the next proxy can't start before this one has ended, every second is one without a front door.
const DRAIN: (u32, u32) = (60, 10);
/// The shortest time for which a proxy that is being replaced still takes connections, in seconds: Services and load balancers take a
/// moment to send them elsewhere. Nothing else takes connections for a host port.
const LINGER: (u32, u32) = (10, 1);

pub(super) fn config_map(install: &Install) -> ConfigMap {
    let metadata = ObjectMeta { name: Some(NAME.to_owned()), ..install.within(&install.namespace) };
    // Every JSON document is YAML.
    let text = format!("{:#}\n", server(install));
    ConfigMap { metadata, data: Some(map([(FILE, &text)])), ..ConfigMap::default() }
}

/// A digest of a configuration.
pub(super) fn digest(config: &ConfigMap) -> String {
    let text = config.data.iter().flat_map(|data| data.values()).fold(Sha256::new(), |digest, text| digest.chain_update(text));
    format!("{:x}", text.finalize())
}

fn server(install: &Install) -> Value {
    json!({
        "apiVersion": "gateway.envoyproxy.io/v1alpha1",
        "kind": "EnvoyGateway",
        "gateway": {"controllerName": install.controller()},
        "provider": {
            "type": "Kubernetes",
            "kubernetes": {
                "watch": {"type": "Namespaces", "namespaces": install.namespaces()},
                "deploy": {"type": "ControllerNamespace"},
                "leaderElection": {"disable": true},
                "proxyTopologyInjector": {"disable": true},
                "shutdownManager": {"image": install.image()},
            },
        },
        "logging": {"level": {"default": "info"}},
        "telemetry": {"metrics": {"prometheus": {"disable": true}}},
        "envoyProxy": proxy(install),
    })
}

fn proxy(install: &Install) -> Value {
    // Two pods can't have one host port: the old one goes first.
    let (surge, unavailable) = if install.exposed { (0, 1) } else { (1, 0) };
    let pick = |(inside, exposed): (u32, u32)| format!("{}s", if install.exposed { exposed } else { inside });
    let mut deployment = json!({
        "replicas": 1,
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": surge, "maxUnavailable": unavailable}},
        "pod": {"securityContext": seccomp()},
        "container": {"image": proxy_image(), "resources": requests(map([("cpu", "100m"), ("memory", "64Mi")]))},
    });
    if install.exposed {
        deployment["pod"]["nodeSelector"] = json!({INGRESS_READY: "true"});
        deployment["pod"]["tolerations"] = json!([control_plane()]);
        deployment["patch"] = host_ports();
    }
    json!({
        "provider": {
            "type": "Kubernetes",
            "kubernetes": {"envoyDeployment": deployment, "envoyService": {"type": "ClusterIP"}},
        },
        "shutdown": {"drainTimeout": pick(DRAIN), "minDrainDuration": pick(LINGER)},
        // Log lines would have the paths of requests, and with them the ids of sessions.
        "telemetry": {"accessLog": {"disable": true}, "metrics": {"prometheus": {"disable": true}}},
    })
}

/// The ports of the node that lead to the listeners with the same ports. Envoy Gateway has no option for them.
fn host_ports() -> Value {
    let port = |name: &str, port: u16| json!({"name": name, "containerPort": container_port(port), "hostPort": port, "protocol": "TCP"});
    let ports = json!([port("http", 80), port("https", 443)]);
    json!({
        "type": "StrategicMerge",
        "value": {"spec": {"template": {"spec": {"containers": [{"name": "envoy", "ports": ports}]}}}},
    })
}
