//! Against a scripted API server. Its clock is its own, and Tokio's stands still: nothing here waits.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
use super::*;
use crate::cluster::fake::{Fake, Then};
use crate::cluster::tunnel::Target;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;
use sticky_affinity::marker::Token;
use sticky_affinity::told::{By, Named};
use tokio::time::Instant;

const PATIENCE: Duration = Duration::from_secs(60);

fn token() -> Token {
    Token::from_seed(7)
}

fn pod(name: &str, namespace: &str, labels: Value, containers: &[&str], ip: &str) -> Value {
    let status = |name: &&str| json!({"name": name, "image": "i", "imageID": "", "ready": true, "restartCount": 0, "state": {"running": {}}});
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": namespace, "labels": labels},
        "spec": {"nodeName": "node-1", "containers": containers.iter().map(|name| json!({"name": name, "image": "i"})).collect::<Vec<_>>()},
        "status": {"phase": "Running", "podIP": ip, "conditions": [{"type": "Ready", "status": "True"}],
            "containerStatuses": containers.iter().map(status).collect::<Vec<_>>()}})
}

/// Two front-door pods, and two pods behind Service `web` in namespace `shop`.
fn cluster() -> Fake {
    let fake = Fake::new();
    for name in ["edge-1", "edge-2"] {
        fake.put(pod(name, "edge", json!({"app": "edge"}), &["envoy", "shutdown-manager"], "10.0.1.1"));
    }
    for (name, ip) in [("web-1", "10.0.0.1"), ("web-2", "10.0.0.2")] {
        fake.put(pod(name, "shop", json!({"app": "web"}), &["web"], ip));
    }
    let service =
        json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web", "namespace": "shop"}, "spec": {"clusterIP": "10.96.0.7"}});
    fake.put(service);
    for (name, container) in [("edge-1", "envoy"), ("edge-2", "envoy"), ("web-1", "web"), ("web-2", "web")] {
        fake.logs(name, container, b"begun");
    }
    fake
}

fn sources(fake: &Fake) -> Sources {
    let door = Target::Labelled { namespace: "edge".to_owned(), selector: "app=edge".to_owned(), port: 80 };
    Sources { client: fake.client(), door: Some(door), namespace: "shop".to_owned(), selector: "app=web".to_owned(), service: "web".to_owned() }
}

/// A line of nginx in JSON about a request that a pod answered.
fn line(mark: u32, upstreams: &str) -> Vec<u8> {
    format!(r#"{{"upstream_addr": "{upstreams}", "agent": "stickyctl {}"}}"#, token().marker(mark)).into_bytes()
}

fn marks(all: impl IntoIterator<Item = u32>) -> BTreeSet<u32> {
    all.into_iter().collect()
}

/// As in `1 web-1`, in order.
fn said(logs: &Logs) -> Vec<String> {
    let tried = |all: &[String]| if all.is_empty() { String::new() } else { format!(" after {}", all.join(" ")) };
    logs.lines().into_iter().map(|(mark, told)| format!("{mark} {}{}", told.pod, tried(&told.tried))).collect()
}

/// Waits until so many logs are followed.
async fn followed(fake: &Fake, count: usize) {
    let began = Instant::now();
    while fake.followers() != count {
        assert!(began.elapsed() < PATIENCE, "{} logs are followed, not {count}", fake.followers());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn two_replicas_and_a_late_line() {
    let fake = cluster();
    // It stays at the start of a run, within the seconds that are read anyway, but has another run's marker.
    fake.logs("edge-1", "envoy", line(1, "10.0.0.9:80").as_slice().replaced(&token(), &Token::from_seed(8)).as_slice());
    let logs = Logs::follow(sources(&fake), token(), Which::Access(None));
    followed(&fake, 2).await;
    fake.logs("edge-1", "envoy", &line(1, "10.0.0.1:80"));
    fake.logs("edge-2", "envoy", &line(2, "10.0.0.1:80, 10.0.0.2:80"));
    fake.logs("edge-2", "envoy", b"\xff\xfe not a request");
    fake.logs("edge-1", "shutdown-manager", &line(9, "10.0.0.1:80"));
    let (late, other) = (fake.clone(), line(3, "-"));
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_secs(4)).await;
        late.logs("edge-1", "envoy", &other);
    });
    let began = Instant::now();
    assert_eq!(logs.settle(&marks(1..=3), PATIENCE).await, marks([]));
    assert!((4..10).contains(&began.elapsed().as_secs()), "it waits for news, no longer");
    assert_eq!((said(&logs), logs.unasked()), (vec!["1 web-1".to_owned(), "2 web-2 after web-1".to_owned()], marks([3])));
    assert_eq!(logs.troubles(), Vec::<String>::new());
    let began = Instant::now();
    assert_eq!(logs.settle(&marks([1, 9]), Duration::from_secs(5)).await, marks([9]), "what is beside a proxy is not read");
    assert_eq!(began.elapsed(), Duration::from_secs(5));
    drop(logs);
    followed(&fake, 0).await;
}

