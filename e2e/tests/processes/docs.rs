//! Runs the commands in the documents and the examples in `--help`, as a reader would paste them.

use anyhow::{Context, Result, ensure};
use std::time::Duration;
use testkit::docs;
use testkit::docs::shell::Shell;
use testkit::redis::Redis;
use testkit::{http, local, tools, turn, wait};

const SOON: Duration = Duration::from_secs(30);
/// The port in the documents.
const SITE: &str = "http://127.0.0.1:8080";

/// The documents' port must be free, or another program's answers would be taken for ours.
fn port_is_free() -> Result<()> {
    std::net::TcpListener::bind("127.0.0.1:8080").map(drop).context("the documents' port, 8080, is taken on this machine")
}

/// These run one after another, because the documents use a single port.
#[tokio::test]
async fn commands_without_a_cluster() -> Result<()> {
    if !tools::present(&["redis-server"]) {
        return Ok(());
    }
    // The lines contain ports, which other tests must not take meanwhile.
    let _turn = turn::alone().await;
    port_is_free()?;
    two_commands().await.context("README.md, Try it on your machine")?;
    the_server().await.context("docs/operations.md, Running sticky-app without Kubernetes")?;
    verify().await.context("docs/verify.md")?;
    doctor().await.context("docs/doctor.md")?;
    canary().await.context("docs/affinity.md, What sessions are for")?;
    examples().await.context("--help")
}

async fn two_commands() -> Result<()> {
    let shell = Shell::new()?;
    let lines = docs::commands("README.md", "Try it on your machine")?;
    let (up, rest) = lines.split_first().context("no command")?;
    let up = shell.start(up).await?;
    assert_eq!(up.said.trim_end_matches('/'), SITE);
    let shape = async || local::shape(SITE).await.ok();
    wait::until("three pods", SOON, async || (shape().await? == (3, 1)).then_some(())).await?;
    for line in rest {
        let said = shell.run(line).await?;
        let after = match line.split_whitespace().find(|word| ["scale", "mode", "status", "kill"].contains(word)) {
            Some("scale") => (5, 1),
            Some("mode") => (1, 4),
            Some("status") => {
                ensure!(said.contains("1x4") && said.contains("app-"), "{said}");
                continue;
            }
            Some(_) => (5, 1),
            None => continue,
        };
        wait::until(&format!("{after:?} after `{line}`"), SOON, async || (shape().await? == after).then_some(())).await?;
    }
    up.end().await?;
    ensure!(http::get(SITE).send().await.is_err(), "it still answers after `down`");
    Ok(())
}

async fn the_server() -> Result<()> {
    let redis = Redis::start().await?;
    let mut shell = Shell::new()?;
    shell.replace("redis://127.0.0.1:6379", &redis.url());
    let lines = docs::commands("docs/operations.md", "Running sticky-app without Kubernetes")?;
    let [line] = &lines[..] else { anyhow::bail!("{lines:?}") };
    let server = shell.start(line).await?;
    wait::until("four workers are ready", SOON, async || {
        let ready = http::get("http://127.0.0.1:9090/readyz").send().await.ok()?;
        (ready.json().ok()?["workers_ready"] == 4).then_some(())
    })
    .await?;
    shell.run(&format!("sticky-app probe {SITE}")).await?;
    server.end().await
}

async fn verify() -> Result<()> {
    let shell = Shell::new()?;
    let site = shell.start("stickyctl up --local").await?;
    for (page, heading) in [
        ("README.md", "What a verdict looks like"),
        ("docs/verify.md", "Does it stick? stickyctl verify"),
        ("docs/verify.md", "The report"),
        ("docs/verify.md", "Reasons"),
    ] {
        let lines = docs::commands(page, heading)?;
        ensure!(!lines.is_empty(), "{page} has no command under `{heading}`");
        for line in lines {
            let said = shell.run(&line).await?;
            if line.ends_with("verify --local") {
                docs::shown::compare(page, "verify --local", &said)?;
            }
        }
    }
    site.end().await
}

async fn canary() -> Result<()> {
    let shell = Shell::new()?;
    let lines = docs::commands("docs/affinity.md", "What sessions are for")?;
    let [up, verify] = &lines[..] else { anyhow::bail!("{lines:?}") };
    let site = shell.start(up).await?;
    let said = shell.run(verify).await?;
    ensure!(said.contains("-canary") && said.contains("STICKY    pods: sticky"), "{said}");
    site.end().await
}

/// The examples in `--help` that need neither a cluster nor the image's binary, in the order of the commands. Examples that start a site
/// run separately.
async fn doctor() -> Result<()> {
    let shell = Shell::new()?;
    shell.run("stickyctl render --preset nginx-3x1 --out manifests/nginx-3x1").await?;
    for line in docs::commands("docs/doctor.md", "What will break affinity? stickyctl doctor")? {
        let said = shell.run(&line).await?;
        ensure!(said.contains("Found nothing that breaks affinity"), "{said}");
    }
    Ok(())
}

async fn examples() -> Result<()> {
    let redis = Redis::start().await?;
    let mut shell = Shell::new()?;
    shell.replace("redis://127.0.0.1:6379", &redis.url());
    std::fs::write(shell.work().join("release.yaml"), docs::example_spec()?)?;
    let mut count = 0;
    for line in docs::examples(&stickyctl::cli::command()).into_iter().filter(|line| !docs::needs_a_cluster(line) && !docs::needs_the_image(line)) {
        count += 1;
        let brings_up = line.starts_with("stickyctl up");
        let asks = line.contains("--local") || line.contains(SITE);
        // The site that the other local examples use.
        let site = if asks && !brings_up {
            Some(shell.start("stickyctl up --local --mode 3x4 --canary 1 --drain-delay 100ms --drain-window 100ms").await?)
        } else {
            None
        };
        if shell.stays(&line) {
            shell.start(&line).await?.end().await?;
        } else {
            shell.run(&line).await?;
        }
        if line.contains("--detach") {
            shell.run("stickyctl down --local").await?;
        }
        if let Some(site) = site {
            site.end().await?;
        }
    }
    assert!(count >= 13, "{count} examples");
    let (probes, servers): (Vec<_>, Vec<_>) = docs::examples(&sticky_app::cli::command()).into_iter().partition(|line| line.contains(" probe "));
    assert!(!probes.is_empty() && servers.len() >= 2, "{probes:?} {servers:?}");
    for line in servers {
        let server = shell.start(&line).await?;
        for probe in &probes {
            shell.run(probe).await?;
        }
        server.end().await?;
    }
    Ok(())
}
