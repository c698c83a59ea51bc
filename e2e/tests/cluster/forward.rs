//! The tunnel that `stickyctl` uses for `forward` and for its own requests, to real pods through a real kubelet.

use anyhow::{Context, Result, ensure};
use std::collections::HashSet;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;
use stickyctl::cluster::connect::{Access, Cluster, connect};
use stickyctl::cluster::tunnel::{Event, Target, Tunnel, http as over};
use stickyctl::exit::Explained;
use testkit::kube::{Space, in_namespace};
use testkit::{http, wait};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

const SOON: Duration = Duration::from_secs(30);

/// Two pods that return their name, and a Redis, which returns any data that it was given.
const PODS: &str = "
apiVersion: apps/v1
kind: Deployment
metadata: {name: probe}
spec:
  replicas: 2
  selector: {matchLabels: {app: probe}}
  template:
    metadata: {labels: {app: probe}}
    spec:
      terminationGracePeriodSeconds: 5
      containers:
      - name: probe
        image: sticky.test/probe:1
        readinessProbe: {httpGet: {path: /, port: 8080}, periodSeconds: 1}
---
apiVersion: v1
kind: Pod
metadata: {name: redis, labels: {app: redis}}
spec:
  terminationGracePeriodSeconds: 1
  containers:
  - name: redis
    image: redis:7.0
    command: [redis-server, --save, '', --protected-mode, 'no']
    readinessProbe: {exec: {command: [redis-cli, ping]}, periodSeconds: 1}
";

async fn pods(space: &Space) -> Result<Cluster> {
    space.create().await?;
    space.apply(PODS).await?;
    space.rollout("deployment/probe").await?;
    space.run(&["wait", "--for=condition=Ready", "pod/redis", "--timeout=60s"]).await?;
    Ok(connect(&Access { kubeconfig: Some(space.kube.config().to_owned()), context: None }).await?)
}

fn target(space: &Space, app: &str, port: u16) -> Target {
    Target::Labelled { namespace: space.name.clone(), selector: format!("app={app}"), port }
}

