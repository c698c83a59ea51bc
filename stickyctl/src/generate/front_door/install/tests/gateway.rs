//! Envoy Gateway.

use super::super::gateway::{WATCHED, certificates, crds};
use super::*;

fn gateway(class: &str, exposed: bool) -> Install {
    install(FrontDoor::Gateway, class, exposed)
}

fn of_kind(install: &Install, kind: &str) -> Vec<Value> {
    objects(install).iter().filter(|object| object.kind() == kind).map(|object| serde_json::to_value(object).unwrap()).collect()
}

fn config(install: &Install) -> Value {
    let text = of_kind(install, "ConfigMap")[0]["data"]["envoy-gateway.yaml"].as_str().unwrap().to_owned();
    // As Envoy Gateway reads it.
    serde_yaml::from_str(&text).unwrap()
}

#[test]
fn the_certificates_come_before_the_server() {
    let titles: Vec<String> = objects(&gateway("eg", false)).iter().map(|object| format!("{} {}", object.kind(), object.name())).collect();
    assert_eq!(
        titles,
        [
            "Namespace envoy-gateway-system",
            "ServiceAccount envoy-gateway",
            "ClusterRole stickyctl-envoy-gateway-system-envoy-gateway",
            "ClusterRoleBinding stickyctl-envoy-gateway-system-envoy-gateway",
            "Role envoy-gateway",
            "RoleBinding envoy-gateway",
            "Role front-door-envoy-gateway",
            "RoleBinding front-door-envoy-gateway",
            "Role front-door-envoy-gateway",
            "RoleBinding front-door-envoy-gateway",
            "ServiceAccount envoy-gateway-certgen",
            "Role envoy-gateway-certgen",
            "RoleBinding envoy-gateway-certgen",
            "Job envoy-gateway-certgen",
            "GatewayClass eg",
            "Service envoy-gateway",
            "ConfigMap envoy-gateway-config",
            "Deployment envoy-gateway",
        ]
    );
}

/// Secrets in two namespaces, and everything that it changes is either a status, in its own namespace, or its own class.
#[test]
fn it_may_do_what_its_source_does() {
    let install = gateway("eg", false);
    let mut readers = Vec::new();
    for (kind, namespace, rules) in rules(&install) {
        for rule in rules {
            let resources = rule.resources.clone().unwrap();
            assert!(!rule.verbs.iter().chain(&resources).any(|word| word == "*"), "{rule:?}");
            if resources.contains(&"secrets".to_owned()) {
                readers.push((kind, namespace.clone().unwrap(), rule.verbs.clone()));
            }
            let writes = rule.verbs.iter().any(|verb| !["get", "list", "watch"].contains(&verb.as_str()));
            let is_status = resources.iter().all(|resource| resource.ends_with("/status"));
            let own_class = rule.resource_names == Some(vec!["eg".to_owned()]);
            match (writes, kind) {
                (true, "ClusterRole") => assert!(own_class, "{rule:?}"),
                (true, _) => assert!(is_status || namespace.as_deref() == Some("envoy-gateway-system"), "{rule:?}"),
                (false, _) => {}
            }
        }
    }
    let words = |verbs: &[&str]| verbs.iter().map(|&verb| verb.to_owned()).collect::<Vec<_>>();
    let own = "envoy-gateway-system".to_owned();
    assert_eq!(
        readers,
        [
            // One of them by name, past its cache.
            ("Role", own.clone(), words(&["get"])),
            ("Role", "sticky-sessions".to_owned(), words(&["list", "watch"])),
            ("Role", own.clone(), words(&["list", "watch"])),
            ("Role", own.clone(), words(&["get"])),
            ("Role", own, words(&["create"])),
        ]
    );
}

#[test]
fn it_serves_its_class_in_the_releases_namespace_and_its_own() {
    let (usual, other) = (gateway("eg", false), gateway("demo.example", false));
    assert_eq!(usual.controller(), "gateway.envoyproxy.io/gatewayclass-controller");
    assert_eq!(other.controller(), "gateway.envoyproxy.io/stickyctl-demo.example");
    assert_eq!((usual.instance().as_str(), other.instance().as_str()), ("envoy-gateway", "envoy-gateway-demo-example"));
    assert_eq!((usual.name(), other.name()), ("envoy-gateway".to_owned(), "envoy-gateway".to_owned()), "its proxies look for this Service");
    for install in [usual, other] {
        let config = config(&install);
        assert_eq!(config["gateway"]["controllerName"], install.controller());
        assert_eq!(
            config["provider"]["kubernetes"]["watch"],
            serde_json::json!({"type": "Namespaces", "namespaces": ["sticky-sessions", "envoy-gateway-system"]})
        );
        let class = &of_kind(&install, "GatewayClass")[0];
        assert_eq!((&class["metadata"]["name"], &class["spec"]["controllerName"]), (&install.class.clone().into(), &install.controller().into()));
        for object in [class, &deployment(&install)] {
            assert_eq!(object["metadata"]["annotations"][WATCHED], "sticky-sessions");
        }
    }
}

