//! The README's sections on Kubernetes, pasted line by line by a user with kind, up to the browser demo. Then the examples in `--help` and
//! in the documents that need a cluster.
//!
//! With `STICKY_E2E_KIND=real`, the lines use the real kind, Docker and kubectl. Otherwise the test cluster replaces kind, and only this
//! file handles the differences: the test cluster can't pull images, so the Redis image is Debian's, and the front door is Traefik under
//! ingress-nginx's names.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, reason = "a test fails by panicking, and prints what it measured")]

use anyhow::{Context, Result, ensure};
use std::time::Instant;
use stickyctl::generate::front_door::install::gateway::crds;
use testkit::browser::Look;
use testkit::cluster::crds::GatewayApi;
use testkit::cluster::{self, Place};
use testkit::docs::shell::Shell;
use testkit::docs::{self, RUN_BY, RunBy};
use testkit::kube::Kube;
use testkit::page::Page;
use testkit::tree::root;
use testkit::turn::{self, Alone};
use testkit::{bin, image, tools};

/// The address that every port-forward in the documents listens on.
const SITE: &str = "http://127.0.0.1:8080";
const NAMESPACE: &str = "sticky-sessions";
/// The names of the test clusters that replace kind.
const STAND_IN: &str = "journey";
const GATEWAY_STAND_IN: &str = "journey-gateway";

fn is_real() -> bool {
    std::env::var("STICKY_E2E_KIND").is_ok_and(|word| word == "real")
}

#[tokio::test]
async fn kind_and_two_commands_end_in_the_browser_demo() -> Result<()> {
    let is_real = is_real();
    if !is_real && Kube::asked().is_none() || !tools::present(&["chromium", "chromedriver"]) {
        return Ok(());
    }
    let _turn = turn(is_real).await;
    std::net::TcpListener::bind("127.0.0.1:8080").map(drop).context("the documents' port, 8080, is taken on this machine")?;
    let mut shell = shell(is_real, STAND_IN)?;
    if !is_real {
        behind_traefik(&mut shell)?;
    }
    let done = journey(&shell, is_real).await;
    ended(&shell, done).await
}

#[tokio::test]
async fn a_gateway_ends_in_the_browser_demo_too() -> Result<()> {
    let is_real = is_real();
    if !is_real && Kube::asked().is_none() || !tools::present(&["chromium", "chromedriver"]) {
        return Ok(());
    }
    let _turn = turn(is_real).await;
    let mut shell = shell(is_real, GATEWAY_STAND_IN)?;
    if !is_real {
        with_local_definitions(&mut shell).await?;
    }
    let done = gateway(&shell).await;
    ended(&shell, done).await
}

/// A real kind has one cluster of the documents' name; stand-ins have different names.
async fn turn(is_real: bool) -> Option<Alone> {
    if is_real { Some(turn::alone().await) } else { None }
}

/// Prints what explains a failure, and deletes the cluster.
async fn ended(shell: &Shell, done: Result<()>) -> Result<()> {
    if done.is_err() {
        let all = "kubectl get --all-namespaces pod,deployment,ingress,event --output wide";
        eprintln!("{}", shell.run(all).await.unwrap_or_else(|why| format!("{why:#}")));
    }
    // Already gone if the journey was complete.
    let _ = shell.run("kind delete cluster").await;
    done
}

/// The shell of a user who has unpacked a release, with kind and kubectl.
fn shell(is_real: bool, stand_in: &str) -> Result<Shell> {
    let mut shell = Shell::new()?;
    // In a release, the static binary is beside stickyctl.
    shell.program("sticky-app", &image::binary()?)?;
    std::fs::write(shell.work().join("release.yaml"), docs::example_spec()?)?;
    // The chart's README calls it from the workspace's root.
    std::os::unix::fs::symlink(root().join("helm"), shell.work().join("helm"))?;
    if is_real {
        return Ok(shell);
    }
    shell.program("kubectl", &cluster::kubectl()?)?;
    shell.script("kind", &kind(stand_in, &Place::named(stand_in)?.kubeconfig().display().to_string())?)?;
    shell.set("STICKYCTL_REDIS_IMAGE", cluster::REDIS);
    Ok(shell)
}

