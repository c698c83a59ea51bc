//! Runs `docs/moving.md` from its first command to its last: an application moves from one Traefik, which stands in for ingress-nginx, to
//! another.

use super::traefik::Logging;
use super::{PLAIN, application};
use anyhow::{Context, Result, ensure};
use std::time::Instant;
use testkit::docs::shell::Shell;
use testkit::docs::{self, RUN_BY, RunBy};
use testkit::kube::{Space, front_door, in_namespace};
use testkit::tree::root;

const PAGE: &str = "docs/moving.md";

#[tokio::test]
async fn an_application_moves_as_the_page_says() -> Result<()> {
    in_namespace("moving", async |space| {
        front_door::install(&space.kube).await?;
        space.create().await?;
        application(space, "shop", PLAIN).await?;
        let door = Logging::start(space).await?;
        let done = moved(space).await;
        if done.is_err() {
            door.home.dump();
        }
        door.stop(space).await?;
        done
    })
    .await
}

async fn moved(space: &Space) -> Result<()> {
    let mut shell = Shell::new()?;
    shell.program("kubectl", &testkit::cluster::kubectl()?)?;
    shell.set("KUBECONFIG", &space.kube.config().display().to_string());
    shell.replace("-n shop", &format!("-n {}", space.name));
    let [today, new] = ingresses(space)?;
    std::fs::write(shell.work().join("shop.yaml"), &today)?;
    std::fs::write(shell.work().join("shop-new.yaml"), new)?;
    space.apply(&today).await?;
    for (file, heading, _) in RUN_BY.iter().filter(|(_, _, by)| *by == RunBy::Moving) {
        for line in docs::commands(file, heading)? {
            let begun = Instant::now();
            let said = shell.run(&line).await?;
            eprintln!("{line}: {:?}", begun.elapsed());
            if line.contains("--to traefik") {
                ensure!(said.contains("MOVING TO Traefik's ingress-nginx provider 3.6.12"), "`{line}`: {said}");
                ensure!(said.contains("affinity-mode: not set (balanced)"), "`{line}`: {said}");
            } else if line.contains("--baseline") {
                ensure!(said.contains("STICKY"), "`{line}`: {said}");
            }
        }
    }
    let record = std::fs::read_to_string(shell.work().join("before.json")).context("step 2 wrote no record")?;
    ensure!(record.contains("\"verdict\":\"sticky\"") || record.contains("\"verdict\": \"sticky\""), "{record}");
    let left = space.run(&["get", "ingress", "-o", "jsonpath={.items[*].metadata.name}"]).await?;
    ensure!(left == "shop-new", "left at the end: {left}");
    Ok(())
}

/// The page's two Ingresses, with a host and a class of the test's own.
fn ingresses(space: &Space) -> Result<[String; 2]> {
    let page = std::fs::read_to_string(root().join(PAGE))?;
    let shown: Vec<String> = page.split("```yaml\n").skip(1).filter_map(|rest| rest.split("```").next()).map(str::to_owned).collect();
    let shown: [String; 2] = shown.try_into().map_err(|shown| anyhow::anyhow!("{PAGE} shows other files: {shown:?}"))?;
    Ok(shown.map(|text| {
        let class = format!("ingressClassName: {}", space.name);
        text.replace("ingressClassName: traefik", &class).replace("shop.example", &format!("shop.{}.test", space.name))
    }))
}
