//! Sites whose answers name no pod, while the pods' logs do.

use crate::case::{Done, verify};
use crate::cluster::{Cluster, Logs};
use crate::stub::{Asked, Reply, Stub};
use std::path::Path;

/// A site with three pods, whose logs have each request's path and agent.
fn logging(logs: &Logs, is_sticky: bool) -> Stub {
    let logs = logs.clone();
    Stub::new(move |asked: &Asked| {
        let known = asked.number_in("route").filter(|pod| is_sticky && *pod < 3);
        let pod = known.unwrap_or((asked.number * asked.number + asked.number / 3) % 3);
        logs.write(pod, &format!("{} {} \"{}\"", asked.method, asked.path, asked.header("user-agent").unwrap_or("-")));
        let reply = Reply::new(if asked.is_upgrade() { 101 } else { 200 });
        if asked.cookie("route").is_none() || (is_sticky && known.is_none()) { reply.cookie(format!("route={pod}; Path=/")) } else { reply }
    })
}

/// Runs the command with the pods' logs; `flags` are those besides.
async fn with_logs(stub: Stub, cluster: &Cluster, flags: &[&str]) -> Done {
    let kubeconfig = format!("--kubeconfig={}", cluster.kubeconfig().display());
    let all = [&["--pods=app=shop", "--namespace=shop", "--pod-identity=pod-log", &kubeconfig], flags].concat();
    verify(&stub.serve().await, &all).await
}

#[tokio::test]
async fn the_pods_logs_tell_who_answered() {
    let logs = Logs::new();
    let cluster = Cluster::serve(logs.clone(), false).await;
    let page = tempfile::tempdir().unwrap();
    let (page, junit) = (page.path().join("run.html"), page.path().join("run.xml"));
    let files = [format!("--report={}", page.display()), format!("--junit-file={}", junit.display())];
    let done = with_logs(logging(&logs, true), &cluster, &["--ws-url=/ws", &files[0], &files[1]]).await;
    assert_eq!((done.code, done.reasons()), (Some(0), vec![]), "{} {}", done.details(), done.stderr);
    let plan = "pods are named by the pods' own logs\n      each request has a marker in User-Agent and in the query (stickyctl=...)\n      \
        a socket's pod is known when the socket has ended\n";
    assert!(done.stderr.contains(plan), "{}", done.stderr);
    let identity = &done.report["identity"];
    assert_eq!((&identity["pod"], &identity["logs"]["read"]), (&"pod-log".into(), &serde_json::json!(["pod-log"])));
    assert_eq!((&identity["sources"]["pod_log"], &identity["sources"]["answer"]), (&identity["of"], &0.into()), "{identity}");
    assert_eq!((&identity["logs"]["unidentified"], &identity["logs"]["unidentified_sockets"]), (&0.into(), &0.into()), "{identity}");
    let pods: Vec<&str> = done.report["pods"].as_array().unwrap().iter().map(|pod| pod["pod"].as_str().unwrap()).collect();
    assert_eq!(pods, ["web-0", "web-1", "web-2"]);
    assert_eq!(done.scenario("stick-ws").1, "15 of 15 sockets reached their session's pod");
    let read = |path: &Path| std::fs::read_to_string(path).unwrap();
    assert!(read(&page).contains("\"read\":[\"pod-log\"]"));
    assert!(read(&junit).contains("<property name=\"identity\" value=\"pod-log\"/>") && read(&junit).contains("name=\"unidentified\" value=\"0\""));
}

#[tokio::test]
async fn sessions_move_by_the_pods_logs() {
    let logs = Logs::new();
    let cluster = Cluster::serve(logs.clone(), false).await;
    let done = with_logs(logging(&logs, false), &cluster, &["--no-marker-query", "-o", "table"]).await;
    assert_eq!(done.code, Some(3), "{} {}", done.stdout, done.stderr);
    assert!(
        done.stdout.contains("\ncookie-not-honoured  ") && done.stdout.contains(" by the pods' logs\nlogs      pod-log, waited "),
        "{}",
        done.stdout
    );
    assert!(done.stderr.contains("each request has a marker in User-Agent\n"), "{}", done.stderr);
}

#[tokio::test]
async fn logs_that_tell_nothing() {
    let logs = Logs::new();
    let (allowed, forbidden) = (Cluster::serve(Logs::new(), false).await, Cluster::serve(logs.clone(), true).await);
    // The pods log nothing, or may not be read.
    let (silent, refused) =
        tokio::join!(with_logs(logging(&logs, true), &allowed, &["--log-wait=2s"]), with_logs(logging(&logs, true), &forbidden, &["--log-wait=2s"]));
    for (done, part) in [(&silent, "no line of the application's pods has a marker"), (&refused, "resources: [\"pods/log\"]")] {
        assert_eq!((done.code, done.reasons()), (Some(6), vec!["no-log-line"]), "{} {}", done.details(), done.stderr);
        assert!(done.detail("no-log-line").contains(part), "{}", done.detail("no-log-line"));
        assert!(done.stderr.contains("no log tells which pods answered the first requests, so the rest was not sent"), "{}", done.stderr);
        assert!(done.report["sent"]["probes"].as_u64().unwrap() < 30, "only the first round: {}", done.report["sent"]);
    }
}

/// Without a cluster there is no log.
#[tokio::test]
async fn logs_of_nowhere() {
    for flag in ["--pod-identity=access-log", "--pod-identity=pod-log"] {
        let done = verify(&logging(&Logs::new(), true).serve().await, &[flag]).await;
        assert_eq!(done.code, Some(2), "{}", done.stderr);
        assert!(
            done.stderr.contains("reads logs on a cluster") && done.stderr.contains("stickyctl verify ingress/NAME -n NAMESPACE"),
            "{}",
            done.stderr
        );
    }
}
