//! For any spec, Helm's objects are the same as the generator's.

use crate::chart_text::template;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestError, TestRunner};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use stickyctl::generate::{chart as generated, objects, sample};
use stickyctl::spec::StickyApp;
use stickyctl::spec::load::{Sources, load};
use testkit::kube::helm::{Helm, chart};

const SPEC: &str = "stickyctl.dev/spec";

/// Objects by kind and name, with the spec's annotation as a value.
type Objects = BTreeMap<String, Value>;

fn by_name(all: impl IntoIterator<Item = Value>) -> Objects {
    let mut found = Objects::new();
    for mut object in all {
        let name = format!("{} {}", object["kind"].as_str().unwrap(), object["metadata"]["name"].as_str().unwrap());
        if let Some(text) = object.pointer("/metadata/annotations/stickyctl.dev~1spec") {
            let mut spec: StickyApp = serde_json::from_str(text.as_str().unwrap()).unwrap();
            // The chart has it in bytes, the spec in any unit.
            spec.redis.maxmemory = spec.redis.maxmemory.whole().to_string().parse().unwrap();
            object["metadata"]["annotations"][SPEC] = serde_json::to_value(spec).unwrap();
        }
        assert!(found.insert(name.clone(), object).is_none(), "{name} appears twice");
    }
    found
}

fn wanted(spec: &StickyApp) -> Objects {
    by_name(objects(spec, false).iter().map(|object| serde_json::to_value(object).unwrap()))
}

/// Helm's objects without the documented differences: the managed-by label, and the chart's version.
fn made(text: &str) -> Objects {
    let documents = serde_yaml::Deserializer::from_str(text).map(|document| Value::deserialize(document).unwrap());
    by_name(documents.filter(|document| !document.is_null()).map(|mut object| {
        let version = object["metadata"]["labels"].as_object_mut().unwrap().remove("helm.sh/chart");
        assert_eq!(version, Some(json!(concat!("sticky-sessions-", env!("CARGO_PKG_VERSION")))));
        manager(&mut object);
        object
    }))
}

fn manager(tree: &mut Value) {
    match tree {
        Value::Object(map) => {
            if let Some(manager) = map.get_mut("app.kubernetes.io/managed-by") {
                assert_eq!(*manager, "Helm");
                *manager = json!("stickyctl");
            }
            map.values_mut().for_each(manager);
        }
        Value::Array(list) => list.iter_mut().for_each(manager),
        _ => {}
    }
}

/// Lines that are only on one side.
fn difference(wanted: &Objects, made: &Objects) -> String {
    let lines = |objects: &Objects| -> Vec<String> {
        let mut lines = Vec::new();
        for (name, object) in objects {
            leaves(object, name, &mut lines);
        }
        lines
    };
    let (wanted, made) = (lines(wanted), lines(made));
    let only = |mark: &str, these: &[String], those: &[String]| -> Vec<String> {
        these.iter().filter(|line| !those.contains(line)).map(|line| format!("{mark} {line}")).collect()
    };
    [only("- generator:", &wanted, &made), only("+ chart:    ", &made, &wanted)].concat().join("\n")
}

fn leaves(tree: &Value, path: &str, all: &mut Vec<String>) {
    match tree {
        Value::Object(map) if !map.is_empty() => map.iter().for_each(|(key, value)| leaves(value, &format!("{path} {key}"), all)),
        Value::Array(list) if !list.is_empty() => list.iter().enumerate().for_each(|(at, value)| leaves(value, &format!("{path} {at}"), all)),
        leaf => all.push(format!("{path}: {leaf}")),
    }
}

fn compare(helm: &Helm, spec: &StickyApp) -> Result<(), String> {
    let values = generated::values_text(spec);
    let said = template(helm, &spec.name, &spec.namespace, &values);
    let text = said.ok().map_err(|error| format!("{error:#}\n{values}"))?;
    let difference = difference(&wanted(spec), &made(&text));
    if difference.is_empty() { Ok(()) } else { Err(format!("{difference}\nwith the values\n{values}")) }
}

#[test]
fn one_hundred_random_specs_make_the_generators_objects() {
    let Some(helm) = Helm::asked() else { return };
    // Each call of helm takes about 0.1 s, and so does each shrinking step.
    let config = Config { cases: 100, max_shrink_iters: 200, failure_persistence: None, ..Config::default() };
    let done = TestRunner::new(config).run(&sample::valid(), |spec| compare(&helm, &spec).map_err(TestCaseError::fail));
    match done {
        Ok(()) => {}
        // The failure message includes the values after shrinking.
        Err(TestError::Fail(why, _)) => panic!("{why}"),
        Err(TestError::Abort(why)) => panic!("no specs: {why}"),
    }
}

#[test]
fn the_presets_are_faultless_and_make_the_generators_objects() {
    let Some(helm) = Helm::asked() else { return };
    let folder = format!("{}/ci", chart());
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let values = std::fs::read_to_string(&path).unwrap();
        let spec = load(Sources { file: Some(&values), ..Sources::default() });
        assert_eq!(spec.findings.problems, []);
        let words = ["lint", "--strict", "--quiet", &chart(), "--values", path.to_str().unwrap()];
        helm.run(&words, "").unwrap().ok().unwrap_or_else(|error| panic!("{}: {error:#}", path.display()));
        let text = template(&helm, "sticky-sessions", "sticky-sessions", &values).ok().unwrap();
        assert_eq!(difference(&wanted(&spec.spec), &made(&text)), "", "{}", path.display());
        count += 1;
    }
    assert_eq!(count, 6);
}
