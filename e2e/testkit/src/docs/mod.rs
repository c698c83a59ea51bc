//! The commands in the documents and in `--help`: a test runs every one of them.
//!
//! [`text`] finds commands and links, and [`shell`] runs commands as a user would paste them. [`RUN_BY`] lists which test runs which
//! commands; a command that no test runs is a failure.

pub mod shell;
pub mod shown;
pub mod text;

use crate::tree;
use anyhow::{Context, Result};

/// The test that runs the commands below a heading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunBy {
    /// `tests/processes/docs.rs`, on this machine without a cluster.
    Here,
    /// `tests/journey.rs`, on a cluster that the commands create.
    Journey,
    /// `tests/journey.rs`, behind Envoy Gateway, on a cluster that the commands create.
    Gateway,
    /// `tests/journey.rs`, on the same cluster while the release is up.
    Release,
    /// `tests/journey.rs`, on the same cluster without a release, from the workspace's root.
    Chart,
    /// `tests/cluster/workloads/docs.rs`, on a cluster with an application that has no identity.
    Workload,
    /// `tests/release`, from a release that it packs.
    Install,
    /// `tests/cluster/in_cluster.rs`, on a cluster with a Service, whose namespace is another than the document's.
    Inside,
    /// `.ci/run`, with these texts, one for each command.
    Ci(&'static [&'static str]),
}

/// Every heading with commands, by file, in reading order.
pub const RUN_BY: &[(&str, &str, RunBy)] = &[
    ("README.md", "Try it on your machine", RunBy::Here),
    ("README.md", "On Kubernetes", RunBy::Journey),
    ("README.md", "Behind a Gateway", RunBy::Gateway),
    ("README.md", "Does it stick?", RunBy::Workload),
    ("README.md", "What a verdict looks like", RunBy::Here),
    ("README.md", "Development", RunBy::Ci(&["\"$xtask\" test", "\"$xtask\" sockets"])),
    ("docs/affinity.md", "What sessions are for", RunBy::Here),
    ("docs/doctor.md", "What will break affinity? stickyctl doctor", RunBy::Here),
    ("docs/in-cluster.md", "Run it inside the cluster", RunBy::Inside),
    ("docs/in-cluster.md", "On a schedule", RunBy::Inside),
    ("docs/install.md", "Install", RunBy::Install),
    ("docs/install.md", "Completions and the manual", RunBy::Install),
    ("docs/install.md", "As a kubectl plugin", RunBy::Install),
    ("docs/install.md", "Uninstall", RunBy::Install),
    ("docs/operations.md", "Metrics", RunBy::Release),
    ("docs/operations.md", "Running sticky-app without Kubernetes", RunBy::Here),
    ("docs/verify.md", "Does it stick? stickyctl verify", RunBy::Here),
    ("docs/verify.md", "The report", RunBy::Here),
    ("docs/verify.md", "Reasons", RunBy::Here),
    ("docs/workloads.md", "Verify your own application on a cluster", RunBy::Workload),
    ("docs/workloads.md", "Which pod answered", RunBy::Workload),
    ("docs/workloads.md", "Permissions", RunBy::Workload),
    ("CONTRIBUTING.md", "Generated files", RunBy::Ci(&["\"$xtask\" generate"])),
    // The Secret comes before the installation that reads it.
    ("helm/README.md", "Values", RunBy::Chart),
    ("helm/README.md", "The sticky-sessions Helm chart", RunBy::Chart),
    ("e2e/cluster/README.md", "Tests on a cluster", RunBy::Ci(&["STICKY_E2E_KUBECONFIG=$(\"${cluster[@]}\" kubeconfig)"])),
];

/// All documents: the README, the pages it links to, and READMEs in folders, as pairs of path from the root and text.
pub fn files() -> Result<Vec<(String, String)>> {
    let root = tree::root();
    let mut paths = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md"].map(str::to_owned).to_vec();
    for folder in ["docs", "helm", "manifests", "e2e/cluster", ".github/release"] {
        let entries = std::fs::read_dir(root.join(folder)).with_context(|| format!("no folder {folder}"))?;
        let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        paths.extend(names.filter(|name| name.ends_with(".md")).map(|name| format!("{folder}/{name}")));
    }
    paths.sort();
    paths.into_iter().map(|path| Ok((path.clone(), std::fs::read_to_string(root.join(&path)).with_context(|| format!("no {path}"))?))).collect()
}

/// The commands below a heading of a document, in order.
///
/// # Errors
/// The document or the heading doesn't exist, or has no commands.
pub fn commands(file: &str, heading: &str) -> Result<Vec<String>> {
    let text = std::fs::read_to_string(tree::root().join(file)).with_context(|| format!("no {file}"))?;
    let all: Vec<String> = text::commands(&text).into_iter().filter(|command| command.heading == heading).map(|command| command.line).collect();
    anyhow::ensure!(!all.is_empty(), "{file} shows no command below {heading:?}");
    Ok(all)
}

/// The example spec in the documents, for commands that read `release.yaml`.
pub fn example_spec() -> Result<String> {
    let text = std::fs::read_to_string(tree::root().join("docs/operations.md")).context("no docs/operations.md")?;
    let spec = text.split("```yaml\n").nth(1).and_then(|rest| rest.split("```").next()).context("docs/operations.md shows no spec")?;
    Ok(spec.to_owned())
}

/// The examples in the help of a program and its commands, in order.
#[must_use]
pub fn examples(program: &clap::Command) -> Vec<String> {
    let commands = std::iter::once(program).chain(program.get_subcommands());
    let texts = commands.filter_map(|command| Some(command.get_after_help()?.to_string()));
    let name = format!("{} ", program.get_name());
    texts.flat_map(|text| text.lines().map(|line| line.trim().to_owned()).collect::<Vec<_>>()).filter(|line| line.starts_with(&name)).collect()
}

/// Whether a `stickyctl` command line needs a cluster.
#[must_use]
pub fn needs_a_cluster(line: &str) -> bool {
    let asks = ["up", "status", "scale", "mode", "forward", "down"];
    let command = line.split_whitespace().nth(1).unwrap_or_default();
    // `verify` without a URL tests the cluster's release.
    (asks.contains(&command) && !line.contains("--local")) || line == "stickyctl verify" || (command == "doctor" && !line.contains(" -f "))
}

/// Whether a `stickyctl` command line packs the image's static binary.
#[must_use]
pub fn needs_the_image(line: &str) -> bool {
    line.starts_with("stickyctl image")
}
