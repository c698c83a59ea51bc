//! A canary comes, follows the mode, and goes, and the stable pods notice nothing.

use super::*;
use crate::cluster::change::{self, Change};
use crate::cluster::down;
use crate::cluster::status::collect::collect;
use crate::cluster::status::door::Seen;
use crate::cluster::status::model::Status;
use crate::cluster::status::table::table;

const CANARY: &str = "sticky-sessions-canary";
const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), "-canary");

impl Site {
    fn pods(&self, deployment: &str) -> Vec<String> {
        // The name, the hash of the template, and an end of its own; Redis's pod has no hash.
        let is_of = |pod: &String| pod.strip_prefix(deployment).is_some_and(|rest| rest.matches('-').count() == 2 && !rest.contains("redis"));
        self.fake.titles().iter().filter_map(|title| title.strip_prefix("Pod ")).map(str::to_owned).filter(is_of).collect()
    }

    fn workers(&self, deployment: &str) -> Value {
        let live = self.fake.get("Deployment", deployment).unwrap();
        let all = live["spec"]["template"]["spec"]["containers"][0]["env"].as_array().unwrap().clone();
        all.into_iter().find(|variable| variable["name"] == "STICKY_WORKERS").unwrap()["value"].clone()
    }

    async fn change(&self, change: Change) {
        change::run(&self.fake.cluster(), change, &place(), Duration::from_secs(60), self.seen.output()).await.unwrap();
    }

    async fn status(&self) -> Status {
        collect(&self.fake.cluster(), &place(), &mut Seen::default()).await.unwrap()
    }
}

#[tokio::test(start_paused = true)]
async fn it_comes_follows_the_mode_and_goes() {
    let mut site = Site::new();
    site.fake.front_door("nginx");
    site.up(json!({})).await.unwrap();
    let stable = site.pods("sticky-sessions");
    site.seen = Recorded::pipe();
    let Done::Up { pods, canary, .. } = site.up(json!({"canary": {"pods": 1}})).await.unwrap() else { panic!("not up") };
    assert_eq!((pods, canary, site.pods("sticky-sessions"), site.pods(CANARY).len()), (3, 1, stable.clone(), 1));
    let said = site.seen.err();
    assert!(said.starts_with("test, namespace sticky-sessions: 3x1 and 1 canary pod behind ingress-nginx\n"), "{said}");
    assert!(said.contains("✓ pods        3 of 3 ready\n✓ canary      1 of 1 ready\n"), "{said}");

    // It is part of the release from now on.
    site.seen = Recorded::pipe();
    site.up(json!({})).await.unwrap();
    assert!(site.seen.err().contains("\n✓ applied     12 objects: 12 unchanged\n"), "{}", site.seen.err());
    let status = site.status().await;
    assert_eq!(status.canary.as_ref().map(|canary| (canary.pods, canary.version.as_str())), Some((1, VERSION)));
    assert_eq!((status.mode.as_str(), status.pods.iter().filter(|pod| pod.version == VERSION).count(), status.pods.len()), ("3x1", 1, 4));
    let text = table(&status, None);
    assert!(text.starts_with("sticky-sessions  3x1 and 1 canary pod  version 1  ") && text.contains("VERSION"), "{text}");

    // The number of pods is that of the stable ones, the number of workers is for all.
    let before = site.fake.get("Deployment", CANARY).unwrap();
    site.change(Change::Scale(5)).await;
    assert!(site.pods("sticky-sessions").len() == 5 && site.fake.get("Deployment", CANARY).unwrap() == before);
    site.seen = Recorded::pipe();
    site.change(Change::Mode("1x4".parse().unwrap())).await;
    assert_eq!((site.workers("sticky-sessions"), site.workers(CANARY)), (json!("4"), json!("4")));
    assert_eq!((site.pods("sticky-sessions").len(), site.pods(CANARY).len()), (1, 1));
    assert!(site.seen.err().contains("✓ canary      1 of 1 ready, 4 workers each\n✓ answer      all 8 workers answer\n"), "{}", site.seen.err());

    let stable = site.pods("sticky-sessions");
    site.seen = Recorded::pipe();
    let Done::Up { canary, .. } = site.up(json!({"canary": {"pods": 0}})).await.unwrap() else { panic!("not up") };
    assert_eq!((canary, site.pods("sticky-sessions"), site.pods(CANARY)), (0, stable, vec![]));
    assert!(site.seen.err().contains(&format!("✓ removed     deployment {CANARY}: no longer in the spec\n")), "{}", site.seen.err());
    let status = site.status().await;
    assert!(status.canary.is_none() && !table(&status, None).contains("VERSION"), "{}", table(&status, None));
}

