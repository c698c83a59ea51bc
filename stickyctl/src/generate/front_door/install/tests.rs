use super::*;
use crate::spec::StickyApp;
use k8s_openapi::api::rbac::v1::PolicyRule;
use serde_json::Value;

mod gateway;

fn install(door: FrontDoor, class: &str, exposed: bool) -> Install {
    let mut spec = StickyApp::default();
    spec.ingress.front_door = door;
    spec.ingress.class = class.to_owned();
    spec.gateway.class = class.to_owned();
    Install::of(&spec, exposed)
}

fn all() -> Vec<Install> {
    let doors = [FrontDoor::Nginx, FrontDoor::Traefik];
    doors.into_iter().flat_map(|door| [false, true].map(|exposed| install(door, "nginx", exposed))).collect()
}

fn deployment(install: &Install) -> Value {
    let deployment = objects(install).into_iter().find(|object| object.kind() == "Deployment").unwrap();
    serde_json::to_value(deployment).unwrap()
}

fn arguments(install: &Install) -> Vec<String> {
    serde_json::from_value(deployment(install)["spec"]["template"]["spec"]["containers"][0]["args"].clone()).unwrap()
}

/// Kind, namespace and rules of each role.
fn rules(install: &Install) -> Vec<(&'static str, Option<String>, Vec<PolicyRule>)> {
    let role = |object: Object| match object {
        Object::ClusterRole(role) => Some(("ClusterRole", None, role.rules.unwrap())),
        Object::Role(role) => Some(("Role", role.metadata.namespace, role.rules.unwrap())),
        _ => None,
    };
    objects(install).into_iter().filter_map(role).collect()
}

#[test]
fn the_order_in_which_they_are_applied() {
    let names = |install: &Install| -> Vec<String> {
        let name = |object: &Object| format!("{} {}", object.kind(), object.name());
        objects(install).iter().map(name).collect()
    };
    assert_eq!(
        names(&install(FrontDoor::Traefik, "nginx", false)),
        [
            "Namespace traefik",
            "ServiceAccount traefik",
            "ClusterRole stickyctl-traefik-traefik",
            "ClusterRoleBinding stickyctl-traefik-traefik",
            "Role front-door-traefik",
            "RoleBinding front-door-traefik",
            "IngressClass nginx",
            "Service traefik",
            "Deployment traefik",
        ]
    );
    let nginx = names(&install(FrontDoor::Nginx, "nginx", true));
    assert!(nginx.contains(&"Role ingress-nginx-controller".to_owned()), "a role at home for its lease: {nginx:?}");
    assert!(nginx.contains(&"Service ingress-nginx-controller".to_owned()), "as everybody forwards to it: {nginx:?}");
}

#[test]
fn secrets_are_read_in_the_releases_namespace_alone() {
    for install in all() {
        let mut readers = Vec::new();
        for (kind, namespace, rules) in rules(&install) {
            assert!(rules.iter().all(|rule| !rule.verbs.iter().chain(rule.resources.iter().flatten()).any(|word| word == "*")), "{rules:?}");
            if rules.iter().any(|rule| rule.resources.iter().flatten().any(|resource| resource == "secrets")) {
                readers.push((kind, namespace));
            }
        }
        assert_eq!(readers, [("Role", Some("sticky-sessions".to_owned()))]);
        let cluster: Vec<_> = rules(&install).into_iter().filter(|(kind, ..)| *kind == "ClusterRole").collect();
        assert_eq!(cluster[0].2[0].resources, Some(vec!["ingressclasses".to_owned()]));
        assert_eq!((cluster.len(), cluster[0].2.len()), (1, 1));
        let watched = arguments(&install).into_iter().filter(|word| word.to_lowercase().replace('-', "").ends_with("watchnamespace=stickysessions"));
        assert_eq!(watched.count(), 1, "it must not ask for more than it may");
    }
}

#[test]
fn host_ports_where_a_node_has_them_to_give() {
    for install in all() {
        let spec = &deployment(&install)["spec"];
        let pod = &spec["template"]["spec"];
        let ports = pod["containers"][0]["ports"].as_array().unwrap();
        let host: Vec<_> = ports.iter().filter_map(|port| port["hostPort"].as_i64()).collect();
        let level = objects(&install)[0].metadata().labels.clone().unwrap()["pod-security.kubernetes.io/enforce"].clone();
        if install.exposed {
            assert_eq!(host, [80, 443]);
            assert_eq!(pod["nodeSelector"]["ingress-ready"], "true");
            assert_eq!(pod["tolerations"][0]["key"], "node-role.kubernetes.io/control-plane");
            assert_eq!(spec["strategy"]["rollingUpdate"]["maxSurge"], 0, "two can't have one host port");
            assert_eq!(level, "privileged");
        } else {
            assert!(host.is_empty() && pod["nodeSelector"].is_null() && pod["tolerations"].is_null(), "{pod}");
            assert_eq!(spec["strategy"]["rollingUpdate"]["maxUnavailable"], 0);
            assert_eq!(level, "restricted");
        }
        let published = arguments(&install).iter().any(|word| word.contains("address=localhost"));
        assert_eq!(published, install.exposed);
    }
}

#[test]
fn nothing_runs_as_root() {
    for install in all() {
        let pod = deployment(&install)["spec"]["template"]["spec"].clone();
        let context = &pod["containers"][0]["securityContext"];
        assert_eq!(pod["securityContext"]["seccompProfile"]["type"], "RuntimeDefault");
        assert_eq!(context["runAsNonRoot"], true);
        assert_eq!(context["allowPrivilegeEscalation"], false);
        assert_eq!(context["capabilities"]["drop"][0], "ALL");
        let traefik = install.door == FrontDoor::Traefik;
        assert_eq!(context["readOnlyRootFilesystem"], traefik);
        assert_eq!(context["capabilities"]["add"].is_null(), traefik);
    }
}

#[test]
fn all_of_it_is_known_as_ours() {
    for install in all() {
        for object in objects(&install) {
            let labels = object.metadata().labels.as_ref().unwrap();
            assert_eq!(labels["app.kubernetes.io/managed-by"], "stickyctl", "{}", object.kind());
            assert_eq!(labels["app.kubernetes.io/component"], COMPONENT, "{}", object.kind());
        }
        let template = &deployment(&install)["spec"]["template"]["metadata"]["labels"];
        assert_eq!(template["app.kubernetes.io/component"], COMPONENT);
    }
}

#[test]
fn a_class_of_its_own_has_names_of_its_own() {
    let usual = install(FrontDoor::Traefik, "nginx", false);
    let mut other = install(FrontDoor::Traefik, "demo.example", false);
    assert_eq!((usual.name().as_str(), usual.controller().as_str()), ("traefik", "k8s.io/ingress-nginx"));
    assert_eq!((other.name().as_str(), other.controller().as_str()), ("traefik-demo-example", "stickyctl.dev/demo.example"));
    assert!(arguments(&other).contains(&"--providers.kubernetesingressnginx.controllerclass=stickyctl.dev/demo.example".to_owned()));
    other.class = format!("{}.x", "a".repeat(54));
    assert_eq!(other.name(), format!("traefik-{}", "a".repeat(54)), "63 characters, and no dash at the end");
}
