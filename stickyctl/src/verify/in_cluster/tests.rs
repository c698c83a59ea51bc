//! Runs against a scripted API server.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::model::{Inside, Word};
use super::run::within;
use crate::cluster::connect::Access;
use crate::cluster::fake::{Fake, Then};
use crate::exit::{Exit, Failure};
use crate::output::recorded::Recorded;
use crate::relay;
use crate::verify::report::sample::{Kind, report};
use crate::verify::request::{Pods, Request, Site};
use crate::verify::run::Verified;
use http::Method;
use serde_json::{Value, json};

const SHOP: &str = "http://shop.shop.svc/";

fn fake() -> Fake {
    let fake = Fake::new();
    fake.put(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}));
    fake
}

fn request(url: &str, watched: bool) -> Request {
    let pods = watched.then(|| Pods { access: Access::default(), namespace: "shop".to_owned(), selector: "app=shop".to_owned() });
    Request::plain(Site::Url { url: url.to_owned(), pods })
}

fn inside(words: Vec<Word>) -> Inside {
    Inside {
        access: Access::default(),
        namespace: Some("shop".to_owned()),
        image: Some("registry.example/stickyctl:0.1.0".to_owned()),
        loader: None,
        program: None,
        account: None,
        keep: false,
        words,
    }
}

fn words() -> Vec<Word> {
    [Word::Plain("verify".to_owned()), Word::Plain(SHOP.to_owned())].to_vec()
}

/// A log as the kubelet sends it, with a time before each line.
fn log(lines: &[String]) -> String {
    lines.iter().enumerate().map(|(n, line)| format!("2026-11-30T09:00:00.{n:09}Z {line}\n")).collect()
}

fn reported(kind: Kind) -> Vec<String> {
    let mut lines = vec!["plan: 30 sessions".to_owned(), relay::progress("12 of 800")];
    lines.extend(relay::report(&serde_json::to_vec(&report(kind)).unwrap()).unwrap());
    lines
}

fn container(state: &Value) -> Value {
    json!({"phase": "Running", "containerStatuses": [{"name": "verify", "image": "x", "imageID": "", "ready": false, "restartCount": 0, "state": state}]})
}

fn ended(code: i32) -> Value {
    container(&json!({"terminated": {"exitCode": code, "reason": if code == 0 { "Completed" } else { "Error" }}}))
}

async fn run(fake: &Fake, inside: &Inside, request: &Request) -> (Result<Verified, Failure>, String) {
    let seen = Recorded::pipe();
    let done = within(fake.cluster(), inside, request, seen.output()).await;
    (done, seen.err())
}

fn left(fake: &Fake) -> Vec<String> {
    fake.titles().into_iter().filter(|title| title != "Namespace shop").collect()
}

#[tokio::test(start_paused = true)]
async fn a_report_comes_back_and_nothing_stays() {
    let fake = fake();
    fake.jobs(|_| Some((ended(3), log(&reported(Kind::NotSticky)))));
    let (done, said) = run(&fake, &inside(words()), &request(SHOP, true)).await;
    let done = done.unwrap();
    assert_eq!((done.exit, done.report.moved_requests.seen), (Exit::Negative, 240), "as of a run here");
    assert_eq!(done.report.command, "stickyctl verify", "the user's words, not those inside");
    assert!(said.contains("plan: 30 sessions\n") && !said.contains("stickyctl-part"), "{said}");
    assert!(said.contains("the Job and everything that was created for it"), "{said}");
    assert_eq!(left(&fake), Vec::<String>::new());
    let writes = fake.writes();
    let kinds: Vec<&str> = writes.iter().map(|write| write.split('/').rev().nth(usize::from(!write.starts_with("POST"))).unwrap()).collect();
    let kinds: Vec<&str> = kinds.iter().map(|kind| kind.split('?').next().unwrap()).collect();
    let expected = ["jobs", "serviceaccounts", "roles", "rolebindings", "jobs", "rolebindings", "roles", "serviceaccounts", "jobs"];
    assert_eq!(kinds, expected, "the Job is there first, suspended, and begins last: {writes:?}");
}

