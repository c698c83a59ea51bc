//! A namespace for one test.

use super::Kube;
use crate::{random, turn};
use anyhow::Result;
use serde_json::Value;
use std::process::Command;

/// Runs a test in a namespace with a unique name, on the cluster that [`KUBECONFIG`](super::KUBECONFIG) selects. Afterwards, deletes the
/// namespace, including PersistentVolumeClaims. If the test fails, prints the namespace's pods, events and logs first.
pub async fn in_namespace(purpose: &str, test: impl AsyncFnOnce(&Space) -> Result<()>) -> Result<()> {
    let Some(kube) = Kube::asked() else { return Ok(()) };
    let _turn = turn::beside_others().await;
    let space = Space { kube, name: format!("{purpose}-{}", &random::word()[..8]) };
    let done = test(&space).await;
    if done.is_err() {
        space.dump();
    }
    done
}

/// A namespace's name. A release creates the namespace; a test that needs it earlier calls [`Space::create`].
#[derive(Debug)]
pub struct Space {
    pub kube: Kube,
    pub name: String,
}

impl Space {
    /// Creates the namespace, without Pod Security labels.
    pub async fn create(&self) -> Result<()> {
        self.kube.run(&["create", "namespace", &self.name]).await.map(drop)
    }

    /// Runs kubectl in this namespace.
    ///
    /// # Errors
    /// It fails; the error includes its output.
    pub async fn run(&self, words: &[&str]) -> Result<String> {
        self.kube.run(&[&["-n", &self.name], words].concat()).await
    }

    /// Runs kubectl in this namespace, with `-o json`.
    pub async fn json(&self, words: &[&str]) -> Result<Value> {
        self.kube.json(&[&["-n", &self.name], words].concat()).await
    }

    /// Applies manifests with server-side apply.
    pub async fn apply(&self, manifests: &str) -> Result<String> {
        self.kube.feed(&["-n", &self.name, "apply", "--server-side", "-f", "-"], manifests).await
    }

    /// Creates the Secret with the Redis password of a release, unless there is one; no rendered manifest has it.
    pub async fn password(&self, release: &str) -> Result<()> {
        let name = format!("{release}-redis");
        if self.run(&["get", "secret", &name, "--ignore-not-found", "-o", "name"]).await?.is_empty() {
            let password = format!("--from-literal=password={}", random::word());
            self.run(&["create", "secret", "generic", &name, &password]).await?;
        }
        Ok(())
    }

    /// Waits until a rollout is complete.
    pub async fn rollout(&self, what: &str) -> Result<()> {
        self.run(&["rollout", "status", what, "--timeout=120s"]).await.map(drop)
    }

    /// The pods of a component (`app`, `redis`), including terminating ones.
    pub async fn pods(&self, component: &str) -> Result<Vec<Value>> {
        let mut list = self.json(&["get", "pods", "-l", &format!("app.kubernetes.io/component={component}")]).await?;
        Ok(list["items"].as_array_mut().map(std::mem::take).unwrap_or_default())
    }

    /// Prints what explains a failure. Blocking, because `drop` can't await.
    #[allow(clippy::print_stderr, reason = "the reader of a failed test wants to see it")]
    pub fn dump(&self) {
        for words in [
            &["get", "pods,pvc,svc,ingress,deployment,statefulset", "-o", "wide"][..],
            &["get", "events", "--sort-by=.lastTimestamp"],
            &["describe", "pods"],
        ] {
            eprintln!("--- kubectl -n {} {}\n{}", self.name, words.join(" "), self.blocking(words));
        }
        for pod in self.blocking(&["get", "pods", "-o", "name"]).lines() {
            for which in ["--previous=false", "--previous=true"] {
                eprintln!("--- logs of {pod}, {which}\n{}", self.blocking(&["logs", pod, "--all-containers", "--tail=60", which]));
            }
        }
    }

    fn blocking(&self, words: &[&str]) -> String {
        let command = self.kube.command(&["-n", &self.name, "--request-timeout=20s"]);
        let mut blocking = Command::new(command.as_std().get_program());
        let done = blocking.args(command.as_std().get_args()).args(words).output();
        done.map_or_else(|e| e.to_string(), |done| [done.stdout, done.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat())
    }
}

impl Drop for Space {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.dump();
        }
        self.blocking(&["delete", "namespace", &self.name, "--wait=false", "--ignore-not-found"]);
    }
}
