//! Checks the documents: every command is run by a test, links have a target, and quotes are verbatim.

use anyhow::{Context, Result, ensure};
use std::collections::BTreeSet;
use std::path::Path;
use testkit::docs::{self, RUN_BY, RunBy, text};
use testkit::tree::root;

#[test]
fn every_command_is_run_by_somebody() -> Result<()> {
    let shown: BTreeSet<(String, String)> = docs::files()?
        .into_iter()
        .flat_map(|(path, text)| text::commands(&text).into_iter().map(move |command| (path.clone(), command.heading)))
        .collect();
    let run: BTreeSet<(String, String)> = RUN_BY.iter().map(|(path, heading, _)| ((*path).to_owned(), (*heading).to_owned())).collect();
    assert_eq!(shown, run, "left: shown by a document; right: run by a test (e2e/testkit/src/docs/mod.rs)");
    let ci = std::fs::read_to_string(root().join(".ci/run"))?;
    for (path, heading, by) in RUN_BY {
        let RunBy::Ci(words) = by else { continue };
        assert_eq!(docs::commands(path, heading)?.len(), words.len(), "{path}, {heading}: a word of .ci/run for each command");
        for word in *words {
            assert!(ci.contains(word), "{path}, {heading}: .ci/run has no {word}");
        }
    }
    Ok(())
}

/// External links can't be checked offline, so this list of sites catches typos in their names.
const ELSEWHERE: [&str; 8] = [
    "https://caddyserver.com/docs/",
    "https://docs.haproxy.org/2.6/",
    "https://gateway.envoyproxy.io/docs/",
    "https://kind.sigs.k8s.io",
    "https://krew.sigs.k8s.io/",
    "https://kubernetes.github.io/ingress-nginx/",
    "https://nginx.org/en/docs/",
    "https://www.envoyproxy.io/docs/",
];

/// Whether a link has the form of a public report's: the tests of its site name the same one.
fn is_report(link: &str) -> bool {
    let parts: Vec<&str> = link.strip_prefix("https://github.com/").unwrap_or_default().split('/').collect();
    matches!(&parts[..], [owner, name, "issues" | "pull" | "discussions", number]
        if !owner.is_empty() && !name.is_empty() && number.parse::<u32>().is_ok())
}

#[test]
fn links_lead_somewhere() -> Result<()> {
    let root = root();
    let files = docs::files()?;
    let mut seen = 0;
    for (path, content) in &files {
        let folder = Path::new(path).parent().context("a file without a folder")?;
        for link in text::links(content) {
            seen += 1;
            if link.starts_with("http://127.0.0.1") || link.starts_with("http://localhost") || ELSEWHERE.iter().any(|site| link.starts_with(site)) {
                continue;
            }
            if is_report(&link) {
                continue;
            }
            ensure!(!link.contains("://"), "{path}: {link} is not among the sites of this test");
            let (file, anchor) = link.split_once('#').unwrap_or((&link, ""));
            let target = if file.is_empty() { root.join(path) } else { root.join(folder).join(file) };
            ensure!(target.exists(), "{path}: {link} leads nowhere");
            if !anchor.is_empty() {
                let anchors = text::anchors(&std::fs::read_to_string(&target)?);
                ensure!(anchors.iter().any(|known| known == anchor), "{path}: {link}: the headings there are {anchors:?}");
            }
        }
    }
    assert!(seen > 20, "{seen}");
    Ok(())
}

/// A path of the tree that a document names is there.
#[test]
fn named_files_exist() -> Result<()> {
    let mut seen = 0;
    for (path, content) in docs::files()? {
        for name in content.split('`').skip(1).step_by(2) {
            let is_path = ["core/", "affinity/", "app/", "stickyctl/", "e2e/", "docs/", "helm/", "manifests/", ".github/"]
                .iter()
                .any(|top| name.starts_with(top));
            if !is_path || name.contains(|c: char| c.is_whitespace() || c.is_uppercase() || c == '*') {
                continue;
            }
            seen += 1;
            ensure!(root().join(name).exists(), "{path}: there is no {name}");
        }
    }
    assert!(seen > 50, "{seen}");
    Ok(())
}

/// YAML for copying is part of `render`'s output.
#[test]
fn snippets_are_from_the_manifests() -> Result<()> {
    let root = root();
    let plain = |text: &str| text.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n");
    let entries = std::fs::read_dir(root.join("manifests/nginx-3x1"))?;
    let manifests: Vec<String> = entries.map(|entry| Ok(plain(&std::fs::read_to_string(entry?.path())?))).collect::<Result<_>>()?;
    let copy = std::fs::read_to_string(root.join("docs/copy.md"))?;
    let snippets: Vec<&str> = copy.split("```yaml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert!(snippets.len() >= 5, "{snippets:?}");
    for snippet in snippets {
        let wanted = plain(snippet);
        // The first line of a list follows its key in either style.
        let wanted = wanted.trim_start_matches("- ");
        assert!(manifests.iter().any(|text| text.contains(wanted)), "no manifest has\n{snippet}");
    }
    Ok(())
}
