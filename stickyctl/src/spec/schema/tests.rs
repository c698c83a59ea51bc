use super::*;
use crate::generate::sample;
use proptest::prelude::*;

fn validator() -> jsonschema::Validator {
    jsonschema::draft7::new(&schema()).unwrap()
}

/// The faults of a file's text, each with its place.
fn faults(text: &str) -> Vec<String> {
    let tree: Value = serde_yaml::from_str(text).unwrap();
    validator().iter_errors(&tree).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

fn tree(spec: &StickyApp) -> Value {
    serde_json::to_value(spec).unwrap()
}

#[test]
fn it_is_a_schema_and_takes_what_is_valid() {
    jsonschema::draft7::meta::validate(&schema()).unwrap();
    let validator = validator();
    for spec in [StickyApp::default(), sample::full()] {
        let faults: Vec<String> = validator.iter_errors(&tree(&spec)).map(|error| error.to_string()).collect();
        assert_eq!(faults, Vec::<String>::new());
    }
    for good in [
        "{}",
        "resources: {limits: {cpu: 2, memory: 0.5Gi}, requests: {cpu: 0.1}}",
        "ingress: {host: }\nautoscaling:\nredis: {url: , password: }\nplacement: {tolerations: [{key: spot, effect: }]}",
        "ingress: {host: '*.demo.example', frontDoorVersion: v3.7.13, trustedProxies: [192.0.2.1, '2001:db8::/32']}",
        "image: {name: 'registry.example:5000/a/b@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef'}",
    ] {
        assert_eq!(faults(good), Vec::<String>::new(), "{good}");
    }
}

#[test]
fn what_it_refuses() {
    for (text, place, word) in [
        ("nmae: x", "", "nmae"),
        ("ingress: {cookie: {samesite: Lax}}", "/ingress/cookie", "samesite"),
        ("placement: {tolerations: [{key: a, efect: NoSchedule}]}", "/placement/tolerations/0", "efect"),
        ("ingress: {cookie: {sameSite: strict}}", "/ingress/cookie/sameSite", "\"Strict\""),
        ("ingress: {cookie: {lifetime: 0}}", "/ingress/cookie/lifetime", "string"),
        ("ingress: {cookie: {lifetime: 0h}}", "/ingress/cookie/lifetime", "0h"),
        ("ingress: {websocketTimeout: 39s}", "/ingress/websocketTimeout", "39s"),
        ("drain: {window: 0s}", "/drain/window", "0s"),
        ("resources: {limits: {memory: 256}}", "/resources/limits/memory", "minimum"),
        ("resources: {limits: {memory: '256'}}", "/resources/limits/memory", "not allowed"),
        ("ingress: {cookie: {name: jsessionid}}", "/ingress/cookie/name", "not allowed"),
        ("ingress: {cookie: {name: ASPSESSIONIDABC}}", "/ingress/cookie/name", "not allowed"),
        ("redis: {password: {secret: a, key: ..b}}", "/redis/password/key", "..b"),
        ("ingress: {cookie: {lifetime: '3600'}}", "/ingress/cookie/lifetime", "[smh]"),
        ("ingress: {frontDoor: envoy}", "/ingress/frontDoor", "\"traefik\""),
        ("placement: {tolerations: [{key: a, effect: Never}]}", "/placement/tolerations/0/effect", "NoSchedule"),
        ("mode: 65x1", "/mode", "65x1"),
        ("mode: 3", "/mode", "string"),
        ("name: 1st", "/name", "1st"),
        ("image: {name: 'sticky-app:latest'}", "/image/name", "not allowed"),
        ("image: {name: sticky-app}", "/image/name", "sticky-app"),
        ("resources: {limits: {memory: 1MB}}", "/resources/limits/memory", "1MB"),
        ("resources: {limits: {cpu: 0}}", "/resources/limits/cpu", "0"),
        ("limits: {maxBody: 0}", "/limits/maxBody", "minimum"),
        ("limits: {maxSockets: 10000001}", "/limits/maxSockets", "maximum"),
        ("autoscaling: {max: 65}", "/autoscaling/max", "64"),
        ("canary: {pods: 65}", "/canary/pods", "maximum"),
        ("canary: {version: -1-}", "/canary/version", "-1-"),
        ("canary: {version: 1.10}", "/canary/version", "string"),
        ("canary: {image: sticky-app}", "/canary/image", "sticky-app"),
        ("ingress: {host: 192.0.2.1}", "/ingress/host", "not allowed"),
        ("resources: {limits: {cpu: 0.0e3}}", "/resources/limits/cpu", "0"),
        ("resources: {limits: {memory: '0Mi'}}", "/resources/limits/memory", "0Mi"),
        ("image: {name: 'Sticky:1'}", "/image/name", "Sticky"),
        ("networkPolicy: {allowFrom: [192.0.2.256]}", "/networkPolicy/allowFrom/0", "192.0.2.256"),
        ("placement: {nodeSelector: {a/b/c: x}}", "/placement/nodeSelector", "a/b/c"),
        ("placement: {nodeSelector: {a: 1}}", "/placement/nodeSelector/a", "string"),
        ("redis: {password: {key: x}}", "/redis/password", "secret"),
        ("drain: {delay: }", "/drain/delay", "string"),
    ] {
        let all = faults(text);
        assert!(matches!(&all[..], [one] if one.split_once(':').is_some_and(|(at, what)| at == place && what.contains(word))), "{text}: {all:?}");
    }
}

/// Each key has a text and one plain type; no group takes an unknown key.
#[test]
fn every_key_is_described() {
    described(&schema(), "");
}

fn described(schema: &Value, path: &str) {
    let Some(properties) = schema["properties"].as_object() else { return };
    assert_eq!(schema["additionalProperties"], false, "{path}");
    for (key, property) in properties {
        let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        assert!(property["description"].as_str().is_some_and(|text| text.ends_with('.')), "{path} has no text: {property}");
        assert!(property.get("$ref").is_none() && property.get("anyOf").is_none() && property.get("oneOf").is_none(), "{path}: {property}");
        described(property, &path);
    }
}

/// A default stands at every key that has one, and is the whole spec's: Redis' resources are not the app's.
#[test]
fn defaults_are_those_of_a_whole_spec() {
    let schema = schema();
    let at = |path: &str| path.split('.').fold(&schema, |schema, key| &schema["properties"][key])["default"].clone();
    assert_eq!((at("resources.requests.cpu"), at("redis.resources.requests.cpu")), (json!("100m"), json!("50m")));
    assert_eq!((at("mode"), at("autoscaling.max"), at("ingress.trustedProxies")), (json!("3x1"), json!(10), json!([])));
    assert_eq!((at("ingress"), at("ingress.host"), at("autoscaling")), (Value::Null, Value::Null, Value::Null));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn it_takes_every_valid_spec(spec in sample::valid()) {
        let tree = tree(&spec);
        let faults: Vec<String> = validator().iter_errors(&tree).map(|error| error.to_string()).collect();
        prop_assert_eq!(faults, Vec::<String>::new());
    }
}
