//! Against the fake API server: a rollout that finishes, and each of its troubles as a person reads it.

use super::error::Error;
use super::wait::Rollout;
use crate::cluster::apply::{Manner, Wanted, apply_patiently};
use crate::cluster::fake::pod::Answers;
use crate::cluster::fake::{Fake, Pods};
use crate::cluster::plan::Plan;
use crate::exit::{Exit, Failure};
use crate::generate::front_door::install::{Install, objects};
use crate::output::recorded::Recorded;
use crate::poll::Deadline;
use crate::spec::StickyApp;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

const TIMEOUT: Duration = Duration::from_secs(30);

async fn apply(fake: &Fake, image: &str) -> StickyApp {
    let mut spec = StickyApp::default();
    spec.image.name = image.to_owned();
    fake.apply(&Plan::new(spec.clone(), None, None, true).unwrap()).await;
    spec
}

async fn wait(fake: &Fake, spec: &StickyApp, before: Option<&str>) -> (Result<String, Error>, String) {
    let seen = Recorded::pipe();
    let client = fake.client();
    let rollout = Rollout::of_app(&client, spec, before);
    let done = rollout.finished(seen.output().live("pods"), Deadline::after(TIMEOUT)).await;
    (done.map(|(_, progress)| progress.to_string()), seen.err())
}

/// A release of three pods that serve, and an image on top of it whose pods come up in some other way.
async fn fails(pods: Pods) -> (Failure, String, Fake, Duration) {
    let fake = Fake::new();
    let spec = apply(&fake, "docker.io/library/sticky-app:1").await;
    assert_eq!(wait(&fake, &spec, None).await.0.unwrap(), "3 of 3 ready");
    fake.pods(pods);
    let spec = apply(&fake, "docker.io/library/sticky-app:2").await;
    let began = Instant::now();
    let (done, said) = wait(&fake, &spec, Some("docker.io/library/sticky-app:1")).await;
    (done.unwrap_err().into(), said, fake, began.elapsed())
}

/// Hashes of templates and numbers of pods are the fake's own.
fn named(text: &str) -> String {
    regex::Regex::new("sticky-sessions-[0-9a-f]{8}-[0-9a-f]+").unwrap().replace_all(text, "POD").into_owned()
}

#[tokio::test(start_paused = true)]
async fn the_image_can_t_be_pulled() {
    let state = json!({"waiting": {"reason": "ErrImagePull", "message": "not found"}});
    let (failure, said, _, after) = fails(Pods::container(state, json!({}), 0)).await;
    assert_eq!(
        named(&failure.what),
        "rolling out sticky-sessions: the image can't be pulled\n\n  pod      POD, on node node-1\n  image    sticky-app:2\n  \
         reason   ErrImagePull: not found\n  serving  the 3 old pods keep serving; no session has moved"
    );
    assert_eq!(
        failure.tries,
        [
            "if the name or tag is wrong     stickyctl up --image NAME:TAG",
            "if it was never loaded          stickyctl up --image-loader 'COMMAND'",
            "if the registry needs a login   image.pullSecret in the spec: stickyctl up -f FILE",
            "to go back                      stickyctl up --image sticky-app:1",
        ]
    );
    assert_eq!(said, "✗ pods        0 of 3 ready: the image can't be pulled\n");
    assert_eq!(failure.exit, Exit::Failed);
    assert!((3..5).contains(&after.as_secs()), "{after:?}");
}

/// The kubelet retries: `stickyctl` waits as long as it may.
#[tokio::test(start_paused = true)]
async fn the_registry_does_not_answer() {
    let message = "failed to pull and unpack image: dial tcp: lookup registry-1.docker.io: no such host";
    let state = json!({"waiting": {"reason": "ErrImagePull", "message": message}});
    let (failure, said, _, after) = fails(Pods::container(state, json!({}), 0)).await;
    assert_eq!(failure.what, format!("rolling out sticky-sessions: not finished after 30.0 s; last seen: 0 of 3 ready; ErrImagePull: {message}"));
    assert_eq!(
        failure.tries,
        [
            "if the name or tag is wrong     stickyctl up --image NAME:TAG",
            "if it was never loaded          stickyctl up --image-loader 'COMMAND'",
            "if the registry needs a login   image.pullSecret in the spec: stickyctl up -f FILE",
            "stickyctl status           shows what there is now; the cluster carries on by itself",
            "stickyctl up --timeout 5m  waits longer",
        ]
    );
    assert_eq!(said, format!("✗ pods        0 of 3 ready; ErrImagePull: {message}\n"));
    assert_eq!((failure.exit, after.as_secs()), (Exit::TimedOut, 30));
}

