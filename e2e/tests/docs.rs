//! The documents and `--help`, taken at their word: what they show is run, what they link to is there, what they quote is so.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use anyhow::{Context, Result, ensure};
use e2e::docs::shell::Shell;
use e2e::docs::{self, RUN_BY, RunBy, text};
use e2e::redis::Redis;
use e2e::{http, local, tools, wait};
use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

const SOON: Duration = Duration::from_secs(30);
/// The port that the documents name.
const SITE: &str = "http://127.0.0.1:8080";

#[test]
fn every_command_is_run_by_somebody() -> Result<()> {
    let shown: BTreeSet<(String, String)> = docs::files()?
        .into_iter()
        .flat_map(|(path, text)| text::commands(&text).into_iter().map(move |command| (path.clone(), command.heading)))
        .collect();
    let run: BTreeSet<(String, String)> = RUN_BY.iter().map(|(path, heading, _)| ((*path).to_owned(), (*heading).to_owned())).collect();
    assert_eq!(shown, run, "left: shown by a document; right: run by a test (e2e/src/docs/mod.rs)");
    let ci = std::fs::read_to_string(docs::root()?.join(".ci/run"))?;
    for (path, heading, by) in RUN_BY {
        let RunBy::Ci(words) = by else { continue };
        assert_eq!(docs::commands(path, heading)?.len(), words.len(), "{path}, {heading}: a word of .ci/run for each command");
        for word in *words {
            assert!(ci.contains(word), "{path}, {heading}: .ci/run has no {word}");
        }
    }
    Ok(())
}

/// Other sites can't be asked from everywhere: those that are named are listed here, so that a slip shows.
const ELSEWHERE: [&str; 1] = ["https://kind.sigs.k8s.io"];

#[test]
fn links_lead_somewhere() -> Result<()> {
    let root = docs::root()?;
    let files = docs::files()?;
    let mut seen = 0;
    for (path, content) in &files {
        let folder = Path::new(path).parent().context("a file without a folder")?;
        for link in text::links(content) {
            seen += 1;
            if link.starts_with("http://127.0.0.1") || link.starts_with("http://localhost") || ELSEWHERE.contains(&link.as_str()) {
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

/// The YAML that is there to be copied is part of what `render` writes.
#[test]
fn snippets_are_from_the_manifests() -> Result<()> {
    let root = docs::root()?;
    let plain = |text: &str| text.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n");
    let entries = std::fs::read_dir(root.join("manifests/nginx-3x1"))?;
    let manifests: Vec<String> = entries.map(|entry| Ok(plain(&std::fs::read_to_string(entry?.path())?))).collect::<Result<_>>()?;
    let copy = std::fs::read_to_string(root.join("docs/copy.md"))?;
    let snippets: Vec<&str> = copy.split("```yaml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert!(snippets.len() >= 5, "{snippets:?}");
    for snippet in snippets {
        let wanted = plain(snippet);
        // A list's first line follows its key in one form or the other.
        let wanted = wanted.trim_start_matches("- ");
        assert!(manifests.iter().any(|text| text.contains(wanted)), "no manifest has\n{snippet}");
    }
    Ok(())
}

/// Nobody else may have the documents' port, or a stranger's answers would be taken for ours.
fn port_is_free() -> Result<()> {
    std::net::TcpListener::bind("127.0.0.1:8080").map(drop).context("the documents' port, 8080, is taken on this machine")
}

/// One after another: the documents have one port.
#[tokio::test]
async fn commands_without_a_cluster() -> Result<()> {
    if !tools::present(&["redis-server"]) {
        return Ok(());
    }
    port_is_free()?;
    two_commands().await.context("README.md, Try it on your machine")?;
    the_server().await.context("docs/operations.md, Running sticky-app without Kubernetes")?;
    verify().await.context("docs/verify.md")?;
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
        ("README.md", "Does it stick?"),
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

/// The examples of `--help` that need no cluster, in the order of the commands; each of them for itself where it brings a site up.
async fn examples() -> Result<()> {
    let redis = Redis::start().await?;
    let mut shell = Shell::new()?;
    shell.replace("redis://127.0.0.1:6379", &redis.url());
    std::fs::write(shell.work().join("release.yaml"), docs::example_spec()?)?;
    std::os::unix::fs::symlink(e2e::image::binary()?.ancestors().nth(3).context("no target")?, shell.work().join("target"))?;
    shell.program("sticky-app", &e2e::image::binary()?)?;
    let mut count = 0;
    for line in docs::examples(&stickyctl::cli::command()).into_iter().filter(|line| !docs::needs_a_cluster(line)) {
        count += 1;
        let brings_up = line.starts_with("stickyctl up");
        let asks = line.contains("--local") || line.contains(SITE);
        // What the other local examples are about.
        let site = if asks && !brings_up {
            Some(shell.start("stickyctl up --local --mode 3x4 --drain-delay 100ms --drain-window 100ms").await?)
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
    assert!(count >= 16, "{count} examples");
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