#[tokio::test(start_paused = true)]
async fn secrets_go_into_a_secret_and_nowhere_else() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("headers");
    std::fs::write(&path, "Authorization: Bearer hunter2\n").unwrap();
    let fake = fake();
    let secret = std::sync::Arc::new(std::sync::Mutex::new(Value::Null));
    let watched = secret.clone();
    fake.jobs(move |job| {
        *watched.lock().unwrap() = job.clone();
        Some((ended(2), log(&[relay::failure(&Failure::new(Exit::Usage, "reading headers from /run/stickyctl/files/file-1: line 1"))])))
    });
    let mut words = words();
    words.extend([Word::Plain("--header".to_owned()), Word::File { before: "@", path: path.clone() }, Word::Hidden("token-x".to_owned())]);
    let (done, said) = run(&fake, &inside(words), &request(SHOP, false)).await;
    let failure = done.unwrap_err();
    assert_eq!((failure.exit, failure.what), (Exit::Usage, format!("reading headers from {}: line 1", path.display())), "as a run here says it");
    let job = secret.lock().unwrap().to_string();
    assert!(!job.contains("hunter2") && !job.contains("token-x") && job.contains("\"automountServiceAccountToken\":false"), "{job}");
    assert!(!said.contains("hunter2") && left(&fake).is_empty(), "{said}");
    assert!(fake.writes().iter().any(|write| write.starts_with("POST /api/v1/namespaces/shop/secrets")));
}

#[tokio::test(start_paused = true)]
async fn a_job_that_does_not_start_is_explained_and_deleted() {
    let waiting = |reason: &str, message: &str| container(&json!({"waiting": {"reason": reason, "message": message}}));
    let unschedulable =
        json!({"phase": "Pending", "conditions": [{"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/1 nodes"}]});
    for (status, exit, says, step) in [
        (waiting("ErrImagePull", "docker.io/library/stickyctl:0.1.0: not found"), Exit::Failed, "the image can't be pulled", "--image-loader"),
        (waiting("ErrImageNeverPull", "not present"), Exit::Failed, "the image can't be pulled", "stickyctl image --tool"),
        (waiting("CreateContainerConfigError", "secret \"x\" not found"), Exit::Failed, "refers to something that is missing", "--keep"),
        (unschedulable, Exit::Failed, "no node can run the pod: 0/1 nodes", "--keep"),
        (waiting("ErrImagePull", "i/o timeout"), Exit::TimedOut, "not running after 5 min: ErrImagePull: i/o timeout", "--keep"),
    ] {
        let fake = fake();
        fake.jobs(move |_| Some((status.clone(), String::new())));
        let (done, _) = run(&fake, &inside(words()), &request(SHOP, false)).await;
        let failure = done.unwrap_err();
        assert_eq!(failure.exit, exit, "{failure:?}");
        assert!(failure.what.contains(says), "{failure:?}");
        assert!(failure.tries.iter().any(|line| line.contains(step)), "{failure:?}");
        assert_eq!(left(&fake), Vec::<String>::new());
    }
}

#[tokio::test(start_paused = true)]
async fn a_quota_shows_only_in_an_event() {
    let fake = fake();
    let named = fake.clone();
    fake.jobs(move |_| None);
    // The controller writes the event about this very Job.
    let events = tokio::spawn(async move {
        loop {
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            if let Some(title) = named.titles().iter().find_map(|title| title.strip_prefix("Job ").map(str::to_owned)) {
                named.put(json!({"apiVersion": "v1", "kind": "Event", "metadata": {"name": "e", "namespace": "shop"}, "reason": "FailedCreate",
                    "message": "pods is forbidden: exceeded quota: small", "involvedObject": {"name": title}}));
                return;
            }
        }
    });
    let (done, _) = run(&fake, &inside(words()), &request(SHOP, false)).await;
    events.await.unwrap();
    let failure = done.unwrap_err();
    assert!(failure.what.contains("the cluster refuses to create the pod: pods is forbidden: exceeded quota: small"), "{failure:?}");
    assert!(failure.tries.iter().any(|line| line.contains("resourcequotas")), "{failure:?}");
}

#[tokio::test(start_paused = true)]
async fn missing_rights_name_what_to_do() {
    for (path, what) in [("/jobs", "creating job"), ("/roles", "creating role"), ("/serviceaccounts", "creating serviceaccount")] {
        let fake = fake();
        fake.forbid(path);
        let (done, _) = run(&fake, &inside(words()), &request(SHOP, true)).await;
        let failure = done.unwrap_err();
        assert_eq!(failure.exit, Exit::Prerequisite);
        assert!(failure.what.contains(what) && failure.what.contains("permission denied"), "{failure:?}");
        assert!(failure.tries.iter().any(|line| line.contains("--service-account NAME")), "{failure:?}");
        let jobs_left = left(&fake).iter().any(|title| title.starts_with("Role") || title.starts_with("Secret"));
        assert!(!jobs_left, "{:?}", left(&fake));
    }
    let fake = fake();
    fake.forbid("/roles");
    fake.jobs(|_| Some((ended(0), log(&reported(Kind::Sticky)))));
    let given = Inside { account: Some("verifier".to_owned()), ..inside(words()) };
    assert!(run(&fake, &given, &request(SHOP, true)).await.0.is_ok(), "no Role is created");
    let elsewhere = Inside { namespace: Some("absent".to_owned()), ..inside(words()) };
    let failure = run(&fake, &elsewhere, &request(SHOP, false)).await.0.unwrap_err();
    assert!(failure.what.contains("not found") && failure.tries[0].contains("--job-namespace"), "{failure:?}");
}

