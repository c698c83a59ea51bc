//! Pods' logs, followed from the start because they vanish with the pod, and the totals that workers log when they exit.

use super::Space;
use crate::process::Process;
use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(60);

/// The logs of a release's app pods, by pod name.
#[derive(Debug, Default)]
pub struct Logs(BTreeMap<String, Process>);

impl Logs {
    /// Starts following every running pod that isn't followed yet. Pods live many times longer than the interval between two calls,
    /// so none is missed.
    pub async fn look(&mut self, space: &Space) -> Result<()> {
        for pod in space.pods("app").await? {
            let name = pod["metadata"]["name"].as_str().context("a pod without a name")?;
            if self.0.contains_key(name) || !pod["status"]["containerStatuses"][0]["state"]["running"].is_object() {
                continue;
            }
            let mut command = space.kube.command(&["-n", &space.name, "logs", "--follow", name]).into_std();
            self.0.insert(name.to_owned(), Process::start(&mut command)?);
        }
        Ok(())
    }

    /// Names of the pods that were followed.
    pub fn pods(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Waits until every pod has ended, and returns the sum of their workers' counts.
    ///
    /// # Errors
    /// A pod keeps running, or one of its workers doesn't log its totals.
    pub async fn totals(mut self, workers: usize) -> Result<Totals> {
        let mut sum = Totals::default();
        for (pod, process) in &mut self.0 {
            process.exit_code(LIMIT).await.with_context(|| format!("the end of {pod}"))?;
            let log = process.stdout.text();
            let found: Vec<_> = log.lines().filter_map(Totals::read).collect();
            ensure!(found.len() == workers, "{} of {workers} workers of {pod} said their totals; its log:\n{log}", found.len());
            found.into_iter().for_each(|one| sum.add(&one));
        }
        Ok(sum)
    }
}

/// The counts of one worker's lifetime, or of several workers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Totals(BTreeMap<(String, String), u64>);

impl Totals {
    /// Parses the line `totals` of a worker's log; `None` for any other line.
    fn read(line: &str) -> Option<Self> {
        let (_, text) = line.split_once(": totals requests=")?;
        // Other fields follow the JSON.
        let routes: Value = serde_json::Deserializer::from_str(text).into_iter().next()?.ok()?;
        let routes = routes.as_object()?.iter();
        let counts = routes.flat_map(|(route, statuses)| {
            let statuses = statuses.as_object().into_iter().flatten();
            statuses.filter_map(move |(status, count)| Some(((route.clone(), status.clone()), count.as_u64()?)))
        });
        Some(Self(counts.collect()))
    }

    fn add(&mut self, other: &Self) {
        for (key, count) in &other.0 {
            *self.0.entry(key.clone()).or_default() += count;
        }
    }

    /// Requests of a route, by status.
    #[must_use]
    pub fn route(&self, route: &str) -> BTreeMap<String, u64> {
        self.0.iter().filter(|((r, _), _)| r == route).map(|((_, status), count)| (status.clone(), *count)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_workers_last_line() {
        let line =
            r#"2026-03-01T10:00:00.000000Z  INFO worker{pod=a worker=0}: totals requests={"/submit":{"200":7,"404":1},"/ws":{"101":2}} frames_in=3"#;
        let mut totals = Totals::read(line).unwrap();
        totals.add(&Totals::read(line).unwrap());
        assert_eq!(totals.route("/submit"), [("200".to_owned(), 14), ("404".to_owned(), 2)].into());
        assert_eq!(totals.route("/session"), BTreeMap::new());
        assert_eq!(Totals::read("2026-03-01T10:00:00Z  INFO stopped"), None);
    }
}