/// Advice about the app's image would not help here.
#[tokio::test(start_paused = true)]
async fn another_image_than_the_apps() {
    let state = json!({"waiting": {"reason": "ErrImagePull", "message": "not found"}});
    let stuck = move |container: &str| {
        let container = json!({"name": container, "image": "x", "imageID": "", "ready": false, "restartCount": 0, "state": state});
        json!({"phase": "Pending", "containerStatuses": [container]})
    };
    let fake = Fake::new();
    let spec = apply(&fake, "sticky-app:2").await;
    fake.edit("Pod", "sticky-sessions-redis-0", |pod| pod["status"] = stuck("redis"));
    fake.pods(Pods::Stuck(Arc::new(move |_| stuck("ingress-nginx-controller"))));
    let client = fake.client();
    let seen = Recorded::pipe();
    let finished = async |rollout: Rollout<'_>| -> Failure {
        rollout.finished(seen.output().live("pods"), Deadline::after(TIMEOUT)).await.map(|(_, progress)| progress).unwrap_err().into()
    };
    let redis = finished(Rollout::of_redis(&client, &spec)).await;
    assert!(redis.what.starts_with("rolling out sticky-sessions-redis: the image can't be pulled\n"), "{}", redis.what);
    assert_eq!(
        redis.tries,
        [
            "for the same image elsewhere    redis.image in the spec: stickyctl up -f FILE",
            "if kind's nodes can't pull it   kind load docker-image redis:7.2-bookworm",
            "for a Redis of your own         redis.url in the spec: stickyctl up -f FILE",
        ]
    );
    let door = Install::of(&spec, false);
    for object in objects(&door).iter().filter_map(Wanted::of) {
        apply_patiently(&client, &object, Manner::default()).await.unwrap();
    }
    let door = finished(Rollout::of_front_door(&client, &door)).await;
    assert!(door.what.starts_with("rolling out ingress-nginx-controller: the image can't be pulled\n"), "{}", door.what);
    let pod = regex::Regex::new("ingress-nginx-controller-[0-9a-f]{8}-[0-9a-f]+").unwrap();
    assert_eq!(
        door.tries.iter().map(|step| pod.replace(step, "POD")).collect::<Vec<_>>(),
        [
            "kubectl describe pod POD -n ingress-nginx   shows every attempt",
            "for a front door of your own    stickyctl up, once one serves the class",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn the_process_exits() {
    let ended = json!({"terminated": {"exitCode": 2, "reason": "Error"}});
    let (failure, ..) = fails(Pods::container(json!({"waiting": {"reason": "CrashLoopBackOff"}}), ended.clone(), 3)).await;
    assert_eq!(
        named(&failure.what),
        "rolling out sticky-sessions: the process exits right after it starts\n\n  pod      POD, on node node-1\n  \
         reason   exit 2, 4 times\n  serving  the 3 old pods keep serving; no session has moved"
    );
    assert_eq!(named(&failure.tries[0]), "kubectl logs POD -c app -n sticky-sessions   shows everything that it wrote");

    // Its last words, if it had any: those of the container before, unless the kubelet has lost them.
    for (previous, expected) in [("starting\nno such flag\n\n", "no such flag"), ("unable to retrieve container logs for containerd://x", "bye")] {
        let fake = Fake::new();
        fake.pods(Pods::container(json!({"waiting": {"reason": "CrashLoopBackOff"}}), ended.clone(), 3));
        let spec = apply(&fake, "sticky-app:2").await;
        let pod = fake.titles().into_iter().find(|title| title.starts_with("Pod sticky-sessions-") && !title.ends_with("redis-0")).unwrap();
        fake.edit("Pod", pod.trim_start_matches("Pod "), |pod| {
            pod["metadata"]["annotations"] = json!({"previous-log": previous, "log": "hello\nbye"});
        });
        let failure: Failure = wait(&fake, &spec, None).await.0.unwrap_err().into();
        assert!(failure.what.contains(&format!("\n  log      {expected}")), "{}", failure.what);
        assert!(!failure.what.contains("serving"), "there are no old pods: {}", failure.what);
    }
}

#[tokio::test(start_paused = true)]
async fn too_little_memory() {
    let (failure, ..) = fails(Pods::container(json!({"terminated": {"exitCode": 137, "reason": "OOMKilled"}}), json!({}), 0)).await;
    assert!(failure.what.starts_with("rolling out sticky-sessions: the process exceeds its memory limit\n"), "{}", failure.what);
    assert!(failure.what.contains("\n  reason   killed for exceeding its memory limit, 1 times\n"), "{}", failure.what);
    assert_eq!(failure.tries[0], "for more memory                 resources.limits.memory in the spec: stickyctl up -f FILE");
}

#[tokio::test(start_paused = true)]
async fn something_is_missing() {
    let state = json!({"waiting": {"reason": "CreateContainerConfigError", "message": "secret \"absent\" not found"}});
    let (failure, ..) = fails(Pods::container(state, json!({}), 0)).await;
    assert!(failure.what.starts_with("rolling out sticky-sessions: the pod refers to something that is missing\n"), "{}", failure.what);
    assert!(failure.what.contains("\n  reason   CreateContainerConfigError: secret \"absent\" not found\n"), "{}", failure.what);
    assert_eq!(named(&failure.tries[0]), "kubectl describe pod POD -n sticky-sessions   names it; once it exists, the pod starts by itself");
}

/// The kubelet hasn't looked again, as after `up` on a release that `kubectl apply` began without the password.
#[tokio::test(start_paused = true)]
async fn a_secret_that_came_later_is_waited_for() {
    let fake = Fake::new();
    let state = json!({"waiting": {"reason": "CreateContainerConfigError", "message": "secret \"late\" not found"}});
    fake.pods(Pods::container(state, json!({}), 0));
    fake.put(json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "late", "namespace": "sticky-sessions"}}));
    let spec = apply(&fake, "sticky-app:2").await;
    let failure: Failure = wait(&fake, &spec, None).await.0.unwrap_err().into();
    assert_eq!(failure.exit, Exit::TimedOut, "{}", failure.what);
}

