use super::*;
use crate::generate::front_door::install::Install;
use crate::generate::preset::Preset;
use crate::spec::check;
use crate::spec::ingress::{FrontDoor, Ingress};
use crate::spec::pods::{Autoscaling, Seconds};
use crate::spec::quantity::Quantity;
use crate::spec::redis::SecretKey;
use proptest::prelude::*;
use serde::Deserialize;
use serde_json::Value;
use sticky_core::memory;
use sticky_core::names::env;

fn values(spec: &StickyApp) -> Vec<Value> {
    objects(spec, true).iter().map(|object| serde_json::to_value(object).unwrap()).collect()
}

/// The object of a kind and name.
fn one(spec: &StickyApp, kind: &str, name: &str) -> Value {
    let found = values(spec).into_iter().find(|object| object["kind"] == kind && object["metadata"]["name"] == name);
    found.unwrap_or_else(|| panic!("no {kind} {name}"))
}

fn variables(container: &Value) -> Vec<(String, Value)> {
    let pair = |variable: &Value| (variable["name"].as_str().unwrap().to_owned(), variable.clone());
    container["env"].as_array().unwrap().iter().map(pair).collect()
}

#[test]
fn the_order_in_which_they_are_applied() {
    let kinds: Vec<String> = objects(&StickyApp::default(), true).iter().map(|o| format!("{} {}", o.kind(), o.name())).collect();
    assert_eq!(
        kinds,
        [
            "Namespace sticky-sessions",
            "NetworkPolicy sticky-sessions",
            "NetworkPolicy sticky-sessions-redis",
            "Service sticky-sessions-redis-headless",
            "Service sticky-sessions-redis",
            "PodDisruptionBudget sticky-sessions-redis",
            "StatefulSet sticky-sessions-redis",
            "Service sticky-sessions",
            "PodDisruptionBudget sticky-sessions",
            "Deployment sticky-sessions",
            "Ingress sticky-sessions",
        ]
    );
    assert_eq!(objects(&StickyApp::default(), false)[0].kind(), "NetworkPolicy");
    let shared = StickyApp { namespace: "default".to_owned(), ..StickyApp::default() };
    assert_eq!(objects(&shared, true)[0].kind(), "NetworkPolicy", "a namespace that exists is never labelled");
}

/// What Pod Security's level "restricted" requires of a pod (Kubernetes 1.33), and a read-only root, which it doesn't require.
#[test]
fn pods_have_no_privilege() {
    let spec = StickyApp::default();
    for (kind, name) in [("Deployment", "sticky-sessions"), ("StatefulSet", "sticky-sessions-redis")] {
        let pod = one(&spec, kind, name)["spec"]["template"]["spec"].clone();
        assert_eq!(pod["securityContext"]["runAsNonRoot"], true);
        assert_eq!(pod["securityContext"]["seccompProfile"]["type"], "RuntimeDefault");
        assert_eq!(pod["automountServiceAccountToken"], false);
        let container = &pod["containers"][0];
        assert_eq!(container["securityContext"]["allowPrivilegeEscalation"], false);
        assert_eq!(container["securityContext"]["capabilities"]["drop"][0], "ALL");
        assert_eq!(container["securityContext"]["readOnlyRootFilesystem"], true);
        assert!(container["resources"]["requests"]["memory"].is_string() && container["resources"]["limits"]["memory"].is_string());
    }
}

