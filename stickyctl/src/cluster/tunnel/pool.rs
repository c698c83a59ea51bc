//! Sessions that are open, by pod, so that a new connection costs one round trip.

use super::dial::Dialer;
use super::error::Error;
use super::link::{Link, Trouble};
use super::spdy::session::{Refused, Session};
use super::target::PodPort;
use crate::cluster::errors::ApiError;
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};
use kube::Client;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::timeout;

/// Timeout for opening a connection. Measured with the first answer: 4 ms in a session that is open; 500 at once, 1.5 s.
const OPENING: Duration = Duration::from_secs(10);
/// Sessions with one pod. Together they take more connections than a tunnel has.
const SESSIONS: usize = 8;
/// Sessions that are tried for one connection: the first may have died unnoticed.
const TRIES: usize = 3;

/// The sessions of one tunnel.
pub(crate) struct Pool {
    dialer: Dialer,
    pods: Mutex<HashMap<Key, Sessions>>,
}

/// Namespace and name: a session reaches all ports.
type Key = (String, String);

type Opening = Shared<BoxFuture<'static, Result<Arc<Session>, Failed>>>;

/// Everybody who waits for a session gets the same answer.
#[derive(Clone)]
enum Failed {
    Api(ApiError),
    Late,
}

impl From<Failed> for Error {
    fn from(failed: Failed) -> Self {
        match failed {
            Failed::Api(error) => Self::Api(error),
            Failed::Late => Self::Late(OPENING),
        }
    }
}

#[derive(Default)]
struct Sessions {
    open: Vec<Arc<Session>>,
    opening: Option<Opening>,
}

impl Sessions {
    /// The session for one more connection; a busy one only if there may be no other.
    fn best(&self) -> Option<&Arc<Session>> {
        let able = || self.open.iter().filter(|session| session.room() > 0);
        let free = able().find(|session| !session.busy());
        free.or_else(|| able().max_by_key(|session| session.room()).filter(|_| self.open.len() >= SESSIONS))
    }
}

/// Opens a connection in a session of its own.
///
/// # Errors
/// As [`Pool::connect`].
pub(crate) async fn connect(client: &Client, pod: &PodPort) -> Result<(Link, Trouble), Error> {
    Pool::new(client.clone()).connect(pod).await
}

impl Pool {
    pub(crate) fn new(client: Client) -> Self {
        Self { dialer: Dialer::new(client), pods: Mutex::default() }
    }

    /// Opens a connection. It may open although nothing listens there: then it ends without a byte, and [`Trouble`] says why.
    ///
    /// # Errors
    /// The API server refused.
    pub(crate) async fn connect(&self, pod: &PodPort) -> Result<(Link, Trouble), Error> {
        let opened = timeout(OPENING, async {
            let mut failed = 0;
            loop {
                let session = self.session(pod).await?;
                match session.open(pod.port).await {
                    Ok((stream, told)) => return Ok((stream, Trouble::new(pod.port, told))),
                    // Others were quicker.
                    Err(Refused::Full) => {}
                    Err(Refused::Failed) => {
                        self.set_aside(pod, &session);
                        failed += 1;
                        if failed == TRIES {
                            return Err(Error::NoStream);
                        }
                    }
                }
            }
        });
        opened.await.map_err(|_| Error::Late(OPENING))?
    }

    /// A session that takes connections, opened if there is none.
    ///
    /// # Errors
    /// As [`Self::connect`].
    pub(super) async fn session(&self, pod: &PodPort) -> Result<Arc<Session>, Error> {
        let key = (pod.namespace.clone(), pod.name.clone());
        let opening = {
            let mut pods = self.pods();
            // Pods come and go for as long as a tunnel is open.
            pods.retain(|_, sessions| {
                sessions.open.retain(|session| !session.closed());
                !sessions.open.is_empty() || sessions.opening.is_some()
            });
            let sessions = pods.entry(key.clone()).or_default();
            if let Some(session) = sessions.best() {
                return Ok(session.clone());
            }
            sessions.opening.get_or_insert_with(|| self.opening(pod)).clone()
        };
        let opened = opening.clone().await;
        let mut pods = self.pods();
        let sessions = pods.entry(key).or_default();
        // The first of those who waited enters it.
        if sessions.opening.as_ref().is_some_and(|one| one.ptr_eq(&opening)) {
            sessions.opening = None;
            sessions.open.extend(opened.clone().ok());
        }
        Ok(opened?)
    }

    fn opening(&self, pod: &PodPort) -> Opening {
        let (dialer, pod) = (self.dialer.clone(), pod.clone());
        let dial = async move {
            match timeout(OPENING, dialer.dial(&pod)).await {
                Ok(Ok(transport)) => Ok(Session::over(transport)),
                Ok(Err(error)) => Err(Failed::Api(error)),
                Err(_) => Err(Failed::Late),
            }
        };
        dial.boxed().shared()
    }

    /// No new connections in this session. Those that it has go on.
    fn set_aside(&self, pod: &PodPort, session: &Arc<Session>) {
        if let Some(sessions) = self.pods().get_mut(&(pod.namespace.clone(), pod.name.clone())) {
            sessions.open.retain(|one| !Arc::ptr_eq(one, session));
        }
    }

    /// The pod could not be reached. A session leads to the pod that had the name when it was opened, so another may be needed.
    pub(super) fn forget(&self, pod: &PodPort) {
        if let Some(sessions) = self.pods().get_mut(&(pod.namespace.clone(), pod.name.clone())) {
            sessions.open.clear();
        }
    }

    fn pods(&self) -> MutexGuard<'_, HashMap<Key, Sessions>> {
        self.pods.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
