//! A tunnel in front of a site: a TCP relay that breaks once and comes back.

use std::net::SocketAddr;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// Connections that it refuses after it breaks.
pub(crate) const REFUSED: u64 = 5;

/// Relays to a site. At a given connection, by number, it ends all connections, and refuses that one and those after it.
pub(crate) async fn relay(to: SocketAddr, breaks_at: u64) -> (SocketAddr, impl Future<Output = ()>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let serve = async move {
        let mut open = JoinSet::new();
        for number in 1_u64.. {
            let (mut stream, _) = listener.accept().await.unwrap();
            if number == breaks_at {
                open.abort_all();
            }
            if (breaks_at..breaks_at + REFUSED).contains(&number) {
                continue;
            }
            open.spawn(async move {
                if let Ok(mut other) = TcpStream::connect(to).await {
                    let _ = copy_bidirectional(&mut stream, &mut other).await;
                }
            });
        }
    };
    (address, serve)
}