/// The table of limits in docs/operations.md names these numbers.
#[test]
fn the_memory_limit_of_a_pod_and_the_budget_of_its_workers_agree() {
    let documented = include_str!("../../../docs/operations.md");
    for (preset, sockets) in [(Preset::Nginx3x1, "9,062"), (Preset::Nginx1x4, "1,977"), (Preset::Traefik3x1, "9,062"), (Preset::Traefik1x4, "1,977")]
    {
        let mode = preset.mode();
        let pod = one(&StickyApp { mode, ..StickyApp::default() }, "Deployment", "sticky-sessions")["spec"]["template"]["spec"].clone();
        let container = &pod["containers"][0];
        let limit: Quantity = container["resources"]["limits"]["memory"].as_str().unwrap().parse().unwrap();
        let limit = u64::try_from(limit.whole()).unwrap();
        let budget = memory::budget(limit, mode.workers);
        assert!(budget as u64 * u64::from(mode.workers) < limit, "{}", preset.name());
        assert_eq!(memory::sockets(budget).to_string(), sockets.replace(',', ""), "{}", preset.name());
        assert!(documented.contains(sockets), "docs/operations.md lacks {sockets}");
        let overridden = container["env"].as_array().unwrap().iter().any(|e| e["name"] == env::MAX_SOCKETS || e["name"] == env::MEMORY_LIMIT);
        assert!(!overridden, "the app derives both from the limit of its control group");
    }
}

#[test]
fn a_pod_leaves_in_order() {
    let mut spec = StickyApp::default();
    let deployment = one(&spec, "Deployment", "sticky-sessions");
    let pod = &deployment["spec"]["template"]["spec"];
    assert_eq!(pod["terminationGracePeriodSeconds"], 35);
    assert_eq!(pod["containers"][0]["lifecycle"]["preStop"]["sleep"]["seconds"], 5);
    assert_eq!(pod["containers"][0]["readinessProbe"]["periodSeconds"], 2);
    assert_eq!(pod["containers"][0]["readinessProbe"]["failureThreshold"], 1);
    assert_eq!(deployment["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"], 0);
    spec.drain.window = Seconds(40);
    assert_eq!(one(&spec, "Deployment", "sticky-sessions")["spec"]["template"]["spec"]["terminationGracePeriodSeconds"], 60);
}

#[test]
fn probes_ask_the_admin_port_which_no_service_has() {
    let spec = StickyApp::default();
    let container = one(&spec, "Deployment", "sticky-sessions")["spec"]["template"]["spec"]["containers"][0].clone();
    for probe in ["startupProbe", "readinessProbe", "livenessProbe"] {
        assert_eq!(container[probe]["httpGet"]["port"], "admin", "{probe}");
    }
    let ports = one(&spec, "Service", "sticky-sessions")["spec"]["ports"].clone();
    assert_eq!(ports.as_array().unwrap().len(), 1);
    assert_eq!(ports[0]["targetPort"], "http");
}

/// A process that ran for 1.5 s of every 9.5 s was restarted three times in 158 s by a probe that waits 2 s and allows three failures, and
/// never by these.
#[test]
fn a_slow_container_is_not_restarted() {
    let doors = [FrontDoor::Nginx, FrontDoor::Traefik].map(|front_door| {
        let ingress = Ingress { front_door, ..Ingress::default() };
        front_door::install::objects(&Install::of(&StickyApp { ingress, ..StickyApp::default() }, false))
    });
    let all = doors.into_iter().flatten().chain(objects(&StickyApp::default(), true)).map(|object| serde_json::to_value(object).unwrap());
    let containers: Vec<Value> = all.filter_map(|object| object.pointer("/spec/template/spec/containers/0").cloned()).collect();
    assert_eq!(containers.len(), 4);
    for container in containers {
        let probe = &container["livenessProbe"];
        let number = |key: &str| probe[key].as_i64().unwrap();
        let patience = number("periodSeconds") * (number("failureThreshold") - 1) + number("timeoutSeconds");
        assert!(number("timeoutSeconds") >= 10 && (60..=120).contains(&patience), "{}: {patience} s with {probe}", container["name"]);
    }
}

#[test]
fn an_autoscaler_owns_the_number_of_pods() {
    let mut spec = StickyApp::default();
    assert_eq!(one(&spec, "Deployment", "sticky-sessions")["spec"]["replicas"], 3);
    spec.autoscaling = Some(Autoscaling::default());
    assert_eq!(one(&spec, "Deployment", "sticky-sessions")["spec"].get("replicas"), None);
    let scaler = one(&spec, "HorizontalPodAutoscaler", "sticky-sessions");
    assert_eq!((&scaler["spec"]["minReplicas"], &scaler["spec"]["maxReplicas"]), (&Value::from(3), &Value::from(10)));
}

