use super::detect::{doors, users};
use super::options::{Options, port, version};
use super::*;
use crate::exit::{Exit, Explained};
use crate::generate::front_door::install::{Install, objects};
use crate::generate::object::Object;
use crate::spec::StickyApp;
use crate::spec::ingress::FrontDoor;
use k8s_openapi::api::core::v1::{Container, Pod};
use k8s_openapi::api::networking::v1::{Ingress, IngressClass};
use serde_json::{Value, json};

fn pod(namespace: &str, name: &str, owner: (&str, &str), labels: Value, container: Value) -> Pod {
    serde_json::from_value(json!({
        "metadata": {
            "name": name, "namespace": namespace, "labels": labels, "creationTimestamp": "2026-11-25T10:00:00Z",
            "ownerReferences": [{"apiVersion": "apps/v1", "kind": owner.0, "name": owner.1, "uid": "u", "controller": true}],
        },
        "spec": {"nodeName": "node-1", "containers": [container]},
        "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]},
    }))
    .unwrap()
}

fn class(name: &str, controller: &str) -> IngressClass {
    serde_json::from_value(json!({"metadata": {"name": name}, "spec": {"controller": controller}})).unwrap()
}

fn usual() -> Vec<IngressClass> {
    vec![class("nginx", "k8s.io/ingress-nginx"), class("traefik", "traefik.io/ingress-controller"), class("other", "nginx.org/ingress-controller")]
}

/// As in the project's manifests for kind and for clouds.
fn kinds_nginx() -> Pod {
    pod(
        "ingress-nginx",
        "ingress-nginx-controller-6d9c7b8f4d-abcde",
        ("ReplicaSet", "ingress-nginx-controller-6d9c7b8f4d"),
        json!({"app.kubernetes.io/component": "controller", "app.kubernetes.io/name": "ingress-nginx", "pod-template-hash": "6d9c7b8f4d"}),
        json!({
            "name": "controller",
            "image": "registry.k8s.io/ingress-nginx/controller:v1.15.1@sha256:0123",
            "args": [
                "/nginx-ingress-controller", "--election-id=ingress-nginx-leader", "--controller-class=k8s.io/ingress-nginx", "--ingress-class=nginx",
                "--configmap=$(POD_NAMESPACE)/ingress-nginx-controller", "--watch-ingress-without-class=true", "--publish-status-address=localhost",
            ],
            "ports": [{"name": "http", "containerPort": 80, "hostPort": 80}, {"name": "https", "containerPort": 443, "hostPort": 443}],
        }),
    )
}

/// By the chart, as a DaemonSet from a mirror, with a class of its own and one namespace.
fn charts_nginx() -> Pod {
    pod(
        "edge",
        "edge-ingress-nginx-controller-x2x7q",
        ("DaemonSet", "edge-ingress-nginx-controller"),
        json!({"app.kubernetes.io/managed-by": "Helm"}),
        json!({
            "name": "controller",
            "image": "mirror.example:5000/ingress-nginx-controller-chroot:v1.12.0",
            "args": [
                "/nginx-ingress-controller", "--controller-class=example.com/edge", "--ingress-class=edge", "--http-port=8080",
                "--watch-namespace", "shop", "--ingress-class-by-name",
            ],
            "ports": [{"name": "http", "containerPort": 80}],
        }),
    )
}

/// By Traefik's chart with the provider on.
fn charts_traefik(provider: &[&str]) -> Pod {
    let mut arguments =
        vec!["--entryPoints.traefik.address=:8080/tcp", "--entryPoints.web.address=:8000/tcp", "--ping=true", "--providers.kubernetescrd"];
    arguments.extend(provider);
    pod(
        "traefik",
        "traefik-7f-xyz",
        ("ReplicaSet", "traefik-7f"),
        json!({"app.kubernetes.io/managed-by": "Helm", "pod-template-hash": "7f"}),
        json!({
            "name": "traefik", "image": "docker.io/traefik:v3.6.12", "args": arguments,
            "ports": [{"name": "traefik", "containerPort": 8080}, {"name": "web", "containerPort": 8000}],
        }),
    )
}

