//! One container's log, followed for as long as its pod is there.

use super::advice::missing_right;
use super::cutter::{Cutter, Line};
use super::shared::{Key, Shared, Topic};
use crate::cluster::errors::ApiError;
use http_body_util::{BodyExt, Limited};
use k8s_openapi::api::core::v1::Pod;
use k8s_openapi::jiff::Timestamp;
use kube::api::LogParams;
use kube::client::Body;
use kube::core::Request;
use kube::{Client, Resource};
use std::sync::Arc;
use std::time::Duration;
use sticky_affinity::told::By;
use tokio::time::{Instant, sleep, timeout};

/// After so long without a line, the log is opened again: a connection may be dead, and a kubelet may follow a file that was rotated.
const SILENCE: Duration = Duration::from_secs(30);
/// The first pause between two openings; it doubles up to [`LONGEST`].
const PAUSE: Duration = Duration::from_millis(250);
const LONGEST: Duration = Duration::from_secs(5);
/// The largest error that is read, in bytes.
const ERROR: usize = 64 << 10;

/// A container whose log is followed.
pub(super) struct Stream {
    pub(super) client: Client,
    pub(super) key: Key,
    pub(super) by: By,
    /// When the run began.
    pub(super) began: Instant,
    pub(super) shared: Arc<Shared>,
    /// The last line's time, by the node's clock.
    last: Option<Timestamp>,
    pod: Arc<str>,
}

/// Which log of a container to open.
#[derive(Clone, Copy, PartialEq)]
enum Part {
    /// That of the container that runs, as it grows.
    Now,
    /// The whole log of the one before.
    Before,
}

impl Stream {
    pub(super) fn new(client: Client, key: Key, by: By, began: Instant, shared: Arc<Shared>) -> Self {
        let pod = key.1.as_str().into();
        Self { client, key, by, began, shared, last: None, pod }
    }

    pub(super) async fn run(mut self, mut restarts: i32) {
        let mut pause = PAUSE;
        loop {
            let was_read = self.part(Part::Now).await;
            match was_read {
                Ok(Some(End::Silent)) => continue,
                Ok(Some(End::Over { lines: true })) => pause = PAUSE,
                Ok(_) => {}
                Err(Gone) => return,
            }
            sleep(pause).await;
            pause = (pause * 2).min(LONGEST);
            let Some(now) = self.shared.looked(&self.key).await else { return };
            if now > restarts {
                restarts = now;
                // What was written between the last line and the exit, if the connection broke before.
                if self.part(Part::Before).await.is_err() {
                    return;
                }
            }
        }
    }

    /// Opens a log and reads it to its end; `None` if it could not be opened.
    async fn part(&mut self, part: Part) -> Result<Option<End>, Gone> {
        let (namespace, pod, _, container) = &self.key;
        let doing = format!("reading the log of pod {pod} in namespace {namespace}");
        let right = Topic::Reading("pods/log", namespace.clone());
        let own = Topic::Log(format!("{pod}/{container}"));
        // A kubelet answers with the first line, and not before (`getContainerLogs` in k8s.io/kubernetes, pkg/kubelet/server/server.go): a container
        // that logs nothing is no error.
        let Ok(opened) = timeout(SILENCE, self.open(part)).await else { return Ok(Some(End::Silent)) };
        match opened.map_err(|error| ApiError::new(&doing, &error)) {
            Ok(Opened::Log(body)) => {
                self.shared.trouble(right, None);
                self.shared.trouble(own, None);
                Ok(Some(self.read(body).await))
            }
            Ok(Opened::Gone) => Err(Gone),
            Ok(Opened::NotYet) => Ok(None),
            Err(error @ ApiError::Forbidden { .. }) => {
                self.shared.trouble(right, Some(missing_right(&error, "get", "", "pods/log", namespace)));
                Ok(None)
            }
            Err(error) => {
                self.shared.trouble(own, Some(format!("{error}. It is tried again")));
                Ok(None)
            }
        }
    }

    async fn open(&self, part: Part) -> Result<Opened, kube::Error> {
        let (namespace, pod, _, container) = &self.key;
        // The time since the run began is measured here, and the node subtracts it from its own clock: the two may differ. One more second, since
        // fractions are lost.
        let seconds = i64::try_from(self.began.elapsed().as_secs()).unwrap_or(i64::MAX).saturating_add(2);
        let since = self.last.and_then(|last| Timestamp::from_second(last.as_second() - 1).ok());
        let params = LogParams {
            container: Some(container.clone()),
            follow: part == Part::Now,
            previous: part == Part::Before,
            since_seconds: since.is_none().then_some(seconds),
            since_time: since,
            timestamps: true,
            ..LogParams::default()
        };
        let request = Request::new(<Pod as Resource>::url_path(&(), Some(namespace))).logs(pod, &params).map_err(kube::Error::BuildRequest)?;
        let response = self.client.send(request.map(Body::from)).await?;
        let code = response.status();
        match code.as_u16() {
            200..300 => return Ok(Opened::Log(response.into_body())),
            404 => return Ok(Opened::Gone),
            // "container … is waiting to start", or there is none before it.
            400 => return Ok(Opened::NotYet),
            _ => {}
        }
        let said = Limited::new(response.into_body(), ERROR).collect().await.map(|all| all.to_bytes()).unwrap_or_default();
        let status = serde_json::from_slice(&said).unwrap_or_else(|_| kube::core::Status::failure(&code.to_string(), "").with_code(code.as_u16()));
        Err(kube::Error::Api(Box::new(status)))
    }

    async fn read(&mut self, mut body: Body) -> End {
        let (mut cutter, mut lines) = (Cutter::default(), false);
        loop {
            match timeout(SILENCE, body.frame()).await {
                Err(_) => return End::Silent,
                Ok(Some(Ok(frame))) => {
                    if let Ok(bytes) = frame.into_data() {
                        cutter.take(&bytes, |line, cut| self.line(line, cut));
                        lines = true;
                    }
                }
                Ok(Some(Err(_)) | None) => break,
            }
        }
        // A line of an access log tells nothing without its end.
        if self.by == By::Pod {
            cutter.rest(|line, cut| self.line(line, cut));
        }
        End::Over { lines }
    }

    fn line(&mut self, line: &[u8], cut: bool) {
        let line = Line::read(line, cut);
        // Lines of stdout and stderr may change places.
        self.last = self.last.max(line.at);
        self.shared.line(self.by, &self.pod, &line);
    }
}

/// What a request for a log brings.
enum Opened {
    Log(Body),
    /// The pod is gone.
    Gone,
    /// The container has no log yet.
    NotYet,
}

/// How a log ended.
enum End {
    /// It did not, but said nothing for long.
    Silent,
    /// The container exited, or the connection broke; whether there were lines before.
    Over { lines: bool },
}

/// The pod is gone.
struct Gone;
