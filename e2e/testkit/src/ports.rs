//! Ports for servers that can't listen on port 0 and report the real one.

use anyhow::{Result, bail};
use std::net::{Ipv4Addr, TcpListener};
use std::sync::atomic::{AtomicU16, Ordering};

/// Below Linux's range for outgoing connections, so that a port stays free while its server is stopped.
const FIRST: u16 = 12_000;
const PORTS: u16 = 18_000;

static NEXT: AtomicU16 = AtomicU16::new(0);

/// An unused loopback port. This process never returns the same one twice.
///
/// # Errors
/// 1000 ports in a row are taken.
pub fn free() -> Result<u16> {
    // Test binaries that run in parallel start at different ports.
    let start = (std::process::id() % 600) as u16 * 30;
    for _ in 0..1_000 {
        let port = FIRST + (start + NEXT.fetch_add(1, Ordering::Relaxed)) % PORTS;
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return Ok(port);
        }
    }
    bail!("no free port between {FIRST} and {}", FIRST + PORTS)
}
