use super::*;
use crate::cluster::fake::{Fake, Pods, place};
use crate::cluster::show;
use crate::output::recorded::Recorded;
use serde_json::json;

#[test]
fn a_scale_keeps_workers_and_a_mode_says_both() {
    let before = Mode { pods: 1, workers: 4 };
    assert_eq!(Change::Scale(5).of(before), Mode { pods: 5, workers: 4 });
    assert_eq!(sentence(before, Mode { pods: 5, workers: 4 }), "1x4 to 5x4: replicas 1 to 5, workers stay 4");
    assert_eq!(sentence(Mode { pods: 5, workers: 1 }, before), "5x1 to 1x4: replicas 5 to 1, workers 1 to 4. Every pod is replaced.");
}

/// A release that `up` brought up, behind a front door.
async fn release(mode: &str) -> Fake {
    let fake = Fake::new();
    let spec = StickyApp { mode: mode.parse().unwrap(), ..StickyApp::default() };
    fake.apply(&Plan::new(spec, None, None, true).unwrap()).await;
    fake.front_door("nginx");
    fake
}

async fn changed(fake: &Fake, change: Change) -> (Result<String, Failure>, String) {
    let seen = Recorded::terminal("");
    let done = run(&fake.cluster(), change, &place(), Duration::from_secs(60), seen.output()).await;
    let done = done.map(|changed| {
        show::changed(&changed, seen.output()).unwrap();
        seen.out()
    });
    (done, seen.err())
}

#[tokio::test(start_paused = true)]
async fn more_pods_and_fewer() {
    let fake = release("3x1").await;
    let (done, said) = changed(&fake, Change::Scale(5)).await;
    assert_eq!(done.unwrap(), "sticky-sessions is 5x1\n");
    assert_eq!(
        said,
        "3x1 to 5x1: replicas 3 to 5, workers stay 1\n\n\
         ✓ applied     replicas of deployment sticky-sessions\n\
         ✓ pods        5 of 5 ready, 1 worker each\n\
         ✓ answer      fresh sessions reach 5 pods\n\n\n\
         Existing sessions stay on their pods; only new ones use the new pods.\nNext: stickyctl status, stickyctl verify\n"
    );
    fake.pods(Pods::Drains(12));
    let (done, said) = changed(&fake, Change::Scale(2)).await;
    assert_eq!(done.unwrap(), "sticky-sessions is 2x1\n");
    assert!(said.contains("✓ drain       3 pods left; their sockets were asked to reconnect (1012)\n"), "{said}");
    assert!(said.contains("The sessions of the removed pods have moved; all others stayed.\n"), "{said}");
    let live = fake.get("Deployment", "sticky-sessions").unwrap();
    assert_eq!((&live["spec"]["replicas"], fake.owners("sticky-sessions")), (&json!(2), vec!["stickyctl".to_owned()]));
}

#[tokio::test(start_paused = true)]
async fn another_mode_replaces_every_pod() {
    let fake = release("3x1").await;
    let (done, said) = changed(&fake, Change::Mode(Mode { pods: 1, workers: 4 })).await;
    assert_eq!(done.unwrap(), "sticky-sessions is 1x4\n");
    assert_eq!(
        said,
        "3x1 to 1x4: replicas 3 to 1, workers 1 to 4. Every pod is replaced.\n\n\
         ✓ applied     replicas and workers of deployment sticky-sessions\n\
         ✓ new pods    1 of 1 ready, 4 workers each\n\
         ✓ answer      all 4 workers answer\n\n\n\
         The cookie selects a pod, but can't select a worker in it: \"sticky HTTP & in-memory WebSocket\" now misses\n\
         about 3 times in 4. The queue never does.\nNext: stickyctl status, stickyctl verify\n"
    );
}

#[tokio::test(start_paused = true)]
async fn a_number_is_taken_over_from_whoever_set_it() {
    let fake = release("3x1").await;
    fake.scale("sticky-sessions", 4, "kubectl");
    let (done, said) = changed(&fake, Change::Scale(2)).await;
    assert!(done.is_ok() && said.starts_with("4x1 to 2x1: replicas 4 to 2, workers stay 1\n"), "{said}");
    assert_eq!(fake.owners("sticky-sessions"), ["stickyctl"]);
}