/// The Service, the budget and the policies are for the pods of both Deployments; each Deployment has only its own.
#[test]
fn a_canary_is_a_second_deployment_behind_the_same_service() {
    let mut spec = StickyApp::default();
    assert!(!objects(&spec, true).iter().any(|object| object.name().contains("canary")));
    spec.canary.pods = 2;
    spec.autoscaling = Some(Autoscaling::default());
    let (stable, canary) = (one(&spec, "Deployment", "sticky-sessions"), one(&spec, "Deployment", "sticky-sessions-canary"));
    let selected = |selector: &Value, deployment: &Value| {
        let labels = &deployment["spec"]["template"]["metadata"]["labels"];
        selector.as_object().unwrap().iter().all(|(key, value)| labels[key] == *value)
    };
    for (own, other) in [(&stable, &canary), (&canary, &stable)] {
        let selector = &own["spec"]["selector"]["matchLabels"];
        assert!(selected(selector, own) && !selected(selector, other), "{selector}");
    }
    for (kind, path) in
        [("Service", "/spec/selector"), ("PodDisruptionBudget", "/spec/selector/matchLabels"), ("NetworkPolicy", "/spec/podSelector/matchLabels")]
    {
        let object = one(&spec, kind, "sticky-sessions");
        let selector = object.pointer(path).unwrap();
        assert!(selected(selector, &stable) && selected(selector, &canary), "{kind}");
    }
    assert_eq!((stable["spec"].get("replicas"), &canary["spec"]["replicas"]), (None, &2.into()), "no autoscaler owns the canary's number");
    assert_eq!(one(&spec, "HorizontalPodAutoscaler", "sticky-sessions")["spec"]["scaleTargetRef"]["name"], "sticky-sessions");

    let container = |deployment: &Value| deployment["spec"]["template"]["spec"]["containers"][0].clone();
    let differing = |spec: &StickyApp| {
        let (stable, canary) = (one(spec, "Deployment", "sticky-sessions"), one(spec, "Deployment", "sticky-sessions-canary"));
        let (stable, canary) = (variables(&container(&stable)), variables(&container(&canary)));
        assert!(stable.iter().all(|variable| canary.contains(variable)));
        canary.into_iter().filter(|variable| !stable.contains(variable)).map(|(name, value)| (name, value["value"].clone())).collect::<Vec<_>>()
    };
    let reports = |version: &str| vec![(env::REPORT_VERSION.to_owned(), Value::from(version))];
    assert_eq!(differing(&spec), reports(concat!(env!("CARGO_PKG_VERSION"), "-canary")));
    assert_eq!(container(&stable)["image"], container(&canary)["image"]);
    assert_eq!(canary["metadata"].get("annotations"), None, "the spec is on one Deployment");
    spec.canary.image = Some("registry.example/sticky-app:2.0".to_owned());
    assert_eq!(
        (differing(&spec), &container(&one(&spec, "Deployment", "sticky-sessions-canary"))["image"]),
        (vec![], &"registry.example/sticky-app:2.0".into())
    );
    spec.canary.version = sticky_core::version::Version::parse("blue").ok();
    assert_eq!(differing(&spec), reports("blue"));
}

#[test]
fn a_digest_follows_the_tag() {
    let mut spec = StickyApp::default();
    spec.image.name = "registry.example/sticky-app:1".to_owned();
    spec.image.digest = Some(format!("sha256:{}", "0a".repeat(32)));
    let container = one(&spec, "Deployment", "sticky-sessions")["spec"]["template"]["spec"]["containers"][0].clone();
    assert_eq!(container["image"], format!("registry.example/sticky-app:1@sha256:{}", "0a".repeat(32)));
    assert!(front_door::install::objects(&front_door::install::Install::of(&spec, false)).iter().any(|object| {
        let deployment = serde_json::to_value(object).unwrap();
        deployment["spec"]["template"]["spec"]["containers"][0]["image"].as_str().is_some_and(|image| image.contains(":v1.15.1@sha256:"))
    }));
}