/// Takes Traefik for ingress-nginx.
fn behind_traefik(shell: &mut Shell) -> Result<()> {
    let there = format!("--set redis.image={} --set ingress.frontDoor=traefik", cluster::REDIS);
    let helm = cluster::helm()?.display().to_string();
    shell.script("helm", &format!("case \"$1\" in install | upgrade) exec {helm} \"$@\" {there} ;; *) exec {helm} \"$@\" ;; esac\n"))?;
    shell.set("STICKYCTL_INGRESS_FRONT_DOOR", "traefik");
    shell.set("STICKYCTL_INGRESS_FRONT_DOOR_NAMESPACE", "ingress-nginx");
    Ok(())
}

/// Takes the definitions from pinned Go modules, and not from the pages that the documents name.
async fn with_local_definitions(shell: &mut Shell) -> Result<()> {
    for (line, file, text) in [
        (crds::GATEWAY_API, "gateway-api.yaml", GatewayApi::Experimental.manifest().await?),
        (crds::ENVOY_GATEWAY, "envoy-gateway.yaml", cluster::crds::envoy_gateway().await?),
    ] {
        std::fs::write(shell.work().join(file), text)?;
        let (_, url) = line.rsplit_once(' ').context("no URL")?;
        shell.replace(url, file);
    }
    Ok(())
}

/// The kind commands that the documents and stickyctl use.
fn kind(stand_in: &str, kubeconfig: &str) -> Result<String> {
    let cluster = format!("{} cluster --name {stand_in}", bin::path("xtask")?.display());
    Ok(format!(
        r#"case "$*" in
  "create cluster")
    {cluster} up >&2
    mkdir -p ~/.kube
    # kind names the context after the cluster; that is how stickyctl knows whose it is.
    kubectl --kubeconfig {kubeconfig} config view --raw --flatten > ~/.kube/config
    kubectl config rename-context "$(kubectl config current-context)" kind-kind >&2
    ;;
  "load image-archive "*" --name kind") {cluster} load "$3" >&2 ;;
  "delete cluster") {cluster} down >&2 ;;
  *) echo "no stand-in for kind $*" >&2; exit 1 ;;
esac
"#
    ))
}

async fn journey(shell: &Shell, is_real: bool) -> Result<()> {
    let lines = docs::commands("README.md", "On Kubernetes")?;
    let (mut page, mut forward) = (None, None);
    for line in &lines {
        let begun = Instant::now();
        if shell.stays(line) {
            if !is_real {
                alias(shell).await?;
            }
            forward = Some(shell.start(line).await?);
            let demo = Page::open(SITE, &Look::default()).await?;
            demo.six_buttons_of_3x1().await?;
            page = Some(demo);
        } else if line == "stickyctl down" {
            release(shell).await?;
            drop(page.take());
            end(forward.take()).await?;
            asked(shell, line).await?;
            // Some are for another front door, and a cluster has only one per class.
            if !is_real {
                examples(shell).await.context("--help")?;
            }
            chart(shell).await?;
        } else {
            asked(shell, line).await?;
        }
        eprintln!("{line}: {:?}", begun.elapsed());
        match (line.as_str(), &page) {
            ("stickyctl scale 5", Some(page)) => map(shell, page, 1).await?,
            ("stickyctl mode 1x4", Some(page)) => {
                map(shell, page, 4).await?;
                page.connected().await?;
                // Console messages about the closed socket aren't errors of the fresh page.
                page.browser.console().await?;
                page.load(SITE).await?;
                page.six_buttons_of_1x4().await?;
                page.nothing_from_elsewhere().await?;
            }
            _ => {}
        }
    }
    for seen in ["kind create cluster", "stickyctl up", "stickyctl scale 5", "stickyctl mode 1x4", "stickyctl down", "kind delete cluster"] {
        ensure!(lines.iter().any(|line| line == seen), "the README no longer shows `{seen}`: {lines:?}");
    }
    Ok(())
}

async fn gateway(shell: &Shell) -> Result<()> {
    let lines = docs::commands("README.md", "Behind a Gateway")?;
    for line in &lines {
        let begun = Instant::now();
        asked(shell, line).await?;
        eprintln!("{line}: {:?}", begun.elapsed());
        match line.as_str() {
            "kind create cluster" if !is_real() => loaded(shell).await?,
            "stickyctl verify" => six_buttons(shell).await?,
            // The namespace stays, with the Redis claim.
            "stickyctl down" => {
                let left = shell.run("kubectl get gatewayclass,gateway,httproute,service,clusterrole --all-namespaces --output name").await?;
                ensure!(!["sticky-sessions", "envoy", "gatewayclass"].iter().any(|word| left.contains(word)), "left by down: {left}");
            }
            _ => {}
        }
    }
    for seen in ["stickyctl up --front-door gateway", "stickyctl verify", "stickyctl down"] {
        ensure!(lines.iter().any(|line| line == seen), "the README no longer shows `{seen}`: {lines:?}");
    }
    Ok(())
}

