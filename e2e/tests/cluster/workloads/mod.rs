//! `stickyctl verify` of applications that know nothing of it: a plain static file server behind Traefik and behind Envoy Gateway. Which pod
//! answered is in the front door's access log, or in the application's own.

mod docs;
mod envoy;
mod moving;
mod rights;
mod traefik;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use std::time::Duration;
use testkit::kube::Space;
use testkit::wait;

const SOON: Duration = Duration::from_secs(60);

const PROGRAM: &str = include_str!("files.pl");
const APP: &str = include_str!("app.yaml");

/// Whether an application writes an access log.
const PLAIN: &str = "on";
const SILENT: &str = "off";

/// Starts an application of three pods.
async fn application(space: &Space, name: &str, log: &str) -> Result<()> {
    let files = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "files"},
        "data": {"files.pl": PROGRAM, "index.html": "<h1>Shop</h1>\n"}});
    space.apply(&files.to_string()).await?;
    space.apply(&APP.replace("NAME", name).replace("\"LOG\"", &format!("{log:?}"))).await?;
    space.rollout(&format!("deployment/{name}")).await
}

/// What `verify` found.
struct Verdict {
    code: i32,
    report: Value,
    said: String,
}

impl Verdict {
    /// Asserts the verdict, and that all pods were named by `by`: counters of the report.
    fn is(&self, verdict: &str, by: &[&str]) -> Result<()> {
        let code = if verdict == "sticky" { 0 } else { 3 };
        let named = &self.report["identity"]["sources"];
        ensure!((self.code, self.report["verdict"].as_str()) == (code, Some(verdict)), "{}\n{}", self.report, self.said);
        let all: u64 = named.as_object().into_iter().flatten().filter_map(|(_, count)| count.as_u64()).sum();
        let own: u64 = by.iter().filter_map(|by| named[*by].as_u64()).sum();
        ensure!(own > 100 && own == all, "{own} of {all} pods were named by {by:?}: {named}");
        Ok(())
    }

    fn reasons(&self) -> Vec<&str> {
        self.report["reasons"].as_array().into_iter().flatten().filter_map(|reason| reason["code"].as_str()).collect()
    }
}

/// Waits until the front door serves a route: until then its own answers name no pod.
async fn serves(space: &Space, route: &str) -> Result<()> {
    wait::until(&format!("the front door serves {route}"), SOON, async || {
        let words = ["verify", route, "-o", "json", "--sessions", "3", "--requests", "1", "--only", "spread", "--log-wait", "1s"];
        let report = space.stickyctl(&words).await.ok()?.stdout;
        (!report.is_empty() && !["\"status\":404", "\"status\":500", "\"status\":503"].iter().any(|status| report.replace(' ', "").contains(status)))
            .then_some(())
    })
    .await
}

/// Runs `verify` with a smaller sample than usual: 20 sessions of 1 + 8 requests are enough for a verdict.
async fn verify(space: &Space, words: &[&str]) -> Result<Verdict> {
    let sample = ["verify", "-o", "json", "--sessions", "20", "--requests", "8", "--only", "spread,stick-http"];
    let done = space.stickyctl(&[&sample, words].concat()).await?;
    let report = serde_json::from_str(&done.stdout).with_context(|| format!("no report of {words:?}: {}", done.stderr))?;
    Ok(Verdict { code: done.code, report, said: done.stderr })
}