#[test]
fn its_proxies_take_host_ports_where_a_node_has_them_to_give() {
    for exposed in [false, true] {
        let install = gateway("eg", exposed);
        let proxy = config(&install)["envoyProxy"].clone();
        let kubernetes = &proxy["provider"]["kubernetes"];
        assert_eq!(kubernetes["envoyService"]["type"], "ClusterIP", "a load balancer is for who asks for one");
        let deployment = &kubernetes["envoyDeployment"];
        let ports = &deployment["patch"]["value"]["spec"]["template"]["spec"]["containers"][0]["ports"];
        let host: Vec<_> = ports.as_array().into_iter().flatten().map(|port| (port["containerPort"].as_i64(), port["hostPort"].as_i64())).collect();
        let level = objects(&install)[0].metadata().labels.clone().unwrap()["pod-security.kubernetes.io/enforce"].clone();
        if exposed {
            assert_eq!(host, [(Some(10_080), Some(80)), (Some(10_443), Some(443))]);
            assert_eq!(deployment["pod"]["nodeSelector"]["ingress-ready"], "true");
            assert_eq!(deployment["pod"]["tolerations"][0]["key"], "node-role.kubernetes.io/control-plane");
            assert_eq!(deployment["strategy"]["rollingUpdate"]["maxSurge"], 0, "two can't have one host port");
            assert_eq!((level.as_str(), &proxy["shutdown"]["drainTimeout"]), ("privileged", &"10s".into()));
        } else {
            assert!(host.is_empty() && deployment["pod"]["nodeSelector"].is_null() && deployment["pod"]["tolerations"].is_null(), "{deployment}");
            assert_eq!(deployment["strategy"]["rollingUpdate"]["maxUnavailable"], 0);
            assert_eq!((level.as_str(), &proxy["shutdown"]["drainTimeout"]), ("restricted", &"60s".into()));
        }
    }
}

#[test]
fn a_change_of_the_configuration_replaces_the_server() {
    let digest = |install: &Install| deployment(install)["spec"]["template"]["metadata"]["annotations"]["stickyctl.dev/config-digest"].clone();
    assert_eq!(digest(&gateway("eg", false)), digest(&gateway("eg", false)));
    assert_ne!(digest(&gateway("eg", false)), digest(&gateway("eg", true)));
}

#[test]
fn neither_pod_runs_as_root_and_only_the_server_has_its_labels() {
    let install = gateway("eg", false);
    let (server, job) = (deployment(&install), of_kind(&install, "Job").remove(0));
    for workload in [&server, &job] {
        let pod = &workload["spec"]["template"]["spec"];
        let context = &pod["containers"][0]["securityContext"];
        assert_eq!(pod["securityContext"]["seccompProfile"]["type"], "RuntimeDefault");
        assert_eq!(
            (&context["runAsNonRoot"], &context["allowPrivilegeEscalation"], &context["readOnlyRootFilesystem"]),
            (&true.into(), &false.into(), &true.into())
        );
        assert_eq!(context["capabilities"], serde_json::json!({"drop": ["ALL"]}));
        assert_eq!(workload["metadata"]["labels"]["app.kubernetes.io/managed-by"], "stickyctl");
    }
    let labels = |workload: &Value| workload["spec"]["template"]["metadata"]["labels"].clone();
    let selector = server["spec"]["selector"]["matchLabels"].as_object().unwrap();
    assert!(selector.iter().all(|(key, value)| labels(&server)[key] == *value));
    assert!(selector.iter().any(|(key, value)| labels(&job)[key] != *value), "the server's Service would send proxies to the Job");
    assert!(certificates::selector_text(&install).contains("component=front-door-certificates"));
    for object in objects(&install) {
        assert_eq!(object.metadata().labels.as_ref().unwrap()["app.kubernetes.io/component"], COMPONENT, "{}", object.kind());
    }
}

/// No key is in anything that is applied or rendered.
#[test]
fn keys_are_nowhere() {
    let all = serde_json::to_string(&objects(&gateway("eg", false))).unwrap();
    assert!(!all.contains("PRIVATE KEY") && !all.contains("tls.key"));
}

#[test]
fn the_commands_for_definitions_name_the_versions_that_are_installed() {
    assert!(crds::GATEWAY_API.contains(&format!("/v{}/experimental-install.yaml", crate::spec::gateway::API)));
    assert!(crds::ENVOY_GATEWAY.contains(&format!("/v{}/envoy-gateway-crds.yaml", super::super::ENVOY_GATEWAY)));
}