fn tests_traefik() -> Pod {
    let manifest = include_str!("../../../../e2e/cluster/traefik.yaml");
    let deployment = manifest.split("\n---\n").find(|document| document.contains("kind: Deployment")).unwrap();
    let deployment: Value = serde_yaml::from_str(deployment).unwrap();
    let container = deployment["spec"]["template"]["spec"]["containers"][0].clone();
    pod("traefik", "traefik-1-a", ("ReplicaSet", "traefik-1"), json!({"pod-template-hash": "1"}), container)
}

/// The pod of a door that `up` installs.
fn ours(door: FrontDoor, class: &str) -> Pod {
    let mut spec = StickyApp::default();
    spec.ingress.front_door = door;
    spec.ingress.class = class.to_owned();
    let install = Install::of(&spec, false);
    let Some(Object::Deployment(deployment)) = objects(&install).pop() else { panic!("the Deployment comes last") };
    let template = serde_json::to_value(deployment.spec.unwrap().template).unwrap();
    let mut labels = template["metadata"]["labels"].clone();
    labels["pod-template-hash"] = "5c".into();
    let (name, owner) = (format!("{}-5c-a", install.name()), format!("{}-5c", install.name()));
    pod(&install.namespace, &name, ("ReplicaSet", &owner), labels, template["spec"]["containers"][0].clone())
}

fn one(pod: Pod, classes: &[IngressClass]) -> Found {
    let mut found = doors(&[pod], classes);
    assert_eq!(found.len(), 1, "{found:?}");
    found.remove(0)
}

fn all(pods: &[Pod], classes: &[IngressClass]) -> Doors {
    let by_name = classes.iter().map(|class| (class.metadata.name.clone().unwrap(), class.spec.clone().unwrap().controller.unwrap()));
    Doors { found: doors(pods, classes), classes: by_name.collect(), ..Doors::default() }
}

fn spec(door: FrontDoor, class: &str) -> StickyApp {
    let mut spec = StickyApp::default();
    spec.ingress.front_door = door;
    spec.ingress.class = class.to_owned();
    spec
}

#[test]
fn ingress_nginx_as_it_is_installed() {
    let found = one(kinds_nginx(), &usual());
    assert_eq!((found.title().as_str(), found.workload.as_str()), ("ingress-nginx 1.15.1", "deployment/ingress-nginx-controller"));
    assert_eq!((found.classes.as_slice(), &found.watch, found.ours), (&["nginx".to_owned()][..], &Watch::Everything, false));
    assert_eq!((found.pods[0].http_port, found.pods[0].node.as_deref(), found.ready()), (80, Some("node-1"), 1));
    let classes = [class("edge", "somebody/else"), class("a", "example.com/edge"), class("nginx", "k8s.io/ingress-nginx")];
    let found = one(charts_nginx(), &classes);
    assert_eq!((found.title().as_str(), found.workload.as_str()), ("ingress-nginx 1.12.0", "daemonset/edge-ingress-nginx-controller"));
    assert_eq!((found.classes.as_slice(), found.pods[0].http_port), (&["edge".to_owned(), "a".to_owned()][..], 8_080));
    assert_eq!(found.watch, Watch::Namespaces(vec!["shop".to_owned()]));
}

#[test]
fn traefik_by_its_provider() {
    for provider in [
        &["--providers.kubernetesIngressNGINX=true"][..],
        &["--providers.kubernetesingressnginx"],
        &["--PROVIDERS.KUBERNETESINGRESSNGINX", "true"],
        &["--providers.kubernetesingressnginx.ingressclass=nginx", "--providers.kubernetesingress"],
    ] {
        let found = one(charts_traefik(provider), &usual());
        assert_eq!((found.proxy, found.title().as_str()), (Proxy::Door(FrontDoor::Traefik), "Traefik 3.6.12"), "{provider:?}");
        assert_eq!((found.classes.as_slice(), found.pods[0].http_port), (&["nginx".to_owned()][..], 8_000), "{provider:?}");
    }
    let own = one(charts_traefik(&["--providers.kubernetesingress=true", "--providers.kubernetesingressnginx=false"]), &usual());
    assert_eq!((own.proxy, own.classes.as_slice()), (Proxy::OtherTraefik, &["traefik".to_owned()][..]));
    assert_eq!(doors(&[charts_traefik(&[])], &usual()), [], "no Ingress provider at all");
    let found = one(tests_traefik(), &usual());
    assert_eq!((found.title().as_str(), found.pods[0].http_port, found.workload.as_str()), ("Traefik 3.6.12", 80, "deployment/traefik"));
}

