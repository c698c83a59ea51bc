//! The accept loop, and the final drain of the queue before a listener closes.

use crate::server::connection::{self, Admitted};
use crate::server::memory::Charge;
use crate::server::stream::{self, Stream};
use crate::server::worker::{AddressSlot, Peer, Worker};
use axum::Router;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use sticky_core::stats::bump;
use sticky_core::wire::{ErrorBody, json};
use tokio::io::{AsyncWriteExt, DuplexStream};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// A connection that the front door of the same process hands over.
pub struct Handed {
    /// In memory; the front door holds the other half.
    pub stream: DuplexStream,
    /// The client at the front door.
    pub peer: IpAddr,
}

/// Where connections come from.
pub enum Source {
    /// The worker's own listener.
    Tcp(TcpListener),
    /// A front door of the same process.
    Handed(mpsc::Receiver<Handed>),
}

/// Accepts connections until `stop`, then those that are already queued: their clients expect an answer.
pub(super) async fn run(worker: &Arc<Worker>, router: &Router, source: Source, stop: &CancellationToken) {
    match source {
        Source::Tcp(listener) => {
            loop {
                tokio::select! {
                    () = stop.cancelled() => break,
                    accepted = listener.accept() => match accepted {
                        Ok((stream, peer)) => take(worker, router, tcp(stream), Peer { address: peer.ip(), trusted: false }),
                        Err(error) => {
                            // Errors such as EMFILE are temporary; a busy loop would take the CPU time that resolving them needs.
                            tracing::warn!(%error, "accepting a connection failed");
                            tokio::time::sleep(Duration::from_millis(50)).await;
                        }
                    },
                }
            }
            // The kernel hashes new connections over the group until this socket is closed (net.ipv4.tcp_migrate_req is
            // off by default), so what it has already queued here would be reset.
            let Ok(listener) = listener.into_std() else { return };
            while let Ok((stream, peer)) = listener.accept() {
                if stream.set_nonblocking(true).is_ok()
                    && let Ok(stream) = TcpStream::from_std(stream)
                {
                    take(worker, router, tcp(stream), Peer { address: peer.ip(), trusted: false });
                }
            }
        }
        Source::Handed(mut queue) => {
            let memory = |handed: Handed| (Stream::Right(handed.stream), Peer { address: handed.peer, trusted: true });
            loop {
                tokio::select! {
                    () = stop.cancelled() => break,
                    handed = queue.recv() => match handed.map(memory) {
                        Some((stream, peer)) => take(worker, router, stream, peer),
                        None => return,
                    },
                }
            }
            queue.close();
            while let Some((stream, peer)) = queue.recv().await.map(memory) {
                take(worker, router, stream, peer);
            }
        }
    }
}

fn tcp(stream: TcpStream) -> Stream {
    // Frames are small, and a client waits for each.
    let _ = stream.set_nodelay(true);
    Stream::Left(stream)
}

fn take(worker: &Arc<Worker>, router: &Router, stream: Stream, peer: Peer) {
    let tracker = &worker.tracker;
    match admit(worker, peer) {
        Ok((held, admitted)) => {
            let router = router.clone();
            tracker.spawn(async move {
                connection::serve(held.worker.clone(), router, stream, peer, admitted).await;
                drop(held);
            });
        }
        Err(refusal) => {
            bump(&worker.desk.stats.connections_refused);
            // Beyond these, a crowd would hold more files by being refused than by being served.
            if let Ok(place) = worker.refusing.clone().try_acquire_owned() {
                tracker.spawn(async move {
                    refuse(stream, refusal).await;
                    drop(place);
                });
            }
        }
    }
}

/// What a connection holds until it ends.
struct Held {
    worker: Arc<Worker>,
    _charge: Charge,
}

impl Drop for Held {
    fn drop(&mut self) {
        self.worker.connections.fetch_sub(1, Ordering::Relaxed);
        self.worker.desk.connection_closed();
    }
}

fn admit(worker: &Arc<Worker>, peer: Peer) -> Result<(Held, Admitted), Refusal> {
    let limits = &worker.config.limits;
    let open = worker.connections.load(Ordering::Relaxed);
    // An upgraded connection is counted as the socket that it became.
    if open + worker.desk.sockets() >= limits.max_connections {
        return Err(Refusal::Full);
    }
    let slot = match worker.direct_client(peer) {
        None => None,
        Some(address) => Some(Arc::new(AddressSlot::take(worker, address).ok_or(Refusal::Address)?)),
    };
    let charge = worker.memory.connection().ok_or_else(|| {
        bump(&worker.desk.stats.memory_refusals);
        Refusal::Memory
    })?;
    let upgrades_only = open >= limits.ordinary_connections() || worker.memory.is_kept_for_upgrades();
    worker.connections.fetch_add(1, Ordering::Relaxed);
    Ok((Held { worker: worker.clone(), _charge: charge }, Admitted { upgrades_only, slot }))
}

/// Why a connection is refused before its request is read.
#[derive(Debug, Clone, Copy)]
enum Refusal {
    Full,
    Memory,
    Address,
}

impl Refusal {
    fn answer(self) -> String {
        let (status, code, message) = match self {
            Self::Full => ("503 Service Unavailable", "busy", "this worker has as many connections as it accepts; try again"),
            Self::Memory => ("503 Service Unavailable", "busy", "this worker has no memory left for another connection; try again"),
            Self::Address => (
                "429 Too Many Requests",
                "too-many-connections",
                "this address has as many connections as one address may have (--connections-per-address); close one",
            ),
        };
        let body = json(&ErrorBody::new(code, message));
        let length = body.len();
        format!(
            "HTTP/1.1 {status}\r\ncontent-type: application/json\r\nconnection: close\r\nretry-after: 1\r\ncontent-length: {length}\r\n\r\n{body}"
        )
    }
}

async fn refuse(mut stream: Stream, refusal: Refusal) {
    if stream.write_all(refusal.answer().as_bytes()).await.is_ok() {
        // The request is on its way, and a reset would discard the answer.
        stream::linger(stream).await;
    }
}
