//! The accept loop, and the final drain of the queue before a listener closes.

use crate::server::connection::{self, Bounds, ClientBody, Ended};
use crate::server::outer;
use crate::server::stream::Stream;
use crate::server::worker::{Peer, Worker};
use axum::Router;
use axum::body::Body;
use http::Request;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use sticky_core::stats::bump;
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
    let open = worker.connections.fetch_add(1, Ordering::Relaxed);
    // An upgraded connection is counted as the socket that it became.
    let room = open + worker.desk.sockets() < worker.config.limits.max_connections;
    let (worker, router) = (worker.clone(), router.clone());
    let tracker = worker.tracker.clone();
    tracker.spawn(async move {
        if room {
            serve(&worker, &router, stream, peer).await;
        } else {
            bump(&worker.desk.stats.connections_refused);
            refuse(stream).await;
        }
        worker.connections.fetch_sub(1, Ordering::Relaxed);
    });
}

async fn serve(worker: &Arc<Worker>, router: &Router, stream: Stream, peer: Peer) {
    let bounds = Bounds::of(&worker.config.limits);
    let bounds = if peer.trusted { bounds.behind_a_door() } else { bounds };
    let answer = |mut request: Request<ClientBody>| {
        request.extensions_mut().insert(peer);
        outer::answer(worker.clone(), router.clone(), request.map(Body::new))
    };
    if connection::serve(stream, bounds, worker.finish_connections.cancelled(), answer).await == Ended::SlowHead {
        bump(&worker.desk.stats.slow_headers);
    }
}

const FULL: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/json\r\nconnection: close\r\nretry-after: 1\r\ncontent-length: 99\r\n\r\n\
{\"error\":{\"code\":\"busy\",\"message\":\"this worker has as many connections as it accepts; try again\"}}\n";

async fn refuse(mut stream: Stream) {
    let _ = stream.write_all(FULL).await;
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_length_of_the_fixed_answer_is_true() {
        let text = std::str::from_utf8(super::FULL).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.contains(&format!("content-length: {}", body.len())), "{}", body.len());
    }
}
