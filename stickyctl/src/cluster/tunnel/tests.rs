//! Against the fake API server: which pod a tunnel reaches, and what is said when it reaches none.

use super::*;
use crate::cluster::fake::pod::Answers;
use crate::cluster::fake::{Fake, Then};
use crate::exit::{Exit, Explained};
use ::http::Method;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

fn pod(fake: &Fake, name: &str, ready: bool) {
    let ready = if ready { "True" } else { "False" };
    fake.put(json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": "default", "labels": {"app": "web"}}, "spec": {"containers": []},
        "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": ready}]}}));
}

fn target() -> Target {
    Target::Labelled { namespace: "default".to_owned(), selector: "app=web".to_owned(), port: 80 }
}

fn names(fake: &Fake, pod: &str) {
    fake.listen(pod, 80, |asked| Answers::Http(200, Vec::new(), asked.pod.clone()));
}

async fn open(fake: &Fake) -> Tunnel {
    Tunnel::open(fake.client(), target(), "127.0.0.1:0".parse().unwrap()).await.unwrap()
}

/// What comes next; a test that waits for nothing fails.
async fn event(tunnel: &mut Tunnel) -> Event {
    tokio::time::timeout(Duration::from_secs(20), tunnel.event()).await.unwrap()
}

/// The body of an answer on a connection of its own; empty if there is none.
async fn ask(tunnel: &Tunnel) -> String {
    let mut stream = TcpStream::connect(tunnel.addr()).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await.unwrap();
    let mut text = String::new();
    let _ = tokio::time::timeout(Duration::from_secs(20), stream.read_to_string(&mut text)).await.unwrap();
    text.rsplit("\r\n").next().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn ready_pods_oldest_first() {
    let fake = Fake::new();
    for (name, ready) in [("b", true), ("a", false), ("c", true)] {
        pod(&fake, name, ready);
    }
    let found = target().ready(&fake.client()).await.unwrap();
    assert_eq!(found.iter().map(|pod| pod.name.as_str()).collect::<Vec<_>>(), ["b", "c"]);
    fake.forbid("/pods");
    let error = target().ready(&fake.client()).await.unwrap_err();
    assert_eq!(error.to_string(), "listing pods in namespace default: permission denied: /pods is forbidden: User \"jane\" cannot do that");
}

#[tokio::test]
async fn one_pod_for_all_connections_until_it_is_gone() {
    let fake = Fake::new();
    for name in ["a", "b"] {
        pod(&fake, name, true);
        names(&fake, name);
    }
    let mut tunnel = open(&fake).await;
    assert_eq!((ask(&tunnel).await.as_str(), ask(&tunnel).await.as_str()), ("a", "a"));
    // It is replaced under the tunnel; a list of pods is reused for a second.
    fake.edit("Pod", "a", |pod| pod["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z"));
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    assert_eq!(ask(&tunnel).await, "b");
    assert_eq!(event(&mut tunnel).await, Event::Moved { from: "a".to_owned(), to: "b".to_owned() });
}

#[tokio::test]
async fn a_pod_that_nothing_listens_on_is_skipped_and_named_if_it_is_the_only_one() {
    let fake = Fake::new();
    pod(&fake, "a", true);
    let mut tunnel = open(&fake).await;
    assert_eq!(ask(&tunnel).await, "");
    assert_eq!(event(&mut tunnel).await, Event::Unreached("pod a, port 80: nothing is listening on port 80 (connection refused)".to_owned()));
    pod(&fake, "b", true);
    names(&fake, "b");
    assert_eq!(ask(&tunnel).await, "b", "the same bytes go to the next pod");

    let closed = PodPort { namespace: "default".to_owned(), name: "a".to_owned(), port: 80 };
    let error = http::get(&fake.client(), &closed, "localhost", "/").await.unwrap_err();
    assert_eq!(error.to_string(), "nothing is listening on port 80 (connection refused)");
    let absent = PodPort { name: "absent".to_owned(), ..closed };
    fake.rule(None, "/portforward", None, Then::Refuse("Connection reset by peer"));
    let error = http::get(&fake.client(), &absent, "localhost", "/").await.unwrap_err();
    assert_eq!(error.to_string(), "port-forward: can't reach the cluster: Connection reset by peer");
}

#[tokio::test]
async fn all_connections_share_one_session_that_is_opened_ahead() {
    let fake = Fake::new();
    pod(&fake, "a", true);
    names(&fake, "a");
    let tunnel = open(&fake).await;
    for _ in 0..3 {
        assert_eq!(ask(&tunnel).await, "a");
    }
    assert_eq!(fake.forwards(), [Method::GET]);
    // It ends under the tunnel.
    fake.cut();
    assert_eq!(ask(&tunnel).await, "a");
    assert_eq!(fake.forwards(), [Method::GET]);

    let all = futures_util::future::join_all((0..300).map(|_| ask(&tunnel)));
    assert!(all.await.iter().all(|pod| pod == "a"));
    let more = fake.forwards().len();
    assert!(more <= 4, "{more} more sessions");
}

#[tokio::test]
async fn an_api_server_without_websockets_for_it_is_asked_by_post_from_then_on() {
    let fake = Fake::new();
    for name in ["a", "b"] {
        pod(&fake, name, true);
        names(&fake, name);
    }
    let refusal =
        json!({"kind": "Status", "status": "Failure", "code": 400, "reason": "BadRequest", "message": "query parameter \"ports\" is required"});
    fake.rule(Some(Method::GET), "/pods/a/portforward", None, Then::Status(refusal));
    let tunnel = open(&fake).await;
    assert_eq!(ask(&tunnel).await, "a");
    fake.edit("Pod", "a", |pod| pod["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z"));
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    assert_eq!(ask(&tunnel).await, "b");
    assert_eq!(fake.forwards(), [Method::POST, Method::POST], "the second pod was not asked by GET");

    fake.forbid("/portforward");
    let closed = PodPort { namespace: "default".to_owned(), name: "a".to_owned(), port: 80 };
    let error = http::get(&fake.client(), &closed, "localhost", "/").await.unwrap_err();
    assert_eq!(error.to_string(), "port-forward: permission denied: /portforward is forbidden: User \"jane\" cannot do that");
}

#[tokio::test]
async fn a_port_that_is_taken() {
    let fake = Fake::new();
    let first = open(&fake).await;
    let taken = Tunnel::open(fake.client(), target(), first.addr()).await.unwrap_err();
    assert_eq!(taken.to_string(), format!("listening on {}: Address already in use (os error 98)", first.addr()));
    assert_eq!((taken.next_steps(), taken.exit()), (vec!["stickyctl forward --port 0    picks a free port".to_owned()], Exit::Failed));
}
