use super::*;
use crate::spec::ingress::FrontDoor;
use crate::spec::keys::keys;
use crate::spec::tree::place;

fn file_only(text: &str) -> (StickyApp, Findings) {
    both(Sources { file: Some(text), ..Sources::default() })
}

fn both(sources: Sources<'_>) -> (StickyApp, Findings) {
    let loaded = load(sources);
    (loaded.spec, loaded.findings)
}

/// The problems of a file, each as one line.
fn problems(text: &str) -> Vec<String> {
    file_only(text).1.problems.iter().map(ToString::to_string).collect()
}

#[test]
fn nothing_said_is_the_default() {
    assert_eq!(both(Sources::default()), (StickyApp::default(), Findings::default()));
    assert_eq!(file_only("").0, StickyApp::default());
    assert_eq!(file_only("ingress:\n  host:\nredis:\n").0, StickyApp::default());
}

#[test]
fn later_ones_go_first() {
    let (spec, findings) = both(Sources {
        file: Some("name: from-file\nnamespace: from-file\nmode: 2x1\ningress: {frontDoor: traefik, class: web}"),
        variables: vec![("STICKYCTL_NAMESPACE".into(), "from-environment".into()), ("STICKYCTL_MODE".into(), "2x2".into())],
        flags: json!({"mode": "1x4"}),
        ..Sources::default()
    });
    assert_eq!(findings, Findings::default());
    assert_eq!((spec.name.as_str(), spec.namespace.as_str(), spec.mode.to_string().as_str()), ("from-file", "from-environment", "1x4"));
    assert_eq!((spec.ingress.front_door, spec.ingress.class.as_str()), (FrontDoor::Traefik, "web"));
    assert_eq!(spec.ingress.cookie, StickyApp::default().ingress.cookie, "what nobody named keeps its default");
}

/// What was found of one front door is not taken for another; said again, it counts.
#[test]
fn another_front_door_begins_afresh() {
    let release = json!({"ingress": {"frontDoor": "traefik", "frontDoorVersion": "3.7.13", "frontDoorNamespace": "edge", "class": "web"}});
    let over = |flags: Value| both(Sources { release: release.clone(), flags, ..Sources::default() }).0.ingress;
    assert_eq!(over(json!({})).front_door_namespace.as_deref(), Some("edge"));
    assert_eq!(over(json!({"ingress": {"frontDoor": "traefik"}})).front_door_version, Some("3.7.13".parse().unwrap()));
    let nginx = over(json!({"ingress": {"frontDoor": "nginx"}}));
    assert_eq!((nginx.front_door_version, nginx.front_door_namespace, nginx.class.as_str()), (None, None, "web"));
}

/// So is the Gateway of a release that moves to an Ingress and back.
#[test]
fn a_gateway_belongs_to_its_front_door() {
    let release = json!({"ingress": {"frontDoor": "gateway"}, "gateway": {"name": "shared", "namespace": "edge", "api": "1.7.0"}});
    let over = |flags: Value| both(Sources { release: release.clone(), flags, ..Sources::default() });
    assert_eq!(over(json!({"gateway": {"section": "web"}})).0.gateway.name.as_deref(), Some("shared"));
    let (spec, findings) = over(json!({"ingress": {"frontDoor": "nginx"}}));
    assert_eq!((spec, findings), (StickyApp::default(), Findings::default()));
    let variables = vec![("STICKYCTL_GATEWAY_HOSTNAMES".into(), "[a.example]".into()), ("STICKYCTL_GATEWAY_API".into(), "1.7.0".into())];
    let (spec, findings) = both(Sources { variables, flags: json!({"ingress": {"frontDoor": "gateway"}}), ..Sources::default() });
    assert_eq!((spec.gateway.hostnames, spec.gateway.api, findings), (vec!["a.example".to_owned()], "1.7.0".parse().ok(), Findings::default()));
}

#[test]
fn a_part_of_a_group_leaves_the_rest() {
    let (spec, _) = file_only("redis:\n  resources:\n    limits: {memory: 512Mi}");
    assert_eq!(spec.redis.resources.limits.memory, Some("512Mi".parse().unwrap()));
    assert_eq!(spec.redis.resources.requests, StickyApp::default().redis.resources.requests);
}

#[test]
fn unknown_keys_name_the_nearest() {
    assert_eq!(problems("namspace: x"), ["namspace: unknown key; did you mean namespace?"]);
    assert_eq!(problems("ingress: {cookie: {samesite: Lax}}"), ["ingress.cookie.samesite: unknown key; did you mean sameSite?"]);
    assert_eq!(problems("host: demo.example"), ["host: unknown key; did you mean ingress.host?"]);
    assert_eq!(problems("relay: {zzz: 1}"), ["relay.zzz: unknown key; known keys: fanout"]);
    assert!(problems("kind: StickyApp")[0].contains("not a Kubernetes object"));
    assert_eq!(
        problems("placement: {tolerations: [{key: a, efect: NoSchedule}]}"),
        ["placement.tolerations[0].efect: unknown key; did you mean effect?"]
    );
}

