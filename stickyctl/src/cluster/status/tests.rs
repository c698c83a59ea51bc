//! `status` as a whole against the fake API server.

use super::door::Seen;
use super::table::table;
use super::*;
use crate::cluster::fake::pod::Answers;
use crate::cluster::fake::{Fake, Pods, Then, place};
use crate::cluster::plan::Plan;
use crate::cluster::show;
use crate::exit::{Exit, Failure};
use crate::output::Format;
use crate::output::recorded::Recorded;
use crate::spec::StickyApp;
use model::BusState;
use serde_json::json;
use std::io::ErrorKind;
use sticky_core::readiness::State;

mod gateway;

const METRICS: &str = "sticky_sockets{worker=\"0\"} 2\nsticky_bus_up{worker=\"0\"} 1\n";

/// A release whose pods answer on their admin port.
async fn release() -> Fake {
    let fake = Fake::new();
    fake.apply(&Plan::new(StickyApp::default(), None, None, true).unwrap()).await;
    fake.front_door("nginx");
    fake.listen("sticky-sessions-", 9090, |asked| match asked.path.as_str() {
        "/metrics" => Answers::Http(200, Vec::new(), METRICS.to_owned()),
        _ => Answers::Http(200, Vec::new(), json!({"workers": 1, "workers_ready": 1}).to_string()),
    });
    fake
}

async fn status(fake: &Fake) -> Status {
    collect(&fake.cluster(), &place(), &mut Seen::default()).await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_release_that_is_well() {
    let fake = release().await;
    let seen = status(&fake).await;
    assert_eq!((seen.mode.as_str(), seen.notes.as_slice(), seen.pods.len()), ("3x1", &[][..], 3));
    assert!(seen.pods.iter().all(|pod| pod.state == State::Ready && pod.workers[0].sockets == 2), "{:?}", seen.pods);
    assert_eq!((seen.redis.state, seen.redis.subscribed, seen.redis.of), (BusState::Ready, 3, 3));
    let text = table(&seen, None);
    for line in [
        "front door  ingress-nginx 1.15.1, class nginx, 1 of 1 ready",
        "route       any host, / to service sticky-sessions:80",
        "Redis       ready, directed; 3 of 3 workers subscribed, 0 reconnects",
    ] {
        assert!(text.lines().any(|one| one == line), "{line} is not in\n{text}");
    }
    let json = Recorded::pipe();
    show::status(&fake.cluster(), &place(), Format::Json, json.output()).await.unwrap();
    let value: serde_json::Value = serde_json::from_str(&json.out()).unwrap();
    assert_eq!((&value["schema"], &value["pods"][0]["workers"][0]["sockets"]), (&json!("stickyctl.status/v1"), &json!(2)));
}

#[tokio::test(start_paused = true)]
async fn pods_that_start_drain_and_do_not_answer() {
    let fake = release().await;
    fake.pods(Pods::Drains(1_000));
    fake.scale("sticky-sessions", 2, "kubectl");
    let draining = status(&fake).await;
    assert_eq!(draining.pods.iter().filter(|pod| pod.state == State::Draining && pod.left_s.is_some()).count(), 1);

    fake.listen("sticky-sessions-", 9090, |_| Answers::Silence);
    let silent = status(&fake).await;
    assert_eq!(silent.pods[0].unasked.as_deref(), Some("no answer within 4 s"));
    assert!(table(&silent, None).contains(": its workers are unknown: no answer within 4 s\n"), "{}", table(&silent, None));
    assert!(table(&silent, None).contains("Redis       ?, directed; no worker answered"), "{}", table(&silent, None));
    fake.listen("sticky-sessions-", 9090, |_| Answers::Http(500, Vec::new(), String::new()));
    assert_eq!(status(&fake).await.pods[0].unasked.as_deref(), Some("GET /metrics: status 500"));
    fake.rule(
        None,
        "/portforward",
        None,
        Then::Status(json!({"kind": "Status", "status": "Failure", "code": 403, "reason": "Forbidden", "message": "no"})),
    );
    assert_eq!(status(&fake).await.pods[0].unasked.as_deref(), Some("port-forward: permission denied: no"));

    let fake = Fake::new();
    fake.pods(Pods::container(json!({"waiting": {"reason": "ErrImagePull", "message": "not found"}}), json!({}), 0));
    fake.apply(&Plan::new(StickyApp::default(), None, None, true).unwrap()).await;
    let starting = status(&fake).await;
    assert_eq!(starting.pods[0].why.as_deref(), Some("the image can't be pulled: ErrImagePull: not found"));
    assert_eq!(starting.pods[0].unasked.as_deref(), Some("it is not running"));
}

#[tokio::test(start_paused = true)]
async fn what_may_not_be_read_becomes_a_note() {
    let fake = release().await;
    for path in ["/namespaces/sticky-sessions/ingresses", "/namespaces/sticky-sessions/services", "/api/v1/pods", "/namespaces/ingress-nginx/pods"] {
        fake.forbid(path);
    }
    let seen = status(&fake).await;
    assert_eq!(
        seen.notes,
        [
            "listing the ingresses in namespace sticky-sessions: permission denied: /namespaces/sticky-sessions/ingresses is forbidden: \
             User \"jane\" cannot do that",
            "reading service sticky-sessions in namespace sticky-sessions: permission denied: /namespaces/sticky-sessions/services is forbidden: \
             User \"jane\" cannot do that",
            "front door: none in namespace sticky-sessions, traefik, and no permission to list pods elsewhere",
        ]
    );
    assert!(table(&seen, None).contains("front door  ?\n"), "{}", table(&seen, None));

    fake.forbid("/namespaces/sticky-sessions/pods?");
    let error: Failure = collect(&fake.cluster(), &place(), &mut Seen::default()).await.unwrap_err().into();
    assert!(error.what.starts_with("listing the pods of sticky-sessions in namespace sticky-sessions: permission denied: "), "{}", error.what);
    assert_eq!(error.exit, Exit::Prerequisite);
    let error: Failure = collect(&Fake::new().cluster(), &place(), &mut Seen::default()).await.unwrap_err().into();
    assert_eq!((error.what.as_str(), error.exit), ("release sticky-sessions in namespace sticky-sessions does not exist", Exit::Failed));
}

#[tokio::test(start_paused = true)]
async fn no_front_door_no_affinity_and_a_second_ingress() {
    let fake = release().await;
    fake.edit("Ingress", "sticky-sessions", |ingress| {
        ingress["metadata"]["annotations"] = json!({});
        ingress["spec"]["ingressClassName"] = json!("absent");
    });
    let second = json!({"ingressClassName": "nginx", "rules": [{"http": {"paths": [{"path": "/", "pathType": "Prefix",
        "backend": {"service": {"name": "sticky-sessions", "port": {"name": "http"}}}}]}}]});
    fake.put(json!({"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": "second", "namespace": "sticky-sessions"}, "spec": second}));
    let seen = status(&fake).await;
    assert_eq!(
        seen.notes,
        [
            "front door: nothing in this cluster serves class absent",
            "ingress second also routes to service sticky-sessions: ingress-nginx has one affinity per Service, with the mode of the oldest Ingress \
             and the cookie of the last",
        ]
    );
    assert!(table(&seen, None).contains("cookie      none: no affinity\n"), "{}", table(&seen, None));
}