#[test]
fn what_we_install_is_found_again() {
    let classes = [class("nginx", "k8s.io/ingress-nginx"), class("mine", "stickyctl.dev/mine")];
    for (door, port) in [(FrontDoor::Nginx, 80), (FrontDoor::Traefik, 8_000)] {
        for name in ["nginx", "mine"] {
            let found = one(ours(door, name), &classes);
            assert_eq!((found.proxy, found.ours, found.classes.as_slice()), (Proxy::Door(door), true, &[name.to_owned()][..]));
            assert_eq!(found.watch, Watch::Namespaces(vec!["sticky-sessions".to_owned()]));
            assert_eq!(found.pods[0].http_port, port);
        }
    }
}

#[test]
fn options_as_the_programs_read_them() {
    let container: Container = serde_json::from_value(json!({"name": "traefik", "env": [
        {"name": "TRAEFIK_PROVIDERS_KUBERNETESINGRESSNGINX", "value": "true"},
        {"name": "TRAEFIK_PROVIDERS_KUBERNETESINGRESSNGINX_CONTROLLERCLASS", "value": "a/b"},
    ]}))
    .unwrap();
    let options = Options::of_traefik(&container);
    assert!(options.is_on("providers.kubernetesingressnginx"));
    assert_eq!(options.get("providers.kubernetesingressnginx.controllerclass"), Some("a/b"));
    let both = Container { args: Some(vec!["--ping".to_owned()]), ..container };
    assert!(!Options::of_traefik(&both).has_part("providers.kubernetesingressnginx"), "variables count only without arguments");
    for (image, expected) in [
        ("registry.k8s.io/ingress-nginx/controller:v1.15.1@sha256:aa", Some("1.15.1")),
        ("traefik:v3.6", Some("3.6")),
        ("mirror.example:5000/traefik", None),
        ("traefik:latest", None),
    ] {
        assert_eq!(version(image).as_deref(), expected, "{image}");
    }
    assert_eq!([":80", "0.0.0.0:8000/tcp", "[::]:81", "x"].map(port), [Some(80), Some(8_000), Some(81), None]);
}

#[test]
fn pods_that_end_do_not_count_and_a_rollout_is_one_door() {
    let mut ending = kinds_nginx();
    ending.metadata.deletion_timestamp = ending.metadata.creation_timestamp.clone();
    let mut over = kinds_nginx();
    over.status.as_mut().unwrap().phase = Some("Succeeded".to_owned());
    assert_eq!(doors(&[ending, over], &usual()), []);
    let mut next = kinds_nginx();
    next.metadata.name = Some("ingress-nginx-controller-77-new".to_owned());
    next.metadata.owner_references.as_mut().unwrap()[0].name = "ingress-nginx-controller-77".to_owned();
    next.metadata.labels.as_mut().unwrap().insert("pod-template-hash".to_owned(), "77".to_owned());
    next.spec.as_mut().unwrap().containers[0].image = Some("registry.k8s.io/ingress-nginx/controller:v1.16.0".to_owned());
    next.status.as_mut().unwrap().conditions.as_mut().unwrap()[0].status = "False".to_owned();
    let found = doors(&[next, kinds_nginx()], &usual());
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].version.as_deref(), found[0].ready(), found[0].pods.len()), (Some("1.15.1"), 1, 2), "what is ready serves");
}