#[test]
fn all_problems_at_once() {
    let all = problems(
        "nmae: x\nmode: 3\nimage: {name: x}\nautoscaling: {max: many}\nresources: {limits: {memory: 1MB}}\n\
         ingress: {cookie: {lifetime: 3600, sameSite: strict}, trustedProxies: [10.0.0.1/8]}\n",
    );
    let has = |path: &str, word: &str| assert!(all.iter().any(|line| line.starts_with(path) && line.contains(word)), "{path}, {word}: {all:#?}");
    has("nmae:", "did you mean name?");
    has("mode:", "expected a string");
    has("image.name:", "neither a tag nor a digest");
    has("autoscaling.max:", "invalid type");
    has("resources.limits.memory:", "invalid quantity");
    has("ingress.cookie.lifetime:", "a duration with its unit");
    has("ingress.cookie.sameSite:", "write Strict");
    has("ingress.trustedProxies:", "did you mean 10.0.0.0/8");
    assert_eq!(all.len(), 8, "{all:#?}");
}

#[test]
fn files_that_are_no_spec() {
    assert!(problems("name: a\nname: b")[0].contains("duplicate"));
    assert!(problems("- a")[0].contains("not a map"));
    assert!(problems("a: [")[0].contains("can't read the file as YAML"));
    assert!(problems("a: 1\n---\nb: 1")[0].contains("can't read the file as YAML"));
    assert!(problems("ingress: 5")[0].starts_with("ingress: invalid type"));
}

/// None of them is a default.
#[test]
fn numbers_that_json_does_not_have_are_refused() {
    for number in [".nan", ".inf", "-.inf", "1e999"] {
        assert!(problems(&format!("autoscaling: {{max: {number}}}"))[0].contains("can't read the file as YAML"), "{number}");
        let (_, findings) = both(Sources { variables: vec![("STICKYCTL_AUTOSCALING_MAX".into(), number.into())], ..Sources::default() });
        assert!(findings.problems[0].to_string().starts_with("autoscaling.max: invalid value"), "{number}: {findings:?}");
    }
}

#[test]
fn a_hostile_file_is_one_harmless_line() {
    for text in [
        "\"\\e]0;title\\a\\n\u{202e}x\": 1",
        "mode: \"\\e]0;title\\a\"",
        "name: \"\\x9b2J\\r\\nok\"",
        "ingress: {host: \"\\u202e\"}",
        "\"\\e[2J\": [\n",
    ] {
        let all = problems(text);
        assert!(!all.is_empty() && all.iter().all(|line| sticky_core::harmless::harmless(line) == *line), "{all:?}");
    }
}

#[test]
fn a_bad_variable_is_a_problem_of_its_key() {
    let (_, findings) = both(Sources { variables: vec![("STICKYCTL_AUTOSCALING_MAX".into(), "[".into())], ..Sources::default() });
    assert!(findings.problems[0].to_string().starts_with("autoscaling.max: invalid value of STICKYCTL_AUTOSCALING_MAX"), "{findings:?}");
}

#[test]
fn a_release_lies_below_what_is_said_now() {
    let release = json!({"mode": "5x1", "namespace": "here", "ingress": {"class": "web"}});
    let loaded = load(Sources { release, flags: json!({"mode": null, "ingress": {"frontDoor": "traefik"}}), ..Sources::default() });
    assert_eq!((loaded.spec.mode.pods, loaded.spec.namespace.as_str(), loaded.spec.ingress.class.as_str()), (5, "here", "web"));
    assert_eq!(loaded.given, json!({"ingress": {"frontDoor": "traefik"}}), "only what was said now");
}

/// Each key is one that the types take, and each value of a full spec has its key.
#[test]
fn the_keys_are_the_spec() {
    for key in keys() {
        let (path, mut tree) = (&key.path, defaults());
        place(&mut tree, path, json!({"no": "value has this shape"}));
        let mut findings = Findings::default();
        typed(tree, &mut findings);
        assert!(!findings.problems.iter().any(|p| p.path == *path && p.what.starts_with("unknown key")), "{path}: {findings:?}");
    }
    let full = serde_json::to_value(crate::generate::sample::full()).unwrap();
    let mut seen = Vec::new();
    leaves(&full, String::new(), &mut seen);
    let mut known: Vec<String> = keys().iter().map(|key| key.path.clone()).collect();
    known.sort();
    seen.sort();
    assert_eq!(seen, known);
}

fn leaves(tree: &Value, path: String, all: &mut Vec<String>) {
    match tree {
        Value::Object(map) if path != "placement.nodeSelector" => {
            for (key, value) in map {
                leaves(value, if path.is_empty() { key.clone() } else { format!("{path}.{key}") }, all);
            }
        }
        _ => all.push(path),
    }
}

/// What a release keeps as its annotation reads back as the same spec.
#[test]
fn a_spec_survives_its_json() {
    for spec in [StickyApp::default(), crate::generate::sample::full()] {
        let text = serde_json::to_string(&spec).unwrap();
        assert_eq!(serde_json::from_str::<StickyApp>(&text).unwrap(), spec);
    }
}
