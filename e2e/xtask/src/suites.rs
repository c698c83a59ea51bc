//! The test suites, from the fastest to the slowest.

use anyhow::{Result, bail};
use testkit::kube;

/// How a suite is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    /// `node --test`.
    Page,
    /// Unit tests in the crates, and the integration tests of each crate.
    Units,
    /// One binary of `e2e/tests`.
    Tests,
}

#[derive(Debug)]
pub(crate) struct Suite {
    pub(crate) name: &'static str,
    pub(crate) what: What,
    about: &'static str,
}

const fn tests(name: &'static str, about: &'static str) -> Suite {
    Suite { name, what: What::Tests, about }
}

/// All suites, in the order in which they run.
pub(crate) const ALL: [Suite; 10] = [
    Suite { name: "page", what: What::Page, about: "the page's JavaScript, with Node" },
    Suite { name: "units", what: What::Units, about: "the crates' own tests" },
    tests("quick", "the wire, generated files, documents, linters, module graph"),
    tests("processes", "Redis, nginx, workers, drain, limits, the local demo"),
    tests("hostile", "attacks on a worker and on the local door, within bounds"),
    tests("browser", "the page, the report and the cookie jar in Chromium"),
    tests("proxies", "stickyctl verify against nginx, HAProxy, Envoy, Caddy"),
    tests("release", "the image and the archives of a release"),
    tests("cluster", "everything that needs a cluster, on the one that STICKY_E2E_KUBECONFIG names"),
    tests("journey", "the README's Kubernetes section, on a cluster of its own"),
];

impl Suite {
    /// Whether its tests run the image's static binary.
    pub(crate) fn needs_image(&self) -> bool {
        match self.name {
            "release" => true,
            "cluster" | "journey" => std::env::var_os(kube::KUBECONFIG).is_some(),
            _ => false,
        }
    }
}

/// The suites with these names, in the order in which they run; all suites if there are no names.
///
/// # Errors
/// No suite has one of the names.
pub(crate) fn named(names: &[&str]) -> Result<Vec<&'static Suite>> {
    if let Some(unknown) = names.iter().find(|name| ALL.iter().all(|suite| suite.name != **name)) {
        bail!("no suite `{unknown}`; the suites are:\n{}", list());
    }
    Ok(ALL.iter().filter(|suite| names.is_empty() || names.contains(&suite.name)).collect())
}

/// A line for each suite.
pub(crate) fn list() -> String {
    ALL.iter().map(|suite| format!("      {:<10} {}\n", suite.name, suite.about)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use testkit::tree;

    #[test]
    fn every_test_binary_is_a_suite() {
        let folder = std::fs::read_dir(tree::root().join("e2e/tests")).unwrap();
        let mut there: Vec<String> = folder.map(|entry| entry.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned()).collect();
        let mut known: Vec<&str> = ALL.iter().filter(|suite| suite.what == What::Tests).map(|suite| suite.name).collect();
        there.sort();
        known.sort_unstable();
        assert_eq!(there, known);
    }
}