async fn open(cluster: &Cluster, target: Target) -> Result<Tunnel> {
    Ok(Tunnel::open(cluster.client.clone(), target, SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await?)
}

/// The name of the pod that answers.
async fn pod(tunnel: &Tunnel) -> Result<String> {
    let answer = http::get(format!("http://{}/", tunnel.addr())).send().await?;
    ensure!(answer.status == 200, "status {}", answer.status);
    Ok(answer.text())
}

#[tokio::test]
async fn bytes_go_both_ways_whatever_end_closes_first() -> Result<()> {
    in_namespace("tunnel-bytes", async |space| {
        let cluster = pods(space).await?;
        let redis = open(&cluster, target(space, "redis", 6_379)).await?;
        let value: Vec<u8> = (0..3_000_000_u32).map(|n| (n % 251) as u8).collect();
        let mut set = format!("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n${}\r\n", value.len()).into_bytes();
        set.extend_from_slice(&value);
        set.extend_from_slice(b"\r\n*2\r\n$3\r\nGET\r\n$1\r\nk\r\n");
        let mut stream = TcpStream::connect(redis.addr()).await?;
        stream.write_all(&set).await?;
        let mut got = vec![0; format!("+OK\r\n${}\r\n", value.len()).len() + value.len() + 2];
        wait::within("the value comes back", SOON, stream.read_exact(&mut got)).await??;
        assert!(got[got.len() - 2 - value.len()..got.len() - 2] == value[..], "the bytes are not those that were sent");

        // A client that closes its sending side still gets its answer.
        let probe = open(&cluster, target(space, "probe", 8_080)).await?;
        let mut stream = TcpStream::connect(probe.addr()).await?;
        stream.write_all(b"GET / HTTP/1.1\r\nHost: probe\r\nConnection: close\r\n\r\n").await?;
        stream.shutdown().await?;
        let mut answer = String::new();
        wait::within("the answer after a half-close", SOON, stream.read_to_string(&mut answer)).await??;
        assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("\r\n\r\nprobe-"), "{answer:?}");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn fifty_at_once_and_one_pod_for_all() -> Result<()> {
    in_namespace("tunnel-many", async |space| {
        let cluster = pods(space).await?;
        let tunnel = open(&cluster, target(space, "probe", 8_080)).await?;
        let url = format!("http://{}/", tunnel.addr());
        let mut all = JoinSet::new();
        for _ in 0..50 {
            let url = url.clone();
            all.spawn(async move { http::get(url).send().await });
        }
        let mut seen = HashSet::new();
        while let Some(answer) = all.join_next().await {
            let answer = answer??;
            assert_eq!(answer.status, 200);
            seen.insert(answer.text());
        }
        assert_eq!(seen.len(), 1, "a tunnel that is well keeps its pod: {seen:?}");
        let addr = tunnel.addr();
        drop(tunnel);
        wait::until("the port is free again", SOON, async || TcpStream::connect(addr).await.is_err().then_some(())).await
    })
    .await
}

#[tokio::test]
async fn a_pod_that_dies_is_replaced_under_the_tunnel() -> Result<()> {
    in_namespace("tunnel-heals", async |space| {
        let cluster = pods(space).await?;
        let mut tunnel = open(&cluster, target(space, "probe", 8_080)).await?;
        let first = pod(&tunnel).await?;
        space.run(&["delete", "pod", &first, "--grace-period=0", "--force"]).await?;
        // Its container may answer for a moment more; no request is lost.
        let other = async || match pod(&tunnel).await {
            Ok(name) if name == first => None,
            answer => Some(answer),
        };
        let second = wait::until("another pod answers", SOON, other).await?.context("while the pod was replaced")?;
        assert_eq!(wait::within("the news", SOON, tunnel.event()).await?, Event::Moved { from: first, to: second });

        // Without any pod, a connection waits for the next one.
        space.run(&["scale", "deployment/probe", "--replicas=0"]).await?;
        space.run(&["wait", "--for=delete", "pod", "-l", "app=probe", "--timeout=60s"]).await?;
        let (answer, scaled) = tokio::join!(pod(&tunnel), space.run(&["scale", "deployment/probe", "--replicas=1"]));
        scaled?;
        assert!(answer?.starts_with("probe-"));
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_port_that_nobody_listens_on_is_named() -> Result<()> {
    in_namespace("tunnel-closed", async |space| {
        let cluster = pods(space).await?;
        let mut tunnel = open(&cluster, target(space, "redis", 9)).await?;
        let mut stream = TcpStream::connect(tunnel.addr()).await?;
        let _ = stream.write_all(b"GET / HTTP/1.1\r\n\r\n").await;
        let event = wait::within("the reason", SOON, tunnel.event()).await?;
        let why = "pod redis, port 9: nothing is listening on port 9 (connection refused)";
        assert_eq!(event, Event::Unreached(why.to_owned()));
        let mut rest = Vec::new();
        let ended = wait::within("the connection ends", SOON, stream.read_to_end(&mut rest)).await?;
        assert!(ended.is_err() || rest.is_empty(), "{rest:?}");

        let closed = target(space, "redis", 9).ready(&cluster.client).await?.remove(0);
        let said = over::get(&cluster.client, &closed, "localhost", "/").await.map(|reply| reply.status).unwrap_err();
        assert_eq!(said.to_string(), "nothing is listening on port 9 (connection refused)");
        let taken = Tunnel::open(cluster.client.clone(), target(space, "redis", 9), tunnel.addr()).await.unwrap_err();
        assert!(taken.to_string().contains(&tunnel.addr().to_string()) && taken.next_steps()[0].contains("--port 0"), "{taken:?}");
        Ok(())
    })
    .await
}
