#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::error::Error;
use super::prepare::{Asks, Prepared, ready};
use super::step::Step;
use crate::cluster::connect::Access;
use crate::cluster::disrupt::left::{self, ANNOTATION, Left};
use crate::cluster::disrupt::{Subject, Which, act, settle};
use crate::cluster::fake::{Fake, Pods, place};
use crate::cluster::plan::Plan;
use crate::exit::{Exit, Explained};
use crate::output::recorded::Recorded;
use crate::poll::Deadline;
use crate::spec::StickyApp;
use crate::verify::request::Disruptions;
use serde_json::{Value, json};
use std::sync::atomic::Ordering;
use std::time::Duration;
use sticky_affinity::promise::Promise;

const MINUTE: Duration = Duration::from_secs(60);

/// A release that runs.
async fn release(mode: &str) -> Fake {
    let fake = Fake::new();
    let spec = StickyApp { mode: mode.parse().unwrap(), ..StickyApp::default() };
    fake.apply(&Plan::new(spec, None, None, true).unwrap()).await;
    fake
}

async fn subject(fake: &Fake) -> Subject {
    Subject::read(&fake.client(), &place().namespace, &format!("deployment/{}", place().name).parse().unwrap()).await.unwrap()
}

fn wanted(all: &[Which]) -> Disruptions {
    Disruptions {
        all: all.to_vec(),
        workload: None,
        access: Access::default(),
        namespace: place().namespace,
        scale_to: None,
        expect: None,
        tolerated: Duration::from_secs(5),
        timeout: MINUTE,
        each_proxy: false,
    }
}

async fn asked(fake: &Fake, all: &[Which], seen: &'static Recorded, yes: bool) -> Result<Prepared, Error> {
    let asks = Asks { command: "stickyctl verify --disrupt all", yes, output: seen.output() };
    ready(subject(fake).await, &wanted(all), (Promise::Persistent, Duration::ZERO), &asks).await
}

/// What a refusal says, and its exit code. Nothing may have been written.
async fn refused(fake: &Fake, all: &[Which]) -> (String, Exit) {
    fake.writes();
    let error = asked(fake, all, Recorded::pipe(), true).await.err().unwrap();
    let writes: Vec<String> = fake.writes().into_iter().filter(|write| !write.contains("selfsubject")).collect();
    assert!(writes.is_empty(), "{writes:?}");
    (error.to_string(), error.exit())
}

fn scaler(minimum: u8, maximum: u8) -> Value {
    json!({"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": {"name": "other", "namespace": place().namespace},
        "spec": {"minReplicas": minimum, "maxReplicas": maximum, "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": place().name}}})
}

#[tokio::test(start_paused = true)]
async fn autoscalers_are_left_alone() {
    let fake = release("3x1").await;
    fake.put(scaler(2, 9));
    for which in Which::ALL {
        let (said, exit) = refused(&fake, &[which]).await;
        assert!(said.contains("is scaled by horizontalpodautoscaler/other") && exit == Exit::Failed, "{said}");
    }
    // One that can't change anything is in the way of another number only.
    fake.put(scaler(3, 3));
    assert!(refused(&fake, &[Which::Scale]).await.0.contains("horizontalpodautoscaler/other"));
    assert!(asked(&fake, &[Which::Rollout, Which::Kill, Which::Evict], Recorded::pipe(), true).await.is_ok());

    let fake = release("3x1").await;
    fake.put(json!({"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": "scaledobjects.keda.sh"}}));
    let keda = |paused: &str| {
        json!({"apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject",
            "metadata": {"name": "queue", "namespace": place().namespace, "annotations": {"autoscaling.keda.sh/paused": paused}},
            "spec": {"scaleTargetRef": {"name": place().name}}})
    };
    fake.put(keda("false"));
    assert!(refused(&fake, &[Which::Kill]).await.0.contains("is scaled by scaledobject/queue"));
    fake.put(keda("true"));
    assert!(asked(&fake, &Which::ALL, Recorded::pipe(), true).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn what_is_not_safe_is_refused() {
    let fake = release("3x1").await;
    fake.put(json!({"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": "all", "namespace": place().namespace},
        "status": {"disruptionsAllowed": 0}}));
    for which in [Which::Kill, Which::Evict] {
        let (said, exit) = refused(&fake, &[which]).await;
        assert!(said.contains("The disruption budget all needs 3 healthy pods") && exit == Exit::Failed, "{said}");
    }
    assert!(asked(&fake, &[Which::Scale, Which::Rollout], Recorded::pipe(), true).await.is_ok());

    let (said, _) = refused(&release("1x4").await, &[Which::Scale]).await;
    assert!(said.contains("deployment/sticky-sessions has 1 ready pods"), "{said}");

    let fake = release("3x1").await;
    fake.pods(Pods::container(json!({"waiting": {"reason": "ContainerCreating"}}), json!({}), 0));
    fake.edit("Deployment", &place().name, |object| object["spec"]["template"]["metadata"]["annotations"] = json!({"x": "y"}));
    let (said, _) = refused(&fake, &[Which::Rollout]).await;
    assert!(said.contains("a rollout of deployment/sticky-sessions is under way"), "{said}");

    let fake = release("3x1").await;
    fake.edit("Deployment", &place().name, |object| object["spec"]["paused"] = json!(true));
    assert!(refused(&fake, &[Which::Rollout]).await.0.contains("is paused"));

    let mut more = wanted(&[Which::Scale]);
    more.scale_to = Some(3);
    let asks = Asks { command: "", yes: true, output: Recorded::pipe().output() };
    let error = ready(subject(&release("3x1").await).await, &more, (Promise::Ring, Duration::ZERO), &asks).await.err().unwrap();
    assert_eq!((error.exit(), error.next_steps()), (Exit::Usage, vec!["--scale-to 4".to_owned()]));
}

