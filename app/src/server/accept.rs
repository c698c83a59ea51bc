//! The accept loop, and the final drain of the queue before a listener closes.

use crate::server::connection::{self, Bounds, ClientBody, Ended};
use crate::server::memory::Charge;
use crate::server::outer;
use crate::server::stream::{self, Stream};
use crate::server::worker::{AddressSlot, Peer, Worker};
use axum::Router;
use axum::body::Body;
use http::Request;
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
        Ok(admitted) => {
            let router = router.clone();
            tracker.spawn(async move { admitted.serve(&router, stream, peer).await });
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

/// A connection that has a place, until it ends.
struct Admitted {
    worker: Arc<Worker>,
    /// Whether it has one of the last places, which are kept for upgrades: other requests get 503.
    upgrades_only: bool,
    /// Its place among those of its client's address. A socket that it becomes keeps the place.
    slot: Option<Arc<AddressSlot>>,
    _charge: Charge,
}

/// Longest time for a head in one of the last places.
const HURRY: Duration = Duration::from_secs(2);

impl Admitted {
    async fn serve(self, router: &Router, stream: Stream, peer: Peer) {
        let worker = &self.worker;
        let mut bounds = Bounds::of(&worker.config.limits);
        if peer.trusted {
            bounds = bounds.behind_a_door();
        }
        if self.upgrades_only {
            bounds = Bounds { header_timeout: bounds.header_timeout.min(HURRY), keep_alive: bounds.keep_alive.min(HURRY), ..bounds };
        }
        let answer = |mut request: Request<ClientBody>| {
            request.extensions_mut().insert(peer);
            if let Some(slot) = &self.slot {
                request.extensions_mut().insert(slot.clone());
            }
            outer::answer(worker.clone(), router.clone(), request.map(Body::new), self.upgrades_only)
        };
        if connection::serve(stream, bounds, worker.finish_connections.cancelled(), answer).await == Ended::SlowHead {
            bump(&worker.desk.stats.slow_headers);
        }
    }
}

impl Drop for Admitted {
    fn drop(&mut self) {
        self.worker.connections.fetch_sub(1, Ordering::Relaxed);
        self.worker.desk.connection_closed();
    }
}

fn admit(worker: &Arc<Worker>, peer: Peer) -> Result<Admitted, Refusal> {
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
    Ok(Admitted { worker: worker.clone(), upgrades_only, slot, _charge: charge })
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bus::Relay;
    use crate::bus::memory::Hub;
    use crate::server::{Blueprint, Config, Memory, serve};
    use sticky_core::choice::{Expose, Fanout, Issuer};
    use sticky_core::identity::PodName;
    use sticky_core::limits::Limits;
    use sticky_core::topology::DoorView;
    use sticky_core::version::Version;
    use tokio::io::AsyncReadExt;

    /// A worker for connections that this test hands over.
    fn worker(connections_per_address: usize) -> mpsc::Sender<Handed> {
        let config = Config {
            issuer: Issuer::Proxy,
            limits: Limits { connections_per_address, ..Limits::default() },
            allowed_origins: Vec::new(),
            allowed_hosts: Vec::new(),
            loopback_only: false,
            trusted_proxies: Vec::new(),
            close_after_post: false,
        };
        let relay = Relay::Memory { hub: Arc::new(Hub::default()), fanout: Fanout::Directed };
        let blueprint = Blueprint {
            config,
            door: tokio::sync::watch::channel(DoorView::default()).1,
            expose: Expose::Full,
            version: Version::own(),
            relay,
            memory: Memory::new(1 << 20),
        };
        let worker = blueprint.worker(PodName::new("a").unwrap(), 0, 1).unwrap();
        let (hand, handed) = mpsc::channel(8);
        tokio::spawn(async move { serve(&worker, Source::Handed(handed), std::future::pending()).await });
        hand
    }

    /// A connection of `peer`, and the status of its request's answer.
    async fn ask(hand: &mpsc::Sender<Handed>, peer: &str, request: &str) -> (DuplexStream, String) {
        let (stream, mut client) = tokio::io::duplex(4_096);
        assert!(hand.send(Handed { stream, peer: peer.parse().unwrap() }).await.is_ok());
        client.write_all(request.as_bytes()).await.unwrap();
        let mut status = [0; 12];
        client.read_exact(&mut status).await.unwrap();
        (client, String::from_utf8_lossy(&status[9..]).into_owned())
    }

    #[tokio::test]
    async fn a_direct_client_holds_only_so_much_and_a_socket_keeps_its_place() {
        let hand = worker(1);
        let get = "GET /whoami HTTP/1.1\r\nhost: a\r\n\r\n";
        let upgrade = "GET /ws/aaaaaaaaaaaaaaaaaaaaaaaaaa HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
        let (socket, status) = ask(&hand, "203.0.113.7", upgrade).await;
        assert_eq!(status, "101");
        // Its HTTP connection is over by the time that the worker has answered others.
        assert_eq!(ask(&hand, "203.0.113.8", get).await.1, "200");
        assert_eq!(ask(&hand, "203.0.113.7", get).await.1, "429");
        assert_eq!(ask(&hand, "127.0.0.1", get).await.1, "200", "loopback has no limit");
        drop(socket);
        while ask(&hand, "203.0.113.7", get).await.1 == "429" {
            tokio::task::yield_now().await;
        }
    }
}
