//! From text to a spec: defaults ← file ← `STICKYCTL_*` ← flags, with every problem at once.

use super::findings::{Findings, Problem};
use super::keys::{elsewhere, nearest};
use super::sticky_app::StickyApp;
use super::tree::{merge, prune};
use super::{check, environment, yaml};
use serde_json::{Map, Value, json};
use serde_path_to_error::Segment;
use std::ffi::OsString;

/// Where the values of a spec come from; later sources override earlier ones.
#[derive(Debug, Default)]
pub struct Sources<'a> {
    /// The spec that the release on the cluster was made from.
    pub release: Value,
    /// The text of the file.
    pub file: Option<&'a str>,
    /// All environment variables; those of the spec are picked out.
    pub variables: Vec<(OsString, OsString)>,
    /// `STICKYCTL_*` variables of other commands.
    pub other_variables: Vec<String>,
    /// What the flags set, in the shape of a spec.
    pub flags: Value,
}

/// A spec, and how it came about.
#[derive(Debug)]
pub struct Loaded {
    /// The spec. Where a value was refused, this has the default.
    pub spec: StickyApp,
    /// What was set now: by the file, the variables and the flags, without the defaults and the release.
    pub given: Value,
    /// What is wrong with the spec.
    pub findings: Findings,
}

/// Reads and checks a spec: defaults ← release ← file ← variables ← flags.
#[must_use]
pub fn load(sources: Sources<'_>) -> Loaded {
    let mut findings = Findings::default();
    let mut given = sources.file.map_or_else(|| json!({}), |text| file(text, &mut findings));
    merge(&mut given, environment::read(sources.variables, &sources.other_variables, &mut findings));
    merge(&mut given, sources.flags);
    prune(&mut given);
    let mut tree = defaults();
    let mut release = sources.release;
    forget_another_door(&mut release, &given);
    merge(&mut tree, release);
    merge(&mut tree, given.clone());
    let spec = typed(tree, &mut findings);
    findings.add(check::check(&spec));
    Loaded { spec, given, findings }
}

/// The version, the namespace and the Gateway of a front door don't apply to another front door.
fn forget_another_door(release: &mut Value, given: &Value) {
    let door = |tree: &Value| tree.pointer("/ingress/frontDoor").cloned();
    let is_another = door(given).is_some_and(|wanted| door(release).is_some_and(|was| was != wanted));
    let Value::Object(keys) = release else { return };
    if !is_another {
        return;
    }
    keys.remove("gateway");
    if let Some(Value::Object(ingress)) = keys.get_mut("ingress") {
        ingress.remove("frontDoorVersion");
        ingress.remove("frontDoorNamespace");
    }
}

fn defaults() -> Value {
    // A spec is plain data: it always has a JSON form.
    serde_json::to_value(StickyApp::default()).unwrap_or_default()
}

fn file(text: &str, findings: &mut Findings) -> Value {
    match yaml::read(text) {
        Ok(tree @ (Value::Object(_) | Value::Null)) => tree,
        Ok(_) => {
            findings.refuse("", "the file is not a map of keys; write keys and values, as in `mode: 3x1`");
            Value::Null
        }
        Err(why) => {
            findings.refuse("", format!("can't read the file as YAML: {why}"));
            Value::Null
        }
    }
}

/// Turns the tree into a spec. Serde stops at its first error, so this notes the error, takes the value out and tries again.
fn typed(mut tree: Value, findings: &mut Findings) -> StickyApp {
    prune(&mut tree);
    loop {
        let error = match serde_path_to_error::deserialize::<_, StickyApp>(&tree) {
            Ok(spec) => return spec,
            Err(error) => error,
        };
        let path: Vec<Step> = error.path().iter().filter_map(Step::of).collect();
        let message = error.inner().to_string();
        let what = match unknown(&message) {
            Some((key, there)) => suggestion(&key, &there, path.len() <= 1),
            None => message,
        };
        findings.problems.push(Problem::new(write(&path), what));
        if !put_back(&mut tree, &defaults(), &path) {
            return StickyApp::default();
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Key(String),
    Place(usize),
}

impl Step {
    fn of(segment: &Segment) -> Option<Self> {
        match segment {
            Segment::Map { key } => Some(Self::Key(key.clone())),
            Segment::Seq { index } => Some(Self::Place(*index)),
            Segment::Enum { .. } | Segment::Unknown => None,
        }
    }
}

fn write(path: &[Step]) -> String {
    path.iter().fold(String::new(), |text, step| match step {
        Step::Key(key) if text.is_empty() => key.clone(),
        Step::Key(key) => format!("{text}.{key}"),
        Step::Place(index) => format!("{text}[{index}]"),
    })
}

/// The unknown key and the known ones, from serde's message for `deny_unknown_fields`.
fn unknown(message: &str) -> Option<(String, Vec<String>)> {
    let (key, rest) = message.strip_prefix("unknown field `")?.split_once("`, ")?;
    let there = rest.split('`').skip(1).step_by(2).map(str::to_owned).collect();
    Some((key.to_owned(), there))
}

fn suggestion(key: &str, there: &[String], at_root: bool) -> String {
    if let Some(near) = nearest(key, there.iter().map(String::as_str)) {
        return format!("unknown key; did you mean {near}?");
    }
    if let Some(place) = elsewhere(key) {
        return format!("unknown key; did you mean {place}?");
    }
    if at_root && matches!(key, "apiVersion" | "kind" | "metadata" | "spec") {
        return "unknown key: a spec is not a Kubernetes object; its keys are at the top level, as in `mode: 3x1`".to_owned();
    }
    format!("unknown key; known keys: {}", there.join(", "))
}

/// Replaces the value at a path by its default, or removes it. Returns whether anything changed.
fn put_back(tree: &mut Value, defaults: &Value, path: &[Step]) -> bool {
    let Some((last, above)) = path.split_last() else { return false };
    let down = |tree: &Value, step: &Step| match step {
        Step::Key(key) => tree.get(key).cloned(),
        Step::Place(index) => tree.get(index).cloned(),
    };
    let default = path.iter().try_fold(defaults.clone(), |tree, step| down(&tree, step));
    let parent = above.iter().try_fold(tree, |tree, step| match step {
        Step::Key(key) => tree.get_mut(key),
        Step::Place(index) => tree.get_mut(index),
    });
    match (parent, last) {
        (Some(Value::Object(map)), Step::Key(key)) => replace(map, key, default),
        (Some(Value::Array(list)), Step::Place(index)) if *index < list.len() => {
            list.remove(*index);
            true
        }
        _ => false,
    }
}

fn replace(map: &mut Map<String, Value>, key: &str, default: Option<Value>) -> bool {
    let before = match &default {
        Some(default) => map.insert(key.to_owned(), default.clone()),
        None => map.remove(key),
    };
    before != default
}

#[cfg(test)]
mod tests;