#[tokio::test(start_paused = true)]
async fn watching_shows_changes_and_survives_the_end_of_the_release() {
    let fake = release().await;
    let seen = Recorded::pipe();
    let cluster = fake.cluster();
    let (other, at) = (fake.clone(), place());
    tokio::select! {
        done = show::watch(&cluster, &at, Format::Json, false, seen.output()) => panic!("{:?}", done.err()),
        () = async {
            tokio::time::sleep(Duration::from_millis(3_500)).await;
            other.scale("sticky-sessions", 4, "kubectl");
            tokio::time::sleep(Duration::from_secs(3)).await;
            other.edit("Deployment", "sticky-sessions", |object| object["metadata"]["annotations"]["stickyctl.dev/spec"] = json!("{"));
            tokio::time::sleep(Duration::from_secs(3)).await;
            other.forbid("/deployments/");
            tokio::time::sleep(Duration::from_secs(3)).await;
        } => {}
    }
    let modes: Vec<String> =
        seen.out().lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["mode"].as_str().unwrap().to_owned()).collect();
    assert_eq!(modes, ["3x1", "4x1", "4x1"], "one line for each change");
    let told = "reading deployment sticky-sessions in namespace sticky-sessions: permission denied: /deployments/ is forbidden: User \"jane\" cannot do that\n";
    assert_eq!(seen.err(), told, "each trouble is told once");
}

/// `status --watch | head` ends, and a full disk is an error.
#[tokio::test(start_paused = true)]
async fn a_watch_that_nobody_reads_ends() {
    let (fake, place) = (release().await, place());
    for redraws in [true, false] {
        let watch = |why| {
            let output = Recorded::broken(why).output();
            let (fake, place) = (fake.cluster(), place.clone());
            async move { show::watch(&fake, &place, Format::Table, redraws, output).await }
        };
        watch(ErrorKind::BrokenPipe).await.unwrap();
        let full = watch(ErrorKind::StorageFull).await.unwrap_err();
        assert!(full.exit == Exit::Failed && full.what.contains("writing to stdout"), "{full}");
    }
    let full = Recorded::broken(ErrorKind::StorageFull).output();
    assert!(show::status(&fake.cluster(), &place, Format::Json, full).await.unwrap_err().what.contains("writing to stdout"));
}