trait Replaced {
    fn replaced(&self, from: &Token, to: &Token) -> Vec<u8>;
}

impl Replaced for [u8] {
    fn replaced(&self, from: &Token, to: &Token) -> Vec<u8> {
        String::from_utf8_lossy(self).replace(from.as_str(), to.as_str()).into_bytes()
    }
}

#[tokio::test(start_paused = true)]
async fn no_line_is_lost_or_counted_twice_when_a_connection_breaks() {
    let fake = cluster();
    let logs = Logs::follow(sources(&fake), token(), Which::Pods);
    followed(&fake, 2).await;
    for round in 0..5 {
        fake.logs("web-1", "web", token().marker(round * 2).as_bytes());
        fake.cut_logs();
        // Nobody follows now.
        fake.logs("web-1", "web", token().marker(round * 2 + 1).as_bytes());
        followed(&fake, 2).await;
    }
    assert_eq!(logs.settle(&marks(0..10), PATIENCE).await, marks([]));
    assert!(said(&logs).iter().all(|said| said.ends_with(" web-1")), "{:?}", said(&logs));
    assert_eq!(logs.shared().state().counts.pods, 10);
    let asked = fake.asked_for_logs("web-1");
    assert!(asked[0].contains("sinceSeconds=") && asked[1..].iter().all(|query| query.contains("sinceTime=")), "{asked:?}");
}

#[tokio::test(start_paused = true)]
async fn a_container_that_restarts_and_a_file_that_is_rotated() {
    let fake = cluster();
    let logs = Logs::follow(sources(&fake), token(), Which::Access(None));
    followed(&fake, 2).await;
    fake.cut_logs();
    // Written while nobody follows, and then the container exits.
    fake.logs("edge-1", "envoy", &line(1, "10.0.0.1:80"));
    fake.restarts("edge-1", "envoy");
    fake.logs("edge-1", "envoy", &line(2, "10.0.0.2:80"));
    assert_eq!(logs.settle(&marks([1, 2]), PATIENCE).await, marks([]));
    fake.rotates("edge-2", "envoy");
    fake.logs("edge-2", "envoy", &line(3, "10.0.0.1:80"));
    assert_eq!(logs.settle(&marks([3]), PATIENCE).await, marks([]), "after a silence, it is opened again");
    assert_eq!(said(&logs), ["1 web-1", "2 web-2", "3 web-1"]);
}

#[tokio::test(start_paused = true)]
async fn pods_come_go_and_pass_their_address_on() {
    let fake = cluster();
    let logs = Logs::follow(sources(&fake), token(), Which::Access(None));
    followed(&fake, 2).await;
    fake.put(pod("edge-3", "edge", json!({"app": "edge"}), &["envoy"], "10.0.1.3"));
    fake.put(pod("web-3", "shop", json!({"app": "web"}), &["web"], "10.0.0.3"));
    fake.logs("edge-3", "envoy", &line(1, "10.0.0.3:80"));
    assert_eq!(logs.settle(&marks([1]), PATIENCE).await, marks([]));
    fake.delete("Pod", "edge-3");
    fake.delete("Pod", "web-3");
    let mut next = pod("web-4", "shop", json!({"app": "web"}), &["web"], "10.0.0.3");
    next["metadata"]["creationTimestamp"] = json!("2026-11-30T09:10:00Z");
    fake.put(next);
    followed(&fake, 2).await;
    fake.skip_log_time(3_600);
    fake.logs("edge-1", "envoy", &line(2, "10.0.0.3:80"));
    assert_eq!(logs.settle(&marks([2]), PATIENCE).await, marks([]));
    assert_eq!(said(&logs), ["1 web-3", "2 web-4"]);
}

