//! Running releases: in a restricted namespace, with a password, and after Redis's pod is deleted.

use anyhow::Result;
use serde_json::json;
use std::time::{Duration, Instant};
use testkit::kube::relays::Sessions;
use testkit::kube::release::NAME;
use testkit::kube::{Release, Space, in_namespace};
use testkit::{random, wait};

const SOON: Duration = Duration::from_secs(60);

/// The API server admits or rejects the pods, so running pods are the proof.
async fn restricted(space: &Space, apps: usize) -> Result<()> {
    let namespace = space.json(&["get", "namespace", &space.name]).await?;
    assert_eq!(namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"], "restricted");
    for (component, count) in [("app", apps), ("redis", 1)] {
        let pods = space.pods(component).await?;
        let ready = pods.iter().filter(|pod| pod["status"]["containerStatuses"][0]["ready"] == true);
        assert_eq!((pods.len(), ready.count()), (count, count), "{component}");
        assert!(pods.iter().all(|pod| pod["status"]["containerStatuses"][0]["restartCount"] == 0), "{component}: {pods:?}");
    }
    // Proves that the label has an effect.
    let root = space.run(&["run", "root", "--image=sticky.test/probe:1", "--restart=Never"]).await;
    let refused = root.unwrap_err().to_string();
    assert!(refused.contains("violates PodSecurity \"restricted"), "{refused}");
    Ok(())
}

#[tokio::test]
async fn three_pods_in_a_restricted_namespace() -> Result<()> {
    in_namespace("plain", async |space| {
        let release = Release::start(space, json!({"mode": "3x1"})).await?;
        restricted(space, 3).await?;
        assert_eq!(release.redis(&["ping"]).await?, "PONG");
        let mut sessions = Sessions::on_each_worker(&release.url, 3).await?;
        assert_eq!(sessions.relay(SOON).await?, 0);
        let topology = release.topology().await?;
        assert_eq!((&topology["door"]["kind"], &topology["bus"]["state"]), (&json!("traefik"), &json!("ok")));
        assert_eq!(topology["pods"].as_array().unwrap().len(), 3);
        Ok(())
    })
    .await
}

/// With a password that Redis requires. Then Redis's pod is deleted: once it is back, all workers reconnect with the password, and earlier
/// data is still there.
#[tokio::test]
async fn a_password_and_the_end_of_redis_pod() -> Result<()> {
    in_namespace("password", async |space| {
        space.create().await?;
        let password = random::word();
        let from = format!("--from-literal=password={password}");
        space.run(&["create", "secret", "generic", &format!("{NAME}-redis"), &from]).await?;
        // `up` doesn't change an existing namespace; manifests that contain it take it over.
        let release = Release::start(space, json!({"mode": "2x2"})).await?;
        restricted(space, 2).await?;

        let bare = space.run(&["exec", &format!("{NAME}-redis-0"), "--", "env", "-u", "REDISCLI_AUTH", "redis-cli", "ping"]).await?;
        assert!(bare.starts_with("NOAUTH"), "{bare}");
        assert_eq!(release.redis(&["ping"]).await?, "PONG");
        let mut sessions = Sessions::on_each_worker(&release.url, 4).await?;
        assert_eq!(sessions.relay(SOON).await?, 0);

        let word = random::word();
        assert_eq!(release.redis(&["set", "proof", &word]).await?, "OK");
        let before = space.pods("redis").await?[0]["metadata"]["uid"].clone();
        let start = Instant::now();
        space.run(&["delete", "pod", &format!("{NAME}-redis-0")]).await?;
        space.rollout(&format!("statefulset/{NAME}-redis")).await?;
        assert_ne!(space.pods("redis").await?[0]["metadata"]["uid"], before);
        let ready = start.elapsed();
        let lost = sessions.relay(SOON).await?;
        eprintln!("Redis was ready {ready:?} after its pod's deletion, all 4 x 4 relays after {:?}; {lost} publishes in between", start.elapsed());
        assert_eq!(release.redis(&["get", "proof"]).await?, word);
        wait::until("the map says that the bus is well", SOON, async || (release.topology().await.ok()?["bus"]["state"] == "ok").then_some(()))
            .await?;
        for pod in space.pods("app").await? {
            assert_eq!(pod["status"]["containerStatuses"][0]["restartCount"], 0, "an app's pod needs no restart for it");
        }
        Ok(())
    })
    .await
}
