//! Ingresses and workloads as ten public charts render them with affinity on, written down by hand.

use super::{check, lines, manifests};

/// The lines `# expected: …` at the head of each file are all that is found.
#[test]
fn ten_public_charts() {
    let charts = manifests("charts");
    assert!(charts.len() >= 10, "{}", charts.len());
    let mut wrong = Vec::new();
    for (name, text) in charts {
        let mut expected: Vec<String> = text.lines().filter_map(|line| line.strip_prefix("# expected: ")).map(str::to_owned).collect();
        let mut found = lines(&check(&name, &text));
        expected.sort();
        found.sort();
        if expected != found {
            wrong.push(format!("{name}:\n{}", found.iter().map(|line| format!("# expected: {line}\n")).collect::<String>()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
