//! The part of a cluster's API that following the logs of pods takes, on loopback: three pods of an application, and their logs.

use http::{Request, Response, StatusCode};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Bytes, Frame, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use std::convert::Infallible;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

type Body = UnsyncBoxBody<Bytes, Infallible>;

/// The pods' logs: for each line the pod's number and the text.
#[derive(Debug, Clone)]
pub(crate) struct Logs(Arc<Mutex<Vec<(u64, String)>>>, watch::Sender<usize>);

impl Logs {
    pub(crate) fn new() -> Self {
        Self(Arc::default(), watch::Sender::new(0))
    }

    /// A line of pod `web-N`.
    pub(crate) fn write(&self, pod: u64, line: &str) {
        let mut all = self.0.lock().unwrap();
        // The newest time there is: nothing is from before the run.
        let number = all.len();
        all.push((pod, format!("2126-11-30T10:00:00.{number:09}Z {line}\n")));
        self.1.send_replace(all.len());
    }

    /// The lines of a pod from a place on, and how many lines there are.
    fn of(&self, pod: u64, from: usize) -> (String, usize) {
        let all = self.0.lock().unwrap();
        (all[from..].iter().filter(|(other, _)| *other == pod).map(|(_, line)| line.as_str()).collect(), all.len())
    }
}

/// The API server, which ends with this value.
pub(crate) struct Cluster {
    folder: TempDir,
    _tasks: JoinSet<()>,
}

impl Cluster {
    /// Serves the logs, or forbids to read them.
    pub(crate) async fn serve(logs: Logs, is_forbidden: bool) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let server = format!("http://{}", listener.local_addr().unwrap());
        let folder = tempfile::tempdir().unwrap();
        let config = json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "test",
            "clusters": [{"name": "test", "cluster": {"server": server}}],
            "users": [{"name": "test", "user": {}}],
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"}}],
        });
        std::fs::write(folder.path().join("config"), config.to_string()).unwrap();
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut open = JoinSet::new();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let logs = logs.clone();
                open.spawn(async move {
                    let serve = service_fn(move |request: Request<Incoming>| {
                        let answer = answer(request.uri(), &logs, is_forbidden);
                        async move { Ok::<_, Infallible>(answer) }
                    });
                    // The client reports how a connection ends.
                    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), serve).await;
                });
            }
        });
        Self { folder, _tasks: tasks }
    }

    pub(crate) fn kubeconfig(&self) -> PathBuf {
        self.folder.path().join("config")
    }
}

fn answer(uri: &http::Uri, logs: &Logs, is_forbidden: bool) -> Response<Body> {
    const PODS: &str = "/api/v1/namespaces/shop/pods";
    let (path, query) = (uri.path(), uri.query().unwrap_or_default());
    let has = |parameter: &str| query.split('&').any(|pair| pair == parameter);
    let place = path.strip_prefix(PODS).map(|rest| rest.trim_start_matches('/'));
    match place {
        Some("") if has("watch=true") => Response::new(StreamBody::new(futures_util::stream::pending()).boxed_unsync()),
        Some("") => {
            object(200, &json!({"kind": "PodList", "apiVersion": "v1", "metadata": {"resourceVersion": "1"}, "items": [pod(0), pod(1), pod(2)]}))
        }
        Some(log) if log.ends_with("/log") && is_forbidden => {
            let message = "pods \"web-0\" is forbidden: User \"ci\" cannot get resource \"pods/log\" in API group \"\" in the namespace \"shop\"";
            object(403, &json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "Forbidden", "code": 403, "message": message}))
        }
        Some(log) if log.ends_with("/log") => {
            let number = log.trim_start_matches("web-").trim_end_matches("/log").parse().unwrap();
            follow(logs.clone(), number)
        }
        _ if path == "/version" => object(
            200,
            &json!({"major": "1", "minor": "35", "gitVersion": "v1.35.4", "gitCommit": "", "gitTreeState": "", "buildDate": "", "goVersion": "", "compiler": "", "platform": ""}),
        ),
        _ => object(404, &json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "NotFound", "code": 404, "message": path})),
    }
}

fn object(status: u16, value: &Value) -> Response<Body> {
    let mut answer = Response::new(Full::from(value.to_string()).boxed_unsync());
    *answer.status_mut() = StatusCode::from_u16(status).unwrap();
    answer
}

/// A pod's log from its first line on, and each further line as it comes.
fn follow(logs: Logs, pod: u64) -> Response<Body> {
    let news = logs.1.subscribe();
    let lines = futures_util::stream::unfold((logs, news, 0), move |(logs, mut news, mut from)| async move {
        loop {
            let (text, all) = logs.of(pod, from);
            from = all;
            if !text.is_empty() {
                return Some((Ok(Frame::data(Bytes::from(text))), (logs, news, from)));
            }
            news.wait_for(|written| *written > from).await.ok()?;
        }
    });
    Response::new(StreamBody::new(lines).boxed_unsync())
}

fn pod(n: u64) -> Value {
    let status = json!({"name": "web", "image": "web", "imageID": "", "ready": true, "restartCount": 0, "state": {"running": {}}});
    json!({
        "metadata": {"name": format!("web-{n}"), "namespace": "shop", "uid": format!("uid-{n}"), "resourceVersion": "1", "labels": {"app": "shop"}},
        "spec": {"containers": [{"name": "web", "image": "web"}]},
        "status": {"phase": "Running", "podIP": format!("10.0.0.{n}"), "conditions": [{"type": "Ready", "status": "True"}], "containerStatuses": [status]},
    })
}