/// Envoy Gateway's images, which the test cluster can't pull.
async fn loaded(shell: &Shell) -> Result<()> {
    let place = Place::named(GATEWAY_STAND_IN)?;
    for image in [cluster::images::ENVOY_GATEWAY, cluster::images::ENVOY] {
        shell.run(&format!("kind load image-archive {} --name kind", cluster::images::archive(&place, image).display())).await?;
    }
    Ok(())
}

/// The demo in both modes.
async fn six_buttons(shell: &Shell) -> Result<()> {
    let forward = shell.start("stickyctl forward --port 0").await?;
    let site = forward.said.trim_end_matches('/').to_owned();
    let page = Page::open(&site, &Look::default()).await?;
    page.six_buttons_of_3x1().await?;
    shell.run("stickyctl mode 1x4").await?;
    map(shell, &page, 4).await?;
    page.connected().await?;
    // Console messages about the closed socket aren't errors of the fresh page.
    page.browser.console().await?;
    page.load(&site).await?;
    page.six_buttons_of_1x4().await?;
    page.nothing_from_elsewhere().await?;
    drop(page);
    forward.end().await
}

async fn end(forward: Option<docs::shell::Running>) -> Result<()> {
    match forward {
        Some(forward) => forward.end().await,
        None => Ok(()),
    }
}

/// Answers yes to every question: `up` asks about a front door, `down` about everything.
async fn asked(shell: &Shell, line: &str) -> Result<()> {
    let asks = ["stickyctl up", "stickyctl down"].iter().any(|start| line.starts_with(start));
    let shown = if asks { shell.asked(line, "y\n").await? } else { shell.run(line).await? };
    // The cluster has no front door, so it asks.
    ensure!(!["stickyctl up", "stickyctl up --front-door gateway"].contains(&line) || shown.contains("Install "), "{shown}");
    Ok(())
}

/// Waits until the page's map shows the app's pods like kubectl does.
async fn map(shell: &Shell, page: &Page, workers: usize) -> Result<()> {
    let line = format!("kubectl get pod --namespace {NAMESPACE} --selector app.kubernetes.io/component=app --output name");
    let pods = shell.run(&line).await?;
    let mut pods: Vec<&str> = pods.lines().filter_map(|line| line.strip_prefix("pod/")).collect();
    pods.sort_unstable();
    page.until_map(&pods, workers).await
}

/// The Service that ingress-nginx would have, in front of Traefik's pod.
async fn alias(shell: &Shell) -> Result<()> {
    let line = "kubectl expose service traefik --namespace ingress-nginx --name ingress-nginx-controller --port 80 --target-port http";
    shell.run(line).await.map(drop)
}

/// Commands in the documents that need a release.
async fn release(shell: &Shell) -> Result<()> {
    run_by(shell, RunBy::Release).await
}

/// The chart's README. Its first command needs the namespace that its second creates if missing.
async fn chart(shell: &Shell) -> Result<()> {
    shell.run("kubectl create namespace demo").await?;
    run_by(shell, RunBy::Chart).await
}

async fn run_by(shell: &Shell, by: RunBy) -> Result<()> {
    for (path, heading, _) in RUN_BY.iter().filter(|(_, _, other)| *other == by) {
        for line in docs::commands(path, heading)? {
            let begun = Instant::now();
            shell.run(&line).await.with_context(|| format!("{path}, {heading}"))?;
            eprintln!("{line}: {:?}", begun.elapsed());
        }
    }
    Ok(())
}

/// The examples in `--help` that need a cluster, in the order of the commands.
async fn examples(shell: &Shell) -> Result<()> {
    let lines: Vec<String> = docs::examples(&stickyctl::cli::command()).into_iter().filter(|line| docs::needs_a_cluster(line)).collect();
    ensure!(lines.len() >= 10, "{lines:?}");
    for line in lines {
        if shell.stays(&line) {
            shell.start(&line).await?.end().await?;
        } else {
            asked(shell, &line).await?;
        }
    }
    Ok(())
}