#[tokio::test(start_paused = true)]
async fn the_pods_own_log_helps_where_the_access_log_has_no_pod() {
    let fake = cluster();
    let logs = Logs::follow(sources(&fake), token(), Which::Both);
    followed(&fake, 4).await;
    fake.logs("edge-1", "envoy", &line(1, "10.96.0.7:80"));
    fake.logs("edge-1", "envoy", &line(2, "10.96.0.7:80"));
    fake.logs("edge-1", "envoy", &line(3, "10.0.9.9:80"));
    fake.logs("web-2", "web", format!("GET /?a={} from {}", token().marker(1), "x".repeat(200_000)).as_bytes());
    fake.logs("web-1", "web", token().marker(4).as_bytes());
    fake.logs("web-2", "web", token().marker(4).as_bytes());
    // nginx writes its error log into the same log.
    let error = format!("2026/11/30 09:18:35 [error] 26#26: *5 connect() failed, upstream: \"http://10.0.0.1:80/?a={}\"", token().marker(2));
    fake.logs("edge-1", "envoy", error.as_bytes());
    fake.logs("edge-1", "envoy", &[line(5, "10.0.0.1:80"), vec![b' '; 70_000]].concat());
    let began = Instant::now();
    assert_eq!(logs.settle(&marks(1..=5), Duration::from_secs(20)).await, marks([5]));
    assert_eq!(began.elapsed(), Duration::from_secs(20));
    assert_eq!(logs.settle(&marks(1..=4), PATIENCE).await, marks([]));
    assert_eq!(said(&logs), ["1 web-2", "2 10.96.0.7:80", "3 10.0.9.9:80", "4 web-2 after web-1"]);
    let named: Vec<(Named, By)> = logs.lines().into_values().map(|told| (told.named, told.by)).collect();
    assert_eq!(named, [(Named::Pod, By::Pod), (Named::Service, By::Access), (Named::Address, By::Access), (Named::Pod, By::Pod)]);
    assert!(logs.troubles().join("\n").contains("lines about 1 request could"), "a line that was cut: {:?}", logs.troubles());
}

#[tokio::test(start_paused = true)]
async fn a_container_that_logs_nothing_for_long_is_no_trouble() {
    let fake = cluster();
    let logs = Logs::follow(sources(&fake), token(), Which::Pods);
    followed(&fake, 2).await;
    tokio::time::sleep(Duration::from_secs(100)).await;
    assert!((3..8).contains(&fake.asked_for_logs("web-1").len()), "{:?}", fake.asked_for_logs("web-1"));
    fake.logs("web-1", "web", token().marker(1).as_bytes());
    assert_eq!((logs.settle(&marks([1]), PATIENCE).await, logs.troubles()), (marks([]), Vec::new()));
}

#[tokio::test(start_paused = true)]
async fn names_of_servers_and_of_pods_are_not_mixed() {
    let fake = cluster();
    let haproxy = |mark: u32, server: &str| {
        format!(
            r#"10.0.0.1:5 [30/Nov/2026:09:10:11.123] http web/{server} 0/0/1/4/5 200 114 - - ---- 2/1/0/0/0 0/0 "GET /?a={} HTTP/1.1""#,
            token().marker(mark)
        )
    };
    let logs = Logs::follow(sources(&fake), token(), Which::Both);
    followed(&fake, 4).await;
    for (mark, server) in [(1, "SRV_1"), (2, "SRV_2"), (3, "web-2")] {
        fake.logs("edge-1", "envoy", haproxy(mark, server).as_bytes());
    }
    assert_eq!(logs.settle(&marks(1..=3), PATIENCE).await, marks([]));
    assert_eq!(said(&logs), ["1 SRV_1", "2 SRV_2", "3 web-2"], "a server may have its pod's name");
    fake.logs("web-1", "web", token().marker(1).as_bytes());
    fake.logs("web-1", "web", token().marker(4).as_bytes());
    assert_eq!(logs.settle(&marks([4]), PATIENCE).await, marks([]));
    assert_eq!(said(&logs), ["1 web-1", "3 web-2", "4 web-1"]);
}