#[tokio::test(start_paused = true)]
async fn a_volume_that_is_missing_shows_in_an_event_only() {
    let fake = Fake::new();
    fake.pods(Pods::container(json!({"waiting": {"reason": "ContainerCreating"}}), json!({}), 0));
    let spec = apply(&fake, "sticky-app:2").await;
    let pod = fake.titles().into_iter().find(|title| title.starts_with("Pod sticky-sessions-") && !title.ends_with("redis-0")).unwrap();
    fake.put(json!({"apiVersion": "v1", "kind": "Event", "metadata": {"name": "e", "namespace": "sticky-sessions"}, "reason": "FailedMount",
        "involvedObject": {"name": pod.trim_start_matches("Pod ")}, "message": "MountVolume.SetUp failed: secret \"absent\" not found"}));
    let failure: Failure = wait(&fake, &spec, None).await.0.unwrap_err().into();
    assert!(failure.what.contains("\n  reason   MountVolume.SetUp failed: secret \"absent\" not found"), "{}", failure.what);
}

#[tokio::test(start_paused = true)]
async fn no_node_and_a_quota() {
    let pending = |_: &str| -> Value {
        let scheduled = json!({"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/1 nodes: Insufficient cpu"});
        json!({"phase": "Pending", "conditions": [scheduled]})
    };
    let (failure, said, _, after) = fails(Pods::Stuck(Arc::new(pending))).await;
    assert!(failure.what.starts_with("rolling out sticky-sessions: no node can run the pod\n"), "{}", failure.what);
    assert!(failure.what.contains("\n  reason   0/1 nodes: Insufficient cpu\n"), "{}", failure.what);
    assert_eq!(
        failure.tries[..2],
        [
            "for fewer pods                  stickyctl scale N",
            "for smaller pods or other nodes resources and placement in the spec: stickyctl up -f FILE"
        ]
    );
    assert_eq!(said, "✗ pods        0 of 3 ready: no node can run the pod\n");
    assert!((10..12).contains(&after.as_secs()), "an autoscaler may bring one: {after:?}");

    let (failure, ..) = fails(Pods::Refused("pods \"x\" is forbidden: exceeded quota: full")).await;
    assert_eq!(
        failure.what,
        "rolling out sticky-sessions: the cluster refuses to create the pod\n\n  \
         reason   pods \"x\" is forbidden: exceeded quota: full\n  serving  the 3 old pods keep serving; no session has moved"
    );
    assert_eq!(failure.tries[0], "kubectl get resourcequotas,limitranges,events -n sticky-sessions   shows what the namespace allows");
}