/// DNS is open to all, because its servers may run anywhere.
#[test]
fn egress_is_open_unless_it_is_restricted() {
    let mut spec = StickyApp::default();
    let policy = |spec: &StickyApp, name: &str| one(spec, "NetworkPolicy", name)["spec"].clone();
    for name in ["sticky-sessions", "sticky-sessions-redis"] {
        let open = policy(&spec, name);
        assert_eq!((&open["policyTypes"], open.get("egress")), (&serde_json::json!(["Ingress"]), None));
    }
    spec.network_policy.restrict_egress = true;
    let (app, redis) = (policy(&spec, "sticky-sessions"), policy(&spec, "sticky-sessions-redis"));
    let types = serde_json::json!(["Ingress", "Egress"]);
    assert_eq!((&app["policyTypes"], &redis["policyTypes"], redis.get("egress")), (&types, &types, None), "Redis reaches nothing");
    let dns = serde_json::json!([{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"}]);
    assert_eq!((&app["egress"][0]["ports"], app["egress"][0].get("to")), (&dns, None));
    assert_eq!(app["egress"][1]["to"][0]["podSelector"]["matchLabels"]["app.kubernetes.io/component"], "redis");
    assert_eq!((app["egress"].as_array().unwrap().len(), &app["egress"][1]["ports"][0]["port"]), (2, &"redis".into()));

    spec.redis.url = Some("rediss://cache.example:6380/1".to_owned());
    let app = policy(&spec, "sticky-sessions");
    assert_eq!((&app["egress"][1]["ports"][0]["port"], app["egress"][1].get("to")), (&6_380.into(), None));
}

#[test]
fn a_password_is_only_ever_referred_to() {
    let mut spec = StickyApp::default();
    let redis = one(&spec, "StatefulSet", "sticky-sessions-redis")["spec"]["template"]["spec"]["containers"][0].clone();
    for (name, variable) in variables(&redis) {
        let wanted = serde_json::json!({"name": "sticky-sessions-redis", "key": "password"});
        assert_eq!(variable["valueFrom"]["secretKeyRef"], wanted, "{name}: it must be there");
    }
    let pod = one(&spec, "Deployment", "sticky-sessions")["spec"]["template"]["spec"].clone();
    assert_eq!((&pod["volumes"][0]["secret"]["secretName"], pod["volumes"][0]["secret"].get("optional")), (&"sticky-sessions-redis".into(), None));
    let protected = redis["command"].as_array().unwrap().iter().any(|word| word == "--protected-mode");
    assert!(!protected, "Redis itself refuses others if its password is empty");

    spec.redis.password = Some(SecretKey { secret: "mine".to_owned(), key: "word".to_owned() });
    let pod = one(&spec, "Deployment", "sticky-sessions")["spec"]["template"]["spec"].clone();
    let items = serde_json::json!([{"key": "word", "path": "REDIS_PASSWORD"}]);
    assert_eq!((&pod["volumes"][0]["secret"]["secretName"], &pod["volumes"][0]["secret"]["items"]), (&"mine".into(), &items));
    assert!(!values(&spec).iter().any(|object| object["kind"] == "Secret"));
}

#[test]
fn a_redis_elsewhere_is_not_deployed() {
    let mut spec = StickyApp::default();
    spec.redis.url = Some("rediss://cache.example:6380".to_owned());
    assert!(!objects(&spec, true).iter().any(|object| object.name().contains("redis")));
    let pod = one(&spec, "Deployment", "sticky-sessions")["spec"]["template"]["spec"].clone();
    assert_eq!(pod.get("volumes"), None);
    let names: Vec<String> = variables(&pod["containers"][0]).into_iter().map(|(name, _)| name).collect();
    assert!(names.contains(&"STICKY_REDIS_PREFIX".to_owned()) && !names.contains(&"STICKY_REDIS_PASSWORD_FILE".to_owned()));
}

#[test]
fn who_may_connect() {
    let mut spec = StickyApp::default();
    spec.metrics.namespace = Some("monitoring".to_owned());
    spec.network_policy.allow_from = vec!["192.0.2.0/24".parse().unwrap()];
    let rules = one(&spec, "NetworkPolicy", "sticky-sessions")["spec"]["ingress"].clone();
    let namespace = |peer: &Value| peer["namespaceSelector"]["matchLabels"]["kubernetes.io/metadata.name"].clone();
    assert_eq!(namespace(&rules[0]["from"][0]), "ingress-nginx");
    assert_eq!(rules[0]["from"][1]["ipBlock"]["cidr"], "192.0.2.0/24");
    assert_eq!((namespace(&rules[1]["from"][0]), &rules[1]["ports"][0]["port"]), (Value::from("monitoring"), &Value::from("admin")));
    let rules = one(&spec, "NetworkPolicy", "sticky-sessions-redis")["spec"]["ingress"].clone();
    assert_eq!(rules[0]["from"][0]["podSelector"]["matchLabels"]["app.kubernetes.io/component"], "app");
    spec.network_policy.enabled = false;
    assert!(!objects(&spec, true).iter().any(|object| object.kind() == "NetworkPolicy"));
}

#[test]
fn the_spec_stands_on_the_deployment() {
    let spec = sample::full();
    let text = one(&spec, "Deployment", "sticky-sessions")["metadata"]["annotations"][meta::SPEC].clone();
    assert_eq!(serde_json::from_str::<StickyApp>(text.as_str().unwrap()).unwrap(), spec);
}

/// Words that YAML 1.1 reads as booleans, numbers or null stay text, as values and as keys.
#[test]
fn traps_of_yaml_stay_text() {
    let traps = [
        "on", "off", "y", "n", "Y", "N", "yes", "no", "ON", "On", "0X1F", "0x1f", "1_000", "0_", "017", "1e3", "~", "null", "true", "", "12:30", "=",
        "<<", "- a", "a: b", "#", "|", "'", "\"", "\u{7}", "é",
    ];
    let mut spec = StickyApp::default();
    spec.placement.node_selector = traps.iter().map(|trap| ((*trap).to_owned(), (*trap).to_owned())).collect();
    spec.redis.url = Some("on".to_owned());
    spec.ingress.cookie.name = Some("end---".to_owned());
    reads_back(&spec);
    let text = write::yaml(&objects(&spec, true)).unwrap();
    for bare in ["on: on", ": on\n", ": y\n", ": 1_000\n", ": 0X1F\n", " on:", " y:", " 1_000:"] {
        assert!(!text.contains(bare), "{bare:?} stands unquoted in\n{text}");
    }
}

/// Each document, read by another YAML library, is the object.
#[track_caller]
fn reads_back(spec: &StickyApp) {
    let objects = objects(spec, true);
    let text = write::yaml(&objects).unwrap();
    assert_eq!(text, write::yaml(&super::objects(spec, true)).unwrap());
    let read: Vec<Value> = serde_yaml::Deserializer::from_str(&text).map(|document| Value::deserialize(document).unwrap()).collect();
    let want: Vec<Value> = objects.iter().map(|object| serde_json::to_value(object).unwrap()).collect();
    assert_eq!(read, want);
    for document in text.split("\n---\n") {
        assert!(document.starts_with("apiVersion: ") && document.lines().nth(1).unwrap().starts_with("kind: "), "{document}");
    }
    let list: Value = serde_json::from_str(&write::json(&objects).unwrap()).unwrap();
    assert_eq!(list["items"], Value::Array(want));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn valid_specs_render_the_same_again_and_read_back(spec in sample::valid()) {
        let mut findings = check::check(&spec);
        findings.add(front_door::check(&spec));
        prop_assert_eq!(findings.problems, vec![]);
        reads_back(&spec);
        let files = write::files(&objects(&spec, true)).unwrap();
        let mut names: Vec<&String> = files.iter().map(|(name, _)| name).collect();
        names.sort();
        names.dedup();
        prop_assert_eq!(names.len(), files.len(), "two objects, one file");
    }
}
