//! Circular imports.
//!
//! At each level, sibling modules and their parent's own file are compared; a folder counts as one module with everything in it. So
//! neither files nor folders may import each other, directly or indirectly.

use super::imports::Imports;
use super::tree::Name;
use std::collections::{BTreeMap, BTreeSet};

/// Modules that import each other.
pub(super) struct Circle {
    /// Their common parent, and the modules.
    pub(super) name: String,
    /// An import for each step.
    pub(super) why: String,
}

/// The name of a parent's own file among its children.
const OWN: &str = "mod";

pub(super) fn find(imports: &Imports) -> Vec<Circle> {
    // By parent: which child imports which, and a path that shows it.
    let mut levels: BTreeMap<Name, BTreeMap<(String, String), String>> = BTreeMap::new();
    for ((from, to), path) in imports {
        let common = from.iter().zip(to).take_while(|(a, b)| a == b).count();
        let part = |name: &Name| name.get(common).cloned().unwrap_or_else(|| OWN.to_owned());
        let how = format!("    {} imports {path}\n", if from.is_empty() { "the root".to_owned() } else { from.join("::") });
        levels.entry(from[..common].to_vec()).or_default().entry((part(from), part(to))).or_insert(how);
    }
    levels.iter().flat_map(|(parent, steps)| at(parent, steps)).collect()
}

fn at(parent: &Name, steps: &BTreeMap<(String, String), String>) -> Vec<Circle> {
    let reach = |start: &str| {
        let (mut seen, mut next) = (BTreeSet::new(), vec![start]);
        while let Some(one) = next.pop() {
            for (_, to) in steps.keys().filter(|(from, _)| from == one) {
                if seen.insert(to.as_str()) {
                    next.push(to);
                }
            }
        }
        seen
    };
    let reached: BTreeMap<&str, BTreeSet<&str>> = steps.keys().map(|(from, _)| (from.as_str(), reach(from))).collect();
    let together = |a: &str, b: &str| reached.get(a).is_some_and(|all| all.contains(b)) && reached.get(b).is_some_and(|all| all.contains(a));
    let groups: BTreeSet<Vec<&str>> =
        reached.keys().filter(|one| together(one, one)).map(|one| reached.keys().copied().filter(|other| together(one, other)).collect()).collect();
    let circle = |group: Vec<&str>| {
        let inside = steps.iter().filter(|((from, to), _)| group.contains(&from.as_str()) && group.contains(&to.as_str()));
        let parent = if parent.is_empty() { "crate".to_owned() } else { parent.join("::") };
        Circle { name: format!("{parent}: {}", group.join(", ")), why: inside.map(|(_, how)| how.as_str()).collect() }
    };
    groups.into_iter().map(circle).collect()
}