#[tokio::test(start_paused = true)]
async fn not_ready_in_time() {
    let (failure, said, _, after) = fails(Pods::container(json!({"running": {}}), json!({}), 0)).await;
    let last = regex::Regex::new(r"\.\.\.[0-9a-f]{5}").unwrap();
    assert_eq!(
        last.replace(&failure.what, "...POD"),
        "rolling out sticky-sessions: not finished after 30.0 s; last seen: 0 of 3 ready; ...POD: running, not ready yet"
    );
    assert_eq!(
        failure.tries,
        ["stickyctl status           shows what there is now; the cluster carries on by itself", "stickyctl up --timeout 5m  waits longer"]
    );
    assert_eq!(last.replace(&said, "...POD"), "✗ pods        0 of 3 ready; ...POD: running, not ready yet\n");
    assert_eq!((failure.exit, after.as_secs()), (Exit::TimedOut, 30));
}

#[tokio::test(start_paused = true)]
async fn trouble_that_goes_by_is_none() {
    let fake = Fake::new();
    fake.pods(Pods::container(json!({"waiting": {"reason": "ErrImagePull"}}), json!({}), 0));
    let spec = apply(&fake, "sticky-app:2").await;
    let other = fake.clone();
    let (done, ()) = tokio::join!(wait(&fake, &spec, None), async {
        tokio::time::sleep(Duration::from_secs(2)).await;
        other.pods(Pods::Ready);
        let stuck: Vec<String> = other.titles().into_iter().filter(|title| title.starts_with("Pod sticky-sessions-")).collect();
        for title in stuck.iter().filter(|title| !title.ends_with("redis-0")) {
            other.edit("Pod", title.trim_start_matches("Pod "), |pod| {
                pod["status"] = json!({"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]});
            });
        }
    });
    assert_eq!(done.0.unwrap(), "3 of 3 ready");
}

#[tokio::test(start_paused = true)]
async fn no_permission_to_look() {
    let fake = Fake::new();
    let spec = apply(&fake, "sticky-app:2").await;
    fake.forbid("/replicasets");
    let (done, said) = wait(&fake, &spec, None).await;
    let failure: Failure = done.unwrap_err().into();
    assert_eq!(
        failure.what,
        "reading the replica sets of sticky-sessions in namespace sticky-sessions: permission denied: /replicasets is forbidden: User \"jane\" cannot do that"
    );
    assert_eq!((failure.exit, said.as_str()), (Exit::Prerequisite, ""));
}

/// New pods are not ready until they have reached Redis, and only the app knows that this is why.
#[tokio::test(start_paused = true)]
async fn redis_is_away() {
    let fake = Fake::new();
    let container = json!({"name": "app", "image": "x", "imageID": "", "ready": false, "restartCount": 0, "state": {"running": {}}});
    let status = json!({"phase": "Running", "containerStatuses": [container], "conditions": [{"type": "Ready", "status": "False"}]});
    fake.pods(Pods::Stuck(Arc::new(move |_| status.clone())));
    fake.listen("sticky-sessions-", 9090, |asked| {
        assert_eq!(asked.path, "/readyz");
        let body = json!({"status": "starting", "reason": "Redis has not been reached yet: connection refused"});
        Answers::Http(503, Vec::new(), body.to_string())
    });
    let spec = apply(&fake, "sticky-app:2").await;
    let (done, said) = wait(&fake, &spec, None).await;
    let failure: Failure = done.unwrap_err().into();
    assert!(said.contains("0 of 3 ready; ...") && said.contains(": Redis has not been reached yet: connection refused"), "{said}");
    assert!(failure.what.contains("last seen: 0 of 3 ready; ...") && failure.exit == Exit::TimedOut, "{}", failure.what);
    let step = "kubectl get pods -n sticky-sessions -l app.kubernetes.io/component=redis,app.kubernetes.io/instance=sticky-sessions,\
                app.kubernetes.io/name=sticky-sessions   shows the release's Redis";
    assert_eq!(failure.tries[0], step);
}
