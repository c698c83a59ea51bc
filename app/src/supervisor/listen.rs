//! One address for several workers.

use socket2::{Domain, Protocol, Socket, Type};
use std::io;
use std::net::SocketAddr;
use tokio::net::TcpListener;

/// Connections that the kernel queues for one worker.
const BACKLOG: i32 = 1_024;

/// Bytes that the kernel buffers for a connection: those that the worker hasn't read, and those that it hasn't sent.
const BUFFER: usize = 64 * 1_024;

/// A socket that several processes may bind to one address.
pub(super) fn reuse_port(address: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    Ok(socket)
}

/// A worker's own listener; the kernel spreads connections over all of them.
pub(super) fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = reuse_port(address)?;
    // Accepted connections inherit these. Without them, the kernel buffers up to 4 MiB for a client that doesn't read and more than
    // that of one that sends ahead, and counts it against the pod's memory.
    socket.set_recv_buffer_size(BUFFER)?;
    #[cfg(target_os = "linux")]
    socket.set_tcp_notsent_lowat(BUFFER as u32)?;
    socket.listen(BACKLOG)?;
    TcpListener::from_std(socket.into())
}
