//! Pods' logs that grow, as the kubelet serves them: `follow`, `previous`, `timestamps`, `sinceTime` and `sinceSeconds`.

use super::serve::{json_response, status};
use super::{Answer, Fake, State};
use bytes::Bytes;
use futures_util::future::{BoxFuture, FutureExt, ready};
use futures_util::{StreamExt, stream};
use http::Response;
use http_body_util::{BodyExt, StreamBody};
use hyper::body::Frame;
use k8s_openapi::jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io;
use tokio::sync::mpsc::{self, UnboundedSender};

/// The logs of all containers. Each line is a second later than the one before, in whatever container: real time plays no part.
#[derive(Default)]
pub(super) struct Logs {
    lines: i64,
    /// By the names of pod and container.
    all: BTreeMap<(String, String), Log>,
    /// Requests for logs so far, as pod, container and query.
    asked: Vec<(String, String)>,
}

#[derive(Default)]
struct Log {
    now: Vec<(Timestamp, Vec<u8>)>,
    before: Option<Vec<(Timestamp, Vec<u8>)>>,
    followers: Vec<UnboundedSender<io::Result<Frame<Bytes>>>>,
}

impl Logs {
    fn time(&self) -> Timestamp {
        "2026-11-30T09:00:00.5Z".parse::<Timestamp>().unwrap() + SignedDuration::from_secs(self.lines)
    }
}

impl Fake {
    /// A container writes a line.
    pub(crate) fn logs(&self, pod: &str, container: &str, line: &[u8]) {
        let mut state = self.state();
        state.logs.lines += 1;
        let line = (state.logs.time(), line.to_vec());
        let log = state.logs.all.entry((pod.to_owned(), container.to_owned())).or_default();
        log.followers.retain(|follower| follower.send(Ok(frame(&line))).is_ok());
        log.now.push(line);
    }

    /// A container exits and starts again, with a new log.
    pub(crate) fn restarts(&self, pod: &str, container: &str) {
        {
            let mut state = self.state();
            let log = state.logs.all.entry((pod.to_owned(), container.to_owned())).or_default();
            log.before = Some(std::mem::take(&mut log.now));
            log.followers.clear();
        }
        self.edit("Pod", pod, |pod| {
            let statuses = pod["status"]["containerStatuses"].as_array_mut().unwrap();
            let status = statuses.iter_mut().find(|status| status["name"] == container).unwrap();
            status["restartCount"] = json!(status["restartCount"].as_i64().unwrap() + 1);
        });
    }

    /// Breaks the connections that logs are followed by.
    pub(crate) fn cut_logs(&self) {
        for log in self.state().logs.all.values_mut() {
            for follower in log.followers.drain(..) {
                let _ = follower.send(Err(io::ErrorKind::ConnectionReset.into()));
            }
        }
    }

    /// The kubelet begins a new file, and those who follow the old one hear no more.
    pub(crate) fn rotates(&self, pod: &str, container: &str) {
        let mut state = self.state();
        let log = state.logs.all.entry((pod.to_owned(), container.to_owned())).or_default();
        log.now.clear();
        // A follower that is kept, and gets nothing.
        for follower in log.followers.drain(..) {
            std::mem::forget(follower);
        }
    }

    /// Time passes without a line.
    pub(crate) fn skip_log_time(&self, seconds: i64) {
        self.state().logs.lines += seconds;
    }

    /// How many logs are followed.
    pub(crate) fn followers(&self) -> usize {
        let mut state = self.state();
        let all = state.logs.all.values_mut();
        all.map(|log| {
            log.followers.retain(|follower| !follower.is_closed());
            log.followers.len()
        })
        .sum()
    }

    /// The queries of all requests for the log of a pod.
    pub(crate) fn asked_for_logs(&self, pod: &str) -> Vec<String> {
        self.state().logs.asked.iter().filter(|(name, _)| name == pod).map(|(_, query)| query.clone()).collect()
    }
}

/// Answers a request for a log that a test has written; `None` for any other.
pub(super) fn answer(state: &mut State, uri: &http::Uri) -> Option<BoxFuture<'static, Response<Answer>>> {
    let parts: Vec<&str> = uri.path().split('/').collect();
    let ["", "api", "v1", "namespaces", namespace, "pods", pod, "log"] = parts[..] else { return None };
    let query: BTreeMap<String, String> = uri.query()?.split('&').filter_map(|pair| pair.split_once('=')).map(plain).collect();
    let container = query.get("container")?;
    if state.store.get("pods", namespace, pod).is_none() {
        let missing = status(404, "NotFound", &format!("pods {pod:?} not found"), json!({"name": pod, "kind": "pods"}));
        return Some(ready(whole(json_response(404, &missing))).boxed());
    }
    state.logs.asked.push((pod.to_owned(), uri.query().unwrap_or_default().to_owned()));
    let now = state.logs.time();
    let since = match (query.get("sinceTime"), query.get("sinceSeconds")) {
        (Some(time), _) => time.parse().unwrap(),
        (_, Some(seconds)) => now - SignedDuration::from_secs(seconds.parse().unwrap()),
        _ => Timestamp::MIN,
    };
    let log = state.logs.all.get_mut(&(pod.to_owned(), container.clone()))?;
    assert_eq!(query.get("timestamps").map(String::as_str), Some("true"), "lines without their time");
    let wanted = |lines: &[(Timestamp, Vec<u8>)]| lines.iter().filter(|(at, _)| *at >= since).map(frame).collect::<Vec<_>>();
    if query.get("previous").is_some_and(|previous| previous == "true") {
        let Some(before) = &log.before else {
            let none = status(400, "BadRequest", "previous terminated container not found", Value::Null);
            return Some(ready(whole(json_response(400, &none))).boxed());
        };
        let body = StreamBody::new(stream::iter(wanted(before).into_iter().map(Ok)));
        return Some(ready(Response::new(BodyExt::boxed_unsync(body))).boxed());
    }
    let (send, mut receive) = mpsc::unbounded_channel();
    for line in wanted(&log.now) {
        let _ = send.send(Ok(line));
    }
    if query.get("follow").is_some_and(|follow| follow == "true") {
        log.followers.push(send);
    }
    let answer = async move {
        // As a kubelet, which answers with the first line.
        let first = receive.recv().await;
        let rest = stream::unfold(receive, async |mut receive| Some((receive.recv().await?, receive)));
        Response::new(BodyExt::boxed_unsync(StreamBody::new(stream::iter(first).chain(rest))))
    };
    Some(answer.boxed())
}

fn frame((at, line): &(Timestamp, Vec<u8>)) -> Frame<Bytes> {
    Frame::data([format!("{at:.9} ").as_bytes(), line, b"\n"].concat().into())
}

fn plain((key, value): (&str, &str)) -> (String, String) {
    (key.to_owned(), value.replace("%3A", ":"))
}

/// An answer that is there at once.
pub(super) fn whole(response: Response<kube::client::Body>) -> Response<Answer> {
    response.map(|body| BodyExt::boxed_unsync(body.map_err(io::Error::other)))
}
