//! Every limit of a worker, with its default. Each is a flag of the same name.

use std::time::Duration;

/// Limits on what untrusted clients can use of a worker: size, count and time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Largest request body in bytes; a larger one gets 413.
    pub max_body: usize,
    /// Longest text of a message in bytes; a longer one gets 413, or an error frame on a socket.
    pub max_text: usize,
    /// Largest frame, and largest message in several frames, in bytes; a larger one closes the socket with 1009.
    pub max_frame: usize,
    /// Longest time from a connection's start, or from a later request's first byte, to the end of the headers; then the connection
    /// is closed.
    pub header_timeout: Duration,
    /// Longest silence between two requests of a connection; then the connection is closed. It has to exceed the front door's own timeout, or a
    /// proxy meets a closed connection and a POST becomes a 502.
    pub keep_alive: Duration,
    /// Longest time for a whole request; a slower one gets 408.
    pub request_timeout: Duration,
    /// Longest time of a socket without a message in either direction; then it is closed with 1000.
    pub idle_socket: Duration,
    /// Time between two pings of the server; two unanswered ones end the socket.
    pub ping_interval: Duration,
    /// Most sockets of one session on this worker; one more gets 429.
    pub sockets_per_session: usize,
    /// Most sockets of this worker; one more gets 503.
    pub max_sockets: usize,
    /// Most connections of this worker; one more gets 503 and is closed. The last ones take upgrades only.
    pub max_connections: usize,
    /// Most frames in one socket's queue; one more closes the socket with 1008.
    pub socket_queue: usize,
    /// Most messages in progress over HTTP, counted from the end of their body; one more gets 503.
    pub max_requests: usize,
    /// Most connections, or sockets and requests by way of a proxy, of one address, where a trusted proxy names addresses; one more
    /// gets 429.
    pub connections_per_address: usize,
    /// Most new sessions a minute from one address, where a trusted proxy names addresses; one more gets 429.
    pub new_sessions_per_minute: u32,
    /// Most cursors of downloads on this worker; one more takes the place of the least recently used one.
    pub max_cursors: usize,
    /// Most models of sessions on this worker; one more takes the place of the least recently used one.
    pub max_models: usize,
    /// Longest time that a cursor or a model is kept unused.
    pub use_case_ttl: Duration,
}

/// File descriptors that are kept for other things than connections: logs, Redis, the runtime, the admin port.
const RESERVED_FILES: u64 = 64;

/// The bytes a second that a body has to arrive with, after [`BODY_GRACE`].
pub const BODY_RATE: u32 = 1_024;
/// How long a body may take without regard to its size.
pub const BODY_GRACE: Duration = Duration::from_secs(5);

/// The time that a body may have taken, if so many bytes of it have arrived.
#[must_use]
pub fn time_for_body(arrived: usize) -> Duration {
    BODY_GRACE + Duration::from_secs_f64(arrived as f64 / f64::from(BODY_RATE))
}

/// The part of `connections` that is kept free.
fn reserve(connections: usize) -> usize {
    (connections / 8).min(512)
}

impl Limits {
    /// The most connections and the most sockets for `open_files` descriptors. All descriptors but a reserve can be connections;
    /// an eighth of those, at most 512, stays free for requests, so that sockets alone can't make a worker unreachable.
    #[must_use]
    pub fn for_open_files(open_files: u64) -> (usize, usize) {
        let connections = usize::try_from(open_files.saturating_sub(RESERVED_FILES).max(16)).unwrap_or(usize::MAX);
        (connections, connections - reserve(connections))
    }

    /// The connections beyond which only upgrades are accepted, so that idle connections can't keep sockets out.
    #[must_use]
    pub fn ordinary_connections(&self) -> usize {
        self.max_connections - reserve(self.max_connections)
    }
}

impl Default for Limits {
    fn default() -> Self {
        let (max_connections, max_sockets) = Self::for_open_files(1_024);
        Self {
            max_body: 16 * 1_024,
            max_text: 4_096,
            max_frame: 16 * 1_024,
            header_timeout: Duration::from_secs(10),
            keep_alive: Duration::from_secs(120),
            request_timeout: Duration::from_secs(10),
            idle_socket: Duration::from_secs(3_600),
            ping_interval: Duration::from_secs(20),
            sockets_per_session: 8,
            max_sockets,
            max_connections,
            socket_queue: 64,
            max_requests: 1_024,
            connections_per_address: 256,
            new_sessions_per_minute: 60,
            max_cursors: 1_024,
            max_models: 128,
            use_case_ttl: Duration::from_mins(10),
        }
    }
}

/// A text that is not a size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadSize {
    /// There is no whole number, or a unit that is not known.
    #[error("expected a number of bytes, KiB or MiB: 4096, 16KiB, 1MiB")]
    Form,
    /// It is 0, or more than 64 MiB.
    #[error("out of range: a size is 1 byte to 64MiB")]
    Range,
}

/// Reads a size: a whole number of bytes, KiB or MiB, from 1 byte to 64 MiB.
///
/// # Errors
/// [`BadSize`] for any other text.
pub fn parse_size(text: &str) -> Result<usize, BadSize> {
    let bytes = bytes_of(text)?;
    usize::try_from(bytes).ok().filter(|b| (1..=64 * 1_024 * 1_024).contains(b)).ok_or(BadSize::Range)
}

/// Reads the size of a memory: as [`parse_size`], but from 16 MiB upwards, and GiB too.
///
/// # Errors
/// [`BadMemory`] for any other text.
pub fn parse_memory(text: &str) -> Result<u64, BadMemory> {
    bytes_of(text).ok().filter(|b| *b >= 16 * 1_024 * 1_024).ok_or(BadMemory)
}

/// A text that is not the size of a memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected at least 16MiB, in bytes, KiB, MiB or GiB: 256MiB, 2GiB")]
pub struct BadMemory;

fn bytes_of(text: &str) -> Result<u64, BadSize> {
    let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()));
    let per = match unit {
        "" | "B" => 1,
        "KiB" => 1_024,
        "MiB" => 1_024 * 1_024,
        "GiB" => 1_024 * 1_024 * 1_024,
        _ => return Err(BadSize::Form),
    };
    if number.is_empty() {
        return Err(BadSize::Form);
    }
    number.parse::<u64>().ok().and_then(|n| n.checked_mul(per)).ok_or(BadSize::Range)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_for_requests_is_always_left() {
        for files in [0, 100, 1_024, 20_000, 1_048_576] {
            let (connections, sockets) = Limits::for_open_files(files);
            assert!(sockets < connections && connections as u64 <= files.max(80));
        }
        assert_eq!(Limits::for_open_files(20_000), (19_936, 19_424));
    }

    #[test]
    fn a_body_has_to_keep_moving() {
        assert_eq!(time_for_body(1).as_secs(), BODY_GRACE.as_secs());
        assert_eq!(time_for_body(10 * 1_024), BODY_GRACE + Duration::from_secs(10));
    }

    #[test]
    fn sizes() {
        assert_eq!((parse_size("4096"), parse_size("16KiB"), parse_size("1MiB")), (Ok(4_096), Ok(16_384), Ok(1_048_576)));
        for bad in ["", "KiB", "1.5KiB", "-1", "0", "1GB", "65MiB"] {
            assert!(parse_size(bad).is_err(), "{bad}");
        }
        assert_eq!((parse_memory("256MiB"), parse_memory("2GiB")), (Ok(256 << 20), Ok(2 << 30)));
        for bad in ["", "15MiB", "256", "256Mi", "99999999999GiB"] {
            assert!(parse_memory(bad).is_err(), "{bad}");
        }
    }
}
