//! A port of this machine whose connections end in a pod, by way of the API server.
//!
//! [`Target`] names the pods, [`link`] is one connection to one of them, `carry` copies both ways, [`http`] asks over a link
//! without any local port. A tunnel outlives its pods: each connection looks for one that is ready, and tries another where
//! the first can't be reached (R33: tools that keep one pod go on with a dead one).

mod carry;
pub mod http;
pub mod link;
mod pick;
pub mod target;

pub use link::{Link, connect};
pub use target::{PodPort, Target};

use crate::exit::{Exit, Failure};
use carry::{Outcome, Sent, carry};
use kube::Client;
use pick::Picker;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Instant, sleep};

/// Connections at once. One more waits in the system's queue.
const CONNECTIONS: usize = 512;
/// How long a connection waits for a pod to be there: as long as a front door takes to be replaced.
const PATIENCE: Duration = Duration::from_secs(15);
/// Pods that are tried for one connection, where there are pods and none can be reached.
const TRIES: usize = 3;
const PAUSE: Duration = Duration::from_millis(200);

/// What somebody who watches the tunnel may want to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// New connections go to another pod from now on.
    Moved {
        /// The pod so far.
        from: String,
        /// The new one.
        to: String,
    },
    /// A connection got no pod: why.
    Unreached(String),
}

/// A local port that leads to the pods of a [`Target`]. It ends when it is dropped, and its connections with it.
#[derive(Debug)]
pub struct Tunnel {
    addr: SocketAddr,
    task: JoinHandle<()>,
    events: mpsc::Receiver<Event>,
}

impl Tunnel {
    /// Listens on `listen` (port 0 takes a free one). No pod is asked for yet.
    ///
    /// # Errors
    /// [`Exit::Failed`]: the address can't be listened on.
    pub async fn open(client: Client, target: Target, listen: SocketAddr) -> Result<Self, Failure> {
        let listener = TcpListener::bind(listen).await.map_err(|error| unbound(listen, &error))?;
        let addr = listener.local_addr().map_err(|error| unbound(listen, &error))?;
        // What nobody reads is dropped; it is news, not a record.
        let (tell, events) = mpsc::channel(16);
        let picker = Arc::new(Picker::new(client.clone(), target, tell.clone()));
        let task = tokio::spawn(accept(listener, client, picker, tell));
        Ok(Self { addr, task, events })
    }

    /// Where it listens.
    #[must_use]
    pub const fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// What happens next; never, once the tunnel has ended.
    pub async fn event(&mut self) -> Event {
        match self.events.recv().await {
            Some(event) => event,
            None => std::future::pending().await,
        }
    }
}

impl Drop for Tunnel {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn unbound(listen: SocketAddr, error: &std::io::Error) -> Failure {
    let failure = Failure::new(Exit::Failed, format!("listening on {listen}: {error}"));
    match error.kind() {
        std::io::ErrorKind::AddrInUse => failure.try_this("stickyctl forward --port 0    takes a free port"),
        _ => failure,
    }
}

async fn accept(listener: TcpListener, client: Client, picker: Arc<Picker>, tell: mpsc::Sender<Event>) {
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    // Dropped with this task, and all connections with it.
    let mut all = JoinSet::new();
    loop {
        let Ok(place) = places.clone().acquire_owned().await else { return };
        match listener.accept().await {
            Ok((local, _)) => {
                let (client, picker, tell) = (client.clone(), picker.clone(), tell.clone());
                all.spawn(async move {
                    if let Err(why) = serve(local, &client, &picker).await {
                        let _ = tell.try_send(Event::Unreached(why));
                    }
                    drop(place);
                });
            }
            // Out of descriptors, or a client that left at once: neither gets better by asking again immediately.
            Err(_) => sleep(PAUSE).await,
        }
        while all.try_join_next().is_some() {}
    }
}

/// Serves one connection, from whichever pod can be reached.
async fn serve(mut local: TcpStream, client: &Client, picker: &Picker) -> Result<(), String> {
    // Small frames of WebSockets shouldn't wait for one another.
    let _ = local.set_nodelay(true);
    let end = Instant::now() + PATIENCE;
    let (mut sent, mut tried) = (Sent::default(), Vec::new());
    loop {
        let why = match picker.pick(&tried).await {
            Ok(Some(pod)) => {
                let why = match connect(client, &pod).await {
                    Ok(link) => match carry(&mut local, link, &mut sent).await {
                        Outcome::Served => return Ok(()),
                        Outcome::Unreached(why) => why,
                    },
                    Err(why) => why,
                };
                picker.forget().await;
                let why = format!("pod {}, port {}: {why}", pod.name, pod.port);
                tried.push(pod.name);
                why
            }
            Ok(None) => "no pod is ready".to_owned(),
            Err(why) => why,
        };
        if !sent.whole() || tried.len() >= TRIES || Instant::now() >= end {
            return Err(why);
        }
        sleep(PAUSE).await;
    }
}