#[test]
fn one_door_of_the_right_kind_serves() {
    let doors = all(&[kinds_nginx(), charts_traefik(&["--providers.kubernetesingress"])], &usual());
    let found = doors.serving(&spec(FrontDoor::Nginx, "nginx")).unwrap().unwrap();
    assert_eq!(found.proxy, Proxy::Door(FrontDoor::Nginx));
    assert_eq!(doors.serving(&spec(FrontDoor::Traefik, "fresh")).unwrap(), None, "a class that is not there can be installed");
    let none = all(&[], &usual());
    assert_eq!(none.serving(&spec(FrontDoor::Nginx, "nginx")).unwrap(), None, "a class that was left over too");
}

#[test]
fn what_is_refused() {
    let refused = |pods: &[Pod], spec: &StickyApp| {
        let error = all(pods, &usual()).serving(spec).unwrap_err();
        assert_eq!(error.exit(), Exit::Failed);
        (error.to_string(), error.next_steps())
    };
    let traefik = || charts_traefik(&["--providers.kubernetesingressnginx"]);
    let (two, steps) = refused(&[kinds_nginx(), traefik()], &spec(FrontDoor::Nginx, "nginx"));
    assert_eq!(
        two,
        "class nginx is served by 2 front doors, and each of them would route it: \
         ingress-nginx 1.15.1 (deployment/ingress-nginx-controller in namespace ingress-nginx) and Traefik 3.6.12 (deployment/traefik in namespace traefik)"
    );
    assert_eq!(
        steps,
        [
            "kubectl get ingressclass   then give each of them a class (a spec.controller) of its own",
            "stickyctl up -f FILE       with an ingress.class that only one of them serves"
        ]
    );
    let (wrong, steps) = refused(&[traefik()], &spec(FrontDoor::Nginx, "nginx"));
    assert_eq!(wrong, "class nginx is served by Traefik 3.6.12 (deployment/traefik in namespace traefik), but the spec is written for ingress-nginx");
    assert_eq!(steps, ["stickyctl up --front-door traefik"]);
    let (own, steps) = refused(&[charts_traefik(&["--providers.kubernetesingress"])], &spec(FrontDoor::Traefik, "traefik"));
    assert_eq!(
        own,
        "class traefik is served by Traefik 3.6.12 without its ingress-nginx provider (deployment/traefik in namespace traefik), \
         which ignores the annotations that configure session affinity"
    );
    assert_eq!(
        steps,
        [
            "--providers.kubernetesingressnginx=true   as an argument of Traefik enables the provider",
            "stickyctl up -f FILE                      with another ingress.class"
        ]
    );
    let (foreign, steps) = refused(&[], &spec(FrontDoor::Nginx, "other"));
    assert_eq!(
        foreign,
        "class other belongs to the controller nginx.org/ingress-controller, which is neither ingress-nginx nor Traefik's ingress-nginx provider"
    );
    assert_eq!(steps, ["kubectl get ingressclass   lists the classes of the cluster", "stickyctl up -f FILE       with another ingress.class"]);
    let elsewhere = StickyApp { namespace: "elsewhere".to_owned(), ..spec(FrontDoor::Traefik, "nginx") };
    let (blind, steps) = refused(&[ours(FrontDoor::Traefik, "nginx")], &elsewhere);
    assert_eq!(
        blind,
        "class nginx is served by Traefik 3.6.12 (deployment/traefik in namespace traefik), \
         which watches only namespace sticky-sessions and would not see namespace elsewhere"
    );
    assert_eq!(
        steps,
        [
            "stickyctl up -f FILE   with another ingress.class, for a front door of its own",
            "stickyctl up -f FILE   with a namespace that deployment/traefik watches"
        ]
    );
}

#[test]
fn who_uses_a_class() {
    let ingress = |name: &str, class: Option<&str>, old: Option<&str>| -> Ingress {
        let annotations = old.map(|class| json!({"kubernetes.io/ingress.class": class}));
        serde_json::from_value(json!({"metadata": {"namespace": "a", "name": name, "annotations": annotations}, "spec": {"ingressClassName": class}}))
            .unwrap()
    };
    let ingresses = [
        ingress("new", Some("nginx"), None),
        ingress("old", None, Some("nginx")),
        ingress("both", Some("x"), Some("nginx")),
        ingress("none", None, None),
    ];
    assert_eq!(users(&ingresses, "nginx"), ["a/new", "a/old"]);
}
