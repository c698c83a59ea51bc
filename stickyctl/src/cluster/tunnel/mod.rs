//! A local port whose connections end in a pod, through the API server.
//!
//! [`Target`] names the pods, `link` is one connection to one of them, `carry` copies both ways, [`http`] sends requests over a link
//! without any local port. `pool` keeps sessions with pods, which `dial` opens: one connection to the API server carries many links,
//! by SPDY (`spdy`). A tunnel outlives its pods: each connection looks for a ready one, and tries another if the first can't
//! be reached (R33: tools that keep one pod stay on a dead one).

mod carry;
mod dial;
mod error;
mod event;
pub mod http;
pub(crate) mod link;
mod pick;
pub(crate) mod pool;
pub(crate) mod spdy;
mod target;
#[cfg(test)]
mod tests;

pub use error::Error;
pub use event::Event;
pub use target::{PodPort, Target};

use crate::cluster::errors::ApiError;
use carry::{Outcome, Sent, carry};
use kube::Client;
use link::{Link, Trouble};
use pick::Picker;
use pool::Pool;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Instant, sleep};

/// Concurrent connections. One more waits in the system's queue.
const CONNECTIONS: usize = 512;
/// How long a connection waits for a pod: the time that replacing a front door takes.
const PATIENCE: Duration = Duration::from_secs(15);
/// Pods that are tried for one connection, if there are pods and none can be reached.
const TRIES: usize = 3;
const PAUSE: Duration = Duration::from_millis(200);

/// A local port that is forwarded to the pods of a [`Target`]. Dropping it closes the port and all its connections.
#[derive(Debug)]
pub struct Tunnel {
    addr: SocketAddr,
    task: JoinHandle<()>,
    events: mpsc::Receiver<Event>,
}

impl Tunnel {
    /// Listens on `listen`; port 0 picks a free one. Each connection looks for a pod when it arrives. A session with the first pod is
    /// opened ahead.
    ///
    /// # Errors
    /// [`Error::Bind`].
    pub async fn open(client: Client, target: Target, listen: SocketAddr) -> Result<Self, Error> {
        let listener = TcpListener::bind(listen).await.map_err(|why| Error::Bind { listen, why })?;
        let addr = listener.local_addr().map_err(|why| Error::Bind { listen, why })?;
        // If the channel is full, events are dropped.
        let (tell, events) = mpsc::channel(16);
        let picker = Arc::new(Picker::new(client.clone(), target, tell.clone()));
        let task = tokio::spawn(accept(listener, Arc::new(Pool::new(client)), picker, tell));
        Ok(Self { addr, task, events })
    }

    /// The local address, with the port that the system chose if port 0 was asked for.
    #[must_use]
    pub const fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Waits for the next event. Pending forever once the tunnel has ended.
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

async fn accept(listener: TcpListener, pool: Arc<Pool>, picker: Arc<Picker>, tell: mpsc::Sender<Event>) {
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    // Dropping it with this task closes all connections.
    let mut all = JoinSet::new();
    let (ahead, first) = (pool.clone(), picker.clone());
    all.spawn(async move {
        // If it fails, the first connection fails too, and says why.
        if let Ok(Some(pod)) = first.first().await {
            let _ = ahead.session(&pod).await;
        }
    });
    loop {
        let Ok(place) = places.clone().acquire_owned().await else { return };
        match listener.accept().await {
            Ok((local, _)) => {
                let (pool, picker, tell) = (pool.clone(), picker.clone(), tell.clone());
                all.spawn(async move {
                    if let Err(why) = serve(local, &pool, &picker).await {
                        let _ = tell.try_send(Event::Unreached(why.to_string()));
                    }
                    drop(place);
                });
            }
            // Out of descriptors, or the client left at once: an immediate retry would not help.
            Err(_) => sleep(PAUSE).await,
        }
        while all.try_join_next().is_some() {}
    }
}

/// Serves one connection from the first pod that can be reached.
async fn serve(mut local: TcpStream, pool: &Pool, picker: &Picker) -> Result<(), Error> {
    // Small frames of WebSockets shouldn't wait for one another.
    let _ = local.set_nodelay(true);
    let end = Instant::now() + PATIENCE;
    let (mut sent, mut tried) = (Sent::default(), Vec::new());
    loop {
        let why = match reach(pool, picker, &tried).await {
            Ok(Some((pod, connected))) => {
                let why = match connected {
                    Ok(link) => match carry(&mut local, link, &mut sent).await {
                        Outcome::Served => return Ok(()),
                        Outcome::Unreached(why) => Error::Ended(why),
                    },
                    Err(why) => why,
                };
                picker.forget().await;
                pool.forget(&pod);
                tried.push(pod.name.clone());
                Error::At { pod: pod.name, port: pod.port, why: Box::new(why) }
            }
            Ok(None) => Error::NoPod,
            Err(error) => error.into(),
        };
        if !sent.whole() || tried.len() >= TRIES || Instant::now() >= end {
            return Err(why);
        }
        sleep(PAUSE).await;
    }
}

type Reached = (PodPort, Result<(Link, Trouble), Error>);

/// Picks a pod and connects to it. If the pods have to be listed first, the pod in use is connected to meanwhile: it is nearly always
/// the one that is picked.
async fn reach(pool: &Pool, picker: &Picker, tried: &[String]) -> Result<Option<Reached>, ApiError> {
    let guess = if tried.is_empty() { picker.guess().await } else { None };
    let Some(guess) = guess else {
        let Some(pod) = picker.pick(tried).await? else { return Ok(None) };
        let connected = pool.connect(&pod).await;
        return Ok(Some((pod, connected)));
    };
    let (mut ahead, mut pick) = (pin!(pool.connect(&guess)), pin!(picker.pick(tried)));
    let (picked, connected) = tokio::select! {
        picked = &mut pick => (picked?, None),
        connected = &mut ahead => (pick.await?, Some(connected)),
    };
    let Some(pod) = picked else { return Ok(None) };
    let connected = match connected {
        Some(connected) if pod == guess => connected,
        None if pod == guess => ahead.await,
        _ => pool.connect(&pod).await,
    };
    Ok(Some((pod, connected)))
}
