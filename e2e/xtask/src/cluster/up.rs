//! `cluster up`: starts the cluster.

use super::network::Net;
use super::{addons, build, control, daemon, down, node, pki};
use anyhow::{Context, Result};
use std::fs;
use std::time::Instant;
use testkit::cluster::Place;
use testkit::phase::{phase, say};

/// Processes that run as long as a cluster does.
const PROCESSES: [&str; 7] = ["apiserver", "containerd", "controller", "etcd", "kubelet", "proxy", "scheduler"];

/// Starts the cluster, unless it is already running.
pub(crate) async fn up(place: &Place) -> Result<()> {
    let start = Instant::now();
    let parent = place.state.parent().context("a state folder without a parent")?;
    let _lock = Place::lock(parent, &place.name)?;
    if healthy(place).await {
        say(&format!("== cluster: `{}` runs already", place.name));
        say(&place.kubeconfig().display().to_string());
        return Ok(());
    }
    build::all(place).await?;
    if place.state.exists() {
        phase("taking down what is left of an earlier one", down::everything(place)).await?;
    }
    for folder in ["pki", "log", "run", "cni", "etc", "volumes"] {
        fs::create_dir_all(place.state.join(folder))?;
    }
    if let Err(error) = all(place).await {
        // Keeps the logs, because the error names one of them.
        if let Err(second) = down::running(place).await {
            say(&format!("== cluster: could not take down what had started: {second:#}"));
        }
        return Err(error);
    }
    say(&format!("== cluster: `{}` is up after {:.1} s", place.name, start.elapsed().as_secs_f64()));
    say(&place.kubeconfig().display().to_string());
    Ok(())
}

async fn all(place: &Place) -> Result<()> {
    let net = phase("network", async {
        let net = Net::claim(place).await?;
        net.connect().await.map(|()| net)
    })
    .await?;
    phase("certificates", async {
        pki::make(place, net).await?;
        Ok(fs::write(place.kubeconfig(), pki::kubeconfig(place, net, "admin")?)?)
    })
    .await?;
    // In parallel: neither needs the other.
    let control = phase("API server and controllers", async {
        control::api(place, net).await?;
        control::managers(place, net)?;
        addons::dns(place, net).await
    });
    let containers = phase("containerd and its images", async {
        node::containerd(place, net).await?;
        node::images(place).await
    });
    tokio::try_join!(control, containers)?;
    phase("node", async {
        node::kubelet(place, net)?;
        addons::storage(place).await?;
        addons::node_ready(place).await
    })
    .await?;
    phase("DNS", addons::dns_ready(place)).await
}

/// Whether all processes still run and the API server answers.
async fn healthy(place: &Place) -> bool {
    place.kubeconfig().is_file() && PROCESSES.iter().all(|name| daemon::lives(place, name)) && control::answers(place).await
}