#[tokio::test(start_paused = true)]
async fn a_missing_right_names_its_rule() {
    let fake = cluster();
    fake.forbid("/pods/edge-1/log");
    fake.forbid("/endpointslices");
    let logs = Logs::follow(sources(&fake), token(), Which::Access(None));
    followed(&fake, 1).await;
    fake.logs("edge-2", "envoy", &line(1, "10.0.0.1:80"));
    assert_eq!(logs.settle(&marks([1, 2]), Duration::from_secs(20)).await, marks([2]));
    assert_eq!(said(&logs), ["1 web-1"], "the pods' own addresses are enough");
    let troubles = logs.troubles().join("\n");
    for part in [
        r#"{apiGroups: [""], resources: ["pods/log"], verbs: ["get"]} to a Role in namespace edge"#,
        r#"{apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs: ["list"]} to a Role in namespace shop"#,
        "--print-rbac",
        "permission denied",
    ] {
        assert!(troubles.contains(part), "{part} in {troubles}");
    }
    let fake = cluster();
    fake.forbid("/namespaces/shop/pods");
    let logs = Logs::follow(sources(&fake), token(), Which::Pods);
    assert_eq!(logs.settle(&marks([1]), Duration::from_secs(5)).await, marks([1]));
    assert!(logs.troubles().join("\n").contains(r#"resources: ["pods"], verbs: ["list"]"#), "{:?}", logs.troubles());
}

#[tokio::test(start_paused = true)]
async fn errors_pass() {
    let fake = cluster();
    let failed = |code: u16| json!({"kind": "Status", "status": "Failure", "code": code, "reason": "x", "message": "the node is away"});
    fake.rule(None, "/pods/edge-1/log", Some(3), Then::Status(failed(502)));
    fake.rule(None, "/pods/edge-2/log", Some(2), Then::Status(failed(400)));
    fake.rule(None, "/namespaces/edge/pods?", Some(2), Then::Refuse("connection refused"));
    let logs = Logs::follow(sources(&fake), token(), Which::Access(None));
    fake.logs("edge-1", "envoy", &line(1, "10.0.0.1:80"));
    fake.logs("edge-2", "envoy", &line(2, "10.0.0.2:80"));
    assert_eq!(logs.settle(&marks([1, 2]), PATIENCE).await, marks([]));
    assert_eq!((said(&logs), logs.troubles()), (vec!["1 web-1".to_owned(), "2 web-2".to_owned()], Vec::new()));
    fake.rule(None, "/pods/edge-1/log", None, Then::Status(failed(502)));
    fake.cut_logs();
    assert_eq!(logs.settle(&marks([3]), Duration::from_secs(20)).await, marks([3]));
    let troubles = logs.troubles().join("\n");
    assert!(troubles.contains("pod edge-1 in namespace edge: the node is away. It is tried again"), "{troubles}");
}

#[tokio::test(start_paused = true)]
async fn a_front_door_that_logs_nothing_says_why() {
    let fake = cluster();
    fake.delete("Pod", "edge-2");
    let args = ["--entrypoints.web.address=:80", "--providers.kubernetesingressnginx=true"];
    fake.edit("Pod", "edge-1", |pod| pod["spec"]["containers"][0]["args"] = json!(args));
    let target = Target::FrontDoor { namespace: "edge".to_owned(), workload: "pod/edge-1".to_owned(), secure: false };
    let logs = Logs::follow(Sources { door: Some(target), ..sources(&fake) }, token(), Which::Both);
    followed(&fake, 3).await;
    fake.logs("web-1", "web", token().marker(1).as_bytes());
    assert_eq!(logs.settle(&marks([1]), PATIENCE).await, marks([]));
    let troubles = logs.troubles();
    assert!(troubles.len() == 1 && troubles[0].contains("--accesslog=true"), "{troubles:?}");
    let nobody = Target::Labelled { namespace: "edge".to_owned(), selector: "app=none".to_owned(), port: 80 };
    let logs = Logs::follow(Sources { door: Some(nobody), ..sources(&fake) }, token(), Which::Access(None));
    assert_eq!(logs.settle(&marks([1]), Duration::from_secs(5)).await, marks([1]));
    assert!(logs.troubles().join("\n").contains("no pod of the front door is found in namespace edge"), "{:?}", logs.troubles());
}

#[tokio::test(start_paused = true)]
async fn the_cluster_is_not_asked_without_end() {
    let fake = cluster();
    let logs = Logs::follow(sources(&fake), token(), Which::Both);
    followed(&fake, 4).await;
    // Every line has an address that no pod has.
    for mark in 0..500 {
        fake.logs("edge-1", "envoy", &line(mark, "10.0.9.9:80"));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let looks = logs.shared().state().begun;
    assert!((5..30).contains(&looks), "{looks} looks in 10 s");
    fake.forbid("/log");
    fake.cut_logs();
    let asked = fake.asked_for_logs("web-1").len();
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert!(logs.shared().state().begun < looks + 130);
    assert_eq!(fake.asked_for_logs("web-1").len(), asked, "those that are denied do not count here");
}