/// The user learns what to add, before anything happens.
#[tokio::test(start_paused = true)]
async fn a_missing_permission_is_named() {
    let fake = release("3x1").await;
    let denied = json!({"code": 200, "apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview", "metadata": {}, "spec": {},
        "status": {"allowed": false}});
    fake.rule(None, "selfsubjectaccessreviews", None, crate::cluster::fake::Then::Status(denied));
    let (said, exit) = refused(&fake, &[Which::Evict]).await;
    assert_eq!(exit, Exit::Prerequisite);
    assert!(said.contains("you can't create pods/eviction in namespace sticky-sessions. The rule to add to a Role: "), "{said}");
    assert!(said.contains(r#"{apiGroups: [""], resources: ["pods/eviction"], verbs: ["create"]}"#), "{said}");
}

#[tokio::test(start_paused = true)]
async fn it_asks_and_names_what_it_will_do() {
    let fake = release("3x1").await;
    for (seen, yes, goes) in [
        (Recorded::pipe(), false, false),
        (Recorded::terminal("n"), false, false),
        (Recorded::terminal(""), false, false),
        (Recorded::terminal("y"), false, true),
        (Recorded::pipe(), true, true),
    ] {
        let done = asked(&fake, &Which::ALL, seen, yes).await;
        assert!(
            seen.err().contains("This disrupts deployment/sticky-sessions in namespace sticky-sessions, which has 3 ready pods"),
            "{}",
            seen.err()
        );
        assert!(seen.err().contains("to 6 pods from 3"), "{}", seen.err());
        assert_eq!(done.is_ok(), goes);
        if let Err(error) = done {
            assert_eq!((error.exit(), error.next_steps()), (Exit::Usage, vec!["stickyctl verify --disrupt all --yes".to_owned()]));
        } else if let Ok(prepared) = done {
            assert_eq!(prepared.steps, [Step::Up(6), Step::Down(3), Step::Rollout, Step::Kill, Step::Evict]);
        }
    }
}

fn annotation(fake: &Fake) -> Option<Value> {
    let live = fake.get("Deployment", &place().name).unwrap();
    live["metadata"]["annotations"].get(ANNOTATION).map(|text| serde_json::from_str(text.as_str().unwrap()).unwrap())
}

fn replicas(fake: &Fake) -> Value {
    fake.get("Deployment", &place().name).unwrap()["spec"]["replicas"].clone()
}

/// Whatever ends the process after this, the count can be restored.
#[tokio::test(start_paused = true)]
async fn the_count_is_recorded_before_it_changes_and_restored() {
    let fake = release("3x1").await;
    assert_eq!(fake.owners(&place().name), ["stickyctl"]);
    let prepared = asked(&fake, &[Which::Scale], Recorded::pipe(), true).await.unwrap();
    fake.writes();
    assert_eq!(prepared.act(Step::Up(6), "").await.unwrap(), "scaled to 6 pods");
    let writes: Vec<String> = fake.writes().into_iter().filter(|write| !write.contains("selfsubject")).collect();
    assert!(writes.len() == 2 && !writes[0].contains("/scale") && writes[1].contains("/scale?"), "{writes:?}");
    let record = annotation(&fake).unwrap();
    assert_eq!((&record["replicas"], &record["to"], replicas(&fake)), (&json!(3), &json!(6), json!(6)));
    assert!(prepared.touched.load(Ordering::SeqCst));
    // Ctrl-C, or the end.
    let seen = Recorded::pipe();
    prepared.restore(seen.output()).await;
    assert_eq!((annotation(&fake), replicas(&fake), fake.owners(&place().name)), (None, json!(3), vec!["stickyctl".to_owned()]));
    assert!(seen.err().contains("✓ restored    the replica count of deployment/sticky-sessions"), "{}", seen.err());
    // Once only.
    fake.writes();
    prepared.restore(seen.output()).await;
    assert!(fake.writes().is_empty());
}

/// As a process that was killed leaves it.
#[tokio::test(start_paused = true)]
async fn the_next_run_restores_what_an_earlier_one_left() {
    let killed = async || {
        let fake = release("3x1").await;
        let subject = subject(&fake).await;
        left::record(&subject, 6).await.unwrap();
        act::scale(&subject, 6).await.unwrap();
        assert!(settle::settled(&subject, Deadline::after(MINUTE), |_| {}).await.unwrap());
        fake
    };
    let fake = killed().await;
    assert!(matches!(subject(&fake).await.left(), Some(Left::Count(record)) if record.replicas == 3));
    // Nobody says yes, so nothing changes.
    for seen in [Recorded::pipe(), Recorded::terminal("n")] {
        let error = asked(&fake, &[Which::Kill], seen, false).await.err().unwrap();
        assert!(
            error.to_string().contains("another run records a disruption") && seen.err().contains("scaled deployment/sticky-sessions from 3 to 6")
        );
        assert!(error.next_steps()[1].starts_with("kubectl scale deployment/sticky-sessions -n sticky-sessions --replicas=3 && kubectl annotate"));
        assert_eq!(replicas(&fake), 6);
    }
    for (seen, yes) in [(Recorded::terminal("y"), false), (Recorded::pipe(), true)] {
        let fake = killed().await;
        let prepared = asked(&fake, &[Which::Kill], seen, yes).await.unwrap();
        assert_eq!((annotation(&fake), replicas(&fake), fake.owners(&place().name)), (None, json!(3), vec!["stickyctl".to_owned()]));
        assert_eq!(prepared.subject.replicas(), 3, "{}", seen.err());
    }
    // Somebody has scaled since: their count stays.
    fake.scale(&place().name, 4, "kubectl");
    assert!(asked(&fake, &[Which::Kill], Recorded::pipe(), true).await.is_ok());
    assert_eq!((annotation(&fake), replicas(&fake), fake.owners(&place().name)), (None, json!(4), vec!["kubectl".to_owned()]));
    // Two runs at a time: the second one changes nothing.
    let fake = killed().await;
    let error = left::record(&subject(&fake).await, 9).await.unwrap_err();
    assert!(error.to_string().contains("another run"), "{error}");
    // Somebody else's annotation.
    fake.edit("Deployment", &place().name, |object| object["metadata"]["annotations"][ANNOTATION] = json!("{"));
    assert!(asked(&fake, &[Which::Kill], Recorded::pipe(), true).await.is_ok());
    assert_eq!(annotation(&fake), None);
}

#[tokio::test(start_paused = true)]
async fn a_workload_is_found_by_its_pods() {
    let fake = release("3x1").await;
    let find = async |selector: &str| Subject::of_pods(&fake.client(), &place().namespace, selector).await;
    assert_eq!(
        find("app.kubernetes.io/component=app").await.unwrap_or_else(|error| panic!("{error}")).reference.to_string(),
        "deployment/sticky-sessions"
    );
    let error = find("app=nothing").await.err().unwrap();
    assert!(error.to_string().contains("no Deployment and no StatefulSet") && error.exit() == Exit::Usage, "{error}");
    let error = find("app.kubernetes.io/name=sticky-sessions").await.err();
    // Its Redis is a StatefulSet.
    assert!(error.is_none_or(|error| error.to_string().contains("several workloads")));
}