#[tokio::test(start_paused = true)]
async fn a_log_that_is_cut_short_is_no_report() {
    let mut cut = reported(Kind::Sticky);
    cut.pop();
    let lost = |lines: Vec<String>, code| {
        let fake = fake();
        fake.jobs(move |_| Some((ended(code), log(&lines))));
        async move { run(&fake, &inside(words()), &request(SHOP, false)).await.0.unwrap_err() }
    };
    let failure = lost(cut, 0).await;
    assert!(
        failure.exit == Exit::Failed && failure.what.contains("lines of the report") && failure.tries[0].contains("containerLogMaxSize"),
        "{failure:?}"
    );
    let failure = lost(vec!["error: unexpected argument".to_owned()], 2).await;
    assert!(failure.what.contains("it wrote no report; it ended with exit code 2. Its last words:\n  error: unexpected argument"), "{failure:?}");
    assert!(failure.tries[0].contains("registry.example/stickyctl:0.1.0 is stickyctl 0.1.0"), "{failure:?}");
    let mut foreign = serde_json::to_value(report(Kind::Sticky)).unwrap();
    foreign["stickyctl"] = json!("9.9.9");
    let failure = lost(relay::report(foreign.to_string().as_bytes()).unwrap(), 0).await;
    assert!(failure.what.contains("its report is not one of this version"), "{failure:?}");
}

#[tokio::test(start_paused = true)]
async fn what_stays_is_named() {
    let fake = fake();
    fake.jobs(|_| Some((ended(0), log(&reported(Kind::Sticky)))));
    let kept = Inside { keep: true, ..inside(words()) };
    let (done, said) = run(&fake, &kept, &request(SHOP, true)).await;
    assert!(done.is_ok() && said.contains("kubectl delete -n shop job/stickyctl-verify-"), "{said}");
    assert_eq!(left(&fake).len(), 5, "the Job, its pod, ServiceAccount, Role and binding: {:?}", left(&fake));
    // Who may create may not always delete.
    let stubborn = self::fake();
    stubborn.jobs(|_| Some((ended(0), log(&reported(Kind::Sticky)))));
    let denied = json!({"kind": "Status", "status": "Failure", "code": 403, "reason": "Forbidden", "message": "no"});
    stubborn.rule(Some(Method::DELETE), "/jobs/", None, Then::Status(denied));
    let (done, said) = run(&stubborn, &inside(words()), &request(SHOP, false)).await;
    assert!(done.is_ok() && said.contains("These are left") && said.contains("kubectl delete -n shop job/"), "{said}");
}

#[tokio::test(start_paused = true)]
async fn a_target_here_is_none_there() {
    for url in ["http://127.0.0.1:8080/", "http://localhost/", "https://demo.localhost/", "http://[::1]/"] {
        let fake = fake();
        let (done, _) = run(&fake, &inside(words()), &request(url, false)).await;
        let failure = done.unwrap_err();
        assert!(failure.exit == Exit::Usage && failure.what.contains("is this machine") && fake.writes().is_empty(), "{failure:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_pod_that_goes_away() {
    let fake = fake();
    fake.jobs(|_| Some((container(&json!({"running": {}})), log(&reported(Kind::Sticky)[..2]))));
    let watched = fake.clone();
    tokio::spawn(async move {
        tokio::time::sleep(std::time::Duration::from_secs(3)).await;
        let title = watched.titles().iter().find_map(|title| title.strip_prefix("Pod ").map(str::to_owned)).unwrap();
        watched.edit("Pod", &title, |pod| pod["status"] = json!({"phase": "Failed", "reason": "Evicted", "message": "The node was low on memory"}));
    });
    let failure = run(&fake, &inside(words()), &request(SHOP, false)).await.0.unwrap_err();
    assert!(failure.what.ends_with("its pod is gone: The node was low on memory"), "{failure:?}");
}