#[tokio::test(start_paused = true)]
async fn a_canary_that_does_not_start_stops_nothing_else() {
    let site = Site::new();
    site.up(json!({})).await.unwrap();
    let stable = site.pods("sticky-sessions");
    site.fake.pods(Pods::container(json!({"waiting": {"reason": "ErrImagePull", "message": "not found"}}), json!({}), 0));
    let failure = site.up(json!({"canary": {"pods": 1, "image": "registry.example/sticky-app:2"}})).await.unwrap_err();
    assert!(failure.what.starts_with("rolling out sticky-sessions-canary: the image can't be pulled\n"), "{}", failure.what);
    assert_eq!(failure.tries[0], "if the name or tag is wrong     canary.image in the spec: stickyctl up -f FILE");
    assert_eq!(failure.tries.last().unwrap(), "to go on without a canary       stickyctl up --canary 0");
    assert_eq!(site.pods("sticky-sessions"), stable);
}

/// Unlike the number of the other pods, which stays as somebody set it.
#[tokio::test(start_paused = true)]
async fn its_number_of_pods_is_the_specs() {
    let mut site = Site::new();
    site.up(json!({"canary": {"pods": 1}})).await.unwrap();
    site.fake.scale(CANARY, 3, "kubectl");
    let failure = site.up(json!({})).await.unwrap_err();
    assert!(failure.what.contains("deployment sticky-sessions-canary  .spec.replicas  managed by kubectl (scale)"), "{}", failure.what);
    assert_eq!(failure.tries, ["stickyctl up --force-conflicts   takes ownership of every field listed above"]);
    site.change(Change::Scale(2)).await;
    site.force_conflicts = true;
    site.up(json!({})).await.unwrap();
    assert_eq!((site.pods("sticky-sessions").len(), site.pods(CANARY).len()), (2, 1));
}

#[tokio::test(start_paused = true)]
async fn a_deployment_of_somebody_else_stays_theirs() {
    let site = Site::new();
    site.fake.put(json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": CANARY, "namespace": "sticky-sessions"},
        "spec": {"selector": {"matchLabels": {"a": "b"}}, "template": {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": []}}}}));
    let before = site.fake.get("Deployment", CANARY);
    site.fake.writes();
    let failure = site.up(json!({"canary": {"pods": 1}})).await.unwrap_err();
    let why =
        "deployment sticky-sessions-canary in namespace sticky-sessions is not a canary of release sticky-sessions, and the canary needs that name";
    assert_eq!((failure.what.as_str(), site.fake.writes()), (why, vec![]));
    // Without a canary it is left alone, and it is no canary in the status.
    site.up(json!({})).await.unwrap();
    assert_eq!((site.fake.get("Deployment", CANARY), site.status().await.canary), (before, None));
}

#[tokio::test(start_paused = true)]
async fn it_goes_down_with_the_release() {
    let site = Site::new();
    site.up(json!({"canary": {"pods": 2}})).await.unwrap();
    let request = down::Request { place: place(), yes: true, delete_data: true, timeout: Duration::from_secs(30) };
    down::run(&site.fake.cluster(), &request, site.seen.output()).await.unwrap();
    assert!(site.seen.err().contains("  deployment sticky-sessions\n  deployment sticky-sessions-canary\n"), "{}", site.seen.err());
    assert!(site.fake.titles().iter().all(|title| !title.contains("sticky-sessions")), "{:?}", site.fake.titles());
}