/// A release that `kubectl apply -k` made: kubectl owns all fields.
#[tokio::test(start_paused = true)]
async fn a_release_that_kubectl_applied() {
    let of_kubectl = async || {
        let fake = release("3x1").await;
        fake.edit("Deployment", "sticky-sessions", |deployment| {
            for entry in deployment["metadata"]["managedFields"].as_array_mut().unwrap() {
                entry["manager"] = json!("kubectl-client-side-apply");
                entry["operation"] = json!("Update");
            }
        });
        fake
    };
    let fake = of_kubectl().await;
    assert_eq!(changed(&fake, Change::Scale(5)).await.0.unwrap(), "sticky-sessions is 5x1\n");
    assert_eq!(changed(&fake, Change::Mode(Mode { pods: 1, workers: 4 })).await.0.unwrap(), "sticky-sessions is 1x4\n");

    // What else this version would change is not about the mode.
    let fake = of_kubectl().await;
    fake.edit("Deployment", "sticky-sessions", |deployment| deployment["spec"]["revisionHistoryLimit"] = json!(7));
    fake.writes();
    let failure = changed(&fake, Change::Scale(5)).await.0.unwrap_err();
    assert!(failure.what.contains(".spec.revisionHistoryLimit  managed by kubectl-client-side-apply"), "{}", failure.what);
    assert_eq!(fake.writes(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn what_can_t_be_changed() {
    let (done, said) = changed(&Fake::new(), Change::Scale(2)).await;
    let failure = done.unwrap_err();
    assert_eq!(failure.what, "release sticky-sessions in namespace sticky-sessions does not exist");
    assert_eq!(
        failure.tries,
        [
            "stickyctl up                     creates it",
            "kubectl get deployments -A -l stickyctl.dev/track=stable    lists the releases of the cluster"
        ]
    );
    assert_eq!((failure.exit, said.as_str()), (Exit::Failed, ""));

    let fake = release("3x1").await;
    let target = json!({"apiVersion": "apps/v1", "kind": "Deployment", "name": "sticky-sessions"});
    fake.put(
        json!({"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": {"name": "theirs", "namespace": "sticky-sessions"},
        "spec": {"maxReplicas": 4, "scaleTargetRef": target}}),
    );
    for change in [Change::Scale(2), Change::Mode(Mode { pods: 1, workers: 4 })] {
        let failure = changed(&fake, change).await.0.unwrap_err();
        assert_eq!(failure.what, "an autoscaler owns the replica count (theirs): it would undo a number set here within seconds");
    }

    let fake = release("3x1").await;
    fake.edit("Deployment", "sticky-sessions", |object| object["metadata"]["labels"]["app.kubernetes.io/managed-by"] = json!("Helm"));
    let failure = changed(&fake, Change::Scale(2)).await.0.unwrap_err();
    assert_eq!(failure.tries, ["helm upgrade sticky-sessions CHART --namespace sticky-sessions --reuse-values --set mode=2x1"]);
}

#[tokio::test(start_paused = true)]
async fn pods_that_do_not_go_and_pods_that_do_not_come() {
    let fake = release("3x1").await;
    fake.pods(Pods::Drains(u32::MAX));
    let (done, said) = changed(&fake, Change::Scale(1)).await;
    let failure = done.unwrap_err();
    assert_eq!(failure.what, "waiting for the pods that leave: 2 still there after 60.0 s");
    assert_eq!((failure.tries, failure.exit), (vec!["stickyctl status --watch   shows them until they are gone".to_owned()], Exit::TimedOut));
    assert!(said.ends_with("✗ drain       2 pods are still draining\n"), "{said}");

    let fake = release("3x1").await;
    fake.pods(Pods::Refused("exceeded quota: full"));
    let (done, said) = changed(&fake, Change::Scale(5)).await;
    assert!(done.unwrap_err().what.starts_with("rolling out sticky-sessions: the cluster refuses to create the pod\n"));
    assert!(said.ends_with("✗ pods        3 of 5 ready: the cluster refuses to create the pod\n"), "{said}");
}

#[tokio::test(start_paused = true)]
async fn without_a_way_to_ask() {
    let fake = Fake::new();
    fake.apply(&Plan::new(StickyApp::default(), None, None, true).unwrap()).await;
    let (_, said) = changed(&fake, Change::Scale(2)).await;
    assert!(said.contains("– answer      not tested: no front door serves the release\n"), "{said}");
    let fake = Fake::new();
    fake.front_door("nginx");
    fake.apply(&Plan::new(StickyApp { expose_identity: Expose::Off, ..StickyApp::default() }, None, None, true).unwrap()).await;
    let (_, said) = changed(&fake, Change::Scale(2)).await;
    assert!(said.contains("– answer      not tested: the app does not expose its pods (exposeIdentity: off)\n"), "{said}");
}
