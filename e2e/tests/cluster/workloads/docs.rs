//! Runs the documents' commands for an application of the reader's own.

use super::traefik::{Logging, ingress};
use super::{PLAIN, application};
use anyhow::{Result, ensure};
use testkit::docs::shell::Shell;
use testkit::docs::{self, RUN_BY, RunBy};
use testkit::kube::{Space, in_namespace};

#[tokio::test]
async fn the_documents_commands() -> Result<()> {
    in_namespace("files-docs", async |space| {
        space.create().await?;
        application(space, "shop", PLAIN).await?;
        let door = Logging::start(space).await?;
        let done = commands(space).await;
        if done.is_err() {
            door.home.dump();
        }
        space.kube.run(&["delete", "clusterrole,clusterrolebinding", &super::rights::role(space), "--ignore-not-found"]).await?;
        door.stop(space).await?;
        done
    })
    .await
}

async fn commands(space: &Space) -> Result<()> {
    ingress(space, "shop", &space.name, "shop", true).await?;
    let mut shell = Shell::new()?;
    shell.program("kubectl", &testkit::cluster::kubectl()?)?;
    shell.set("KUBECONFIG", &space.kube.config().display().to_string());
    shell.replace("-n shop", &format!("-n {}", space.name));
    let mut verdicts = 0;
    for (file, heading, _) in RUN_BY.iter().filter(|(_, _, by)| *by == RunBy::Workload) {
        for line in docs::commands(file, heading)? {
            let said = shell.run(&line).await?;
            if line.starts_with("stickyctl verify") && !line.contains("--print-rbac") {
                ensure!(said.contains("STICKY    pods: sticky"), "`{line}`: {said}");
                verdicts += 1;
            }
        }
    }
    ensure!(verdicts >= 3, "{verdicts} verdicts");
    Ok(())
}
