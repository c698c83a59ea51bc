//! The counters of a worker, and sums over several workers.

use serde::{Deserialize, Serialize};
use std::sync::atomic::{AtomicU64, Ordering};

/// The routes that `/metrics` distinguishes. Everything unknown is `Other`, so that clients can't create labels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route {
    /// `GET /`.
    Page,
    /// `GET /static/…`.
    Static,
    /// `GET /readme`.
    Readme,
    /// `GET /session`.
    Session,
    /// `GET /whoami`.
    Whoami,
    /// `GET /topology`.
    Topology,
    /// `POST /submit/…`.
    Submit,
    /// `POST /without-redis/…`.
    WithoutRedis,
    /// `POST /with-redis/…`.
    WithRedis,
    /// `GET /ws/…`.
    Ws,
    /// `POST /download/…`.
    Download,
    /// `POST /model/…`.
    Model,
    /// Any other path; its label is `other`.
    Other,
}

/// Label values of the routes, in the order of [`Route`].
pub const ROUTES: [&str; 13] = [
    "/",
    "/static",
    "/readme",
    "/session",
    "/whoami",
    "/topology",
    "/submit",
    "/without-redis",
    "/with-redis",
    "/ws",
    "/download",
    "/model",
    "other",
];

impl Route {
    /// The route of a path.
    #[must_use]
    pub fn of(path: &str) -> Self {
        let first = path.trim_start_matches('/').split('/').next().unwrap_or_default();
        match first {
            "" => Self::Page,
            "static" => Self::Static,
            "readme" => Self::Readme,
            "session" => Self::Session,
            "whoami" => Self::Whoami,
            "topology" => Self::Topology,
            "submit" => Self::Submit,
            "without-redis" => Self::WithoutRedis,
            "with-redis" => Self::WithRedis,
            "ws" => Self::Ws,
            "download" => Self::Download,
            "model" => Self::Model,
            _ => Self::Other,
        }
    }
}

/// The statuses that `/metrics` distinguishes; the last place, 0, is for all others.
const STATUSES: [u16; 18] = [101, 200, 304, 400, 403, 404, 405, 408, 413, 415, 421, 422, 426, 429, 500, 503, 431, 0];

/// Requests by route and status.
#[derive(Debug)]
pub struct Requests([[AtomicU64; STATUSES.len()]; ROUTES.len()]);

impl Default for Requests {
    fn default() -> Self {
        Self(std::array::from_fn(|_| std::array::from_fn(|_| AtomicU64::new(0))))
    }
}

impl Requests {
    /// Adds one. A status that `/metrics` does not distinguish counts as 0.
    pub fn count(&self, route: Route, status: u16) {
        let place = STATUSES.iter().position(|s| *s == status).unwrap_or(STATUSES.len() - 1);
        self.0[route as usize][place].fetch_add(1, Ordering::Relaxed);
    }

    fn snapshot(&self) -> Vec<(usize, u16, u64)> {
        let mut seen = Vec::new();
        for (route, row) in self.0.iter().enumerate() {
            for (place, count) in row.iter().enumerate() {
                let count = count.load(Ordering::Relaxed);
                if count > 0 {
                    seen.push((route, STATUSES[place], count));
                }
            }
        }
        seen
    }
}

macro_rules! counters {
    ($($(#[doc = $doc:literal])* $name:ident,)*) => {
        /// The counters of one worker. They are atomic because a memory bus delivers from the thread of another worker.
        #[derive(Debug, Default)]
        pub struct Stats {
            /// Requests by route and status.
            pub requests: Requests,
            $($(#[doc = $doc])* pub $name: AtomicU64,)*
        }

        /// The counters at one moment.
        #[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
        pub struct Counts {
            /// Place of the route in [`ROUTES`], status (0 for any other), number of requests.
            pub requests: Vec<(usize, u16, u64)>,
            $($(#[doc = $doc])* pub $name: u64,)*
        }

        impl Stats {
            /// Reads the counters one by one, so requests that are answered meanwhile may be in some and not in others.
            #[must_use]
            pub fn counts(&self) -> Counts {
                Counts { requests: self.requests.snapshot(), $($name: self.$name.load(Ordering::Relaxed),)* }
            }
        }

        impl Counts {
            /// Adds the counts of another worker.
            pub fn add(&mut self, other: &Self) {
                for &(route, status, count) in &other.requests {
                    match self.requests.iter_mut().find(|(r, s, _)| (*r, *s) == (route, status)) {
                        Some((_, _, sum)) => *sum += count,
                        None => self.requests.push((route, status, count)),
                    }
                }
                $(self.$name += other.$name;)*
            }

            /// The number of requests by route and status, as JSON.
            #[must_use]
            pub fn by_route(&self) -> serde_json::Value {
                let mut all = serde_json::json!({});
                for (route, status, count) in &self.requests {
                    all[ROUTES.get(*route).copied().unwrap_or("other")][status.to_string()] = (*count).into();
                }
                all
            }

            /// Name, help text and value of each counter without labels.
            #[must_use]
            pub fn plain(&self) -> Vec<(&'static str, &'static str, u64)> {
                vec![$((stringify!($name), concat!($($doc),*), self.$name),)*]
            }
        }
    };
}

counters! {
    /// Sockets that were accepted.
    sockets_opened,
    /// Text frames that clients sent.
    frames_in,
    /// Text frames that were written to sockets.
    frames_out,
    /// Frames that a local delivery or an echo queued on a socket.
    deliveries_local,
    /// Frames that a relay queued on a socket.
    deliveries_relay,
    /// Local deliveries that found no socket.
    misses_local,
    /// Publishes that no worker received.
    misses_relay,
    /// Messages published on the bus.
    publishes,
    /// Messages that could not be published.
    publish_failures,
    /// Messages received from the bus and dropped, because the worker holds no socket of their session (broadcast).
    ignored,
    /// Messages that were dropped because their session has already received one with the same idempotency key.
    repeats,
    /// Messages on the bus that this app did not write, or that break its rules.
    bus_bad_messages,
    /// Times that a lost subscription was made again.
    bus_reconnects,
    /// Sockets closed because their reader was too slow (1008).
    slow_readers,
    /// Sockets ended because two pings went unanswered.
    dead_peers,
    /// Sockets closed because they were idle for too long.
    idle_sockets,
    /// Connections closed because request headers took too long.
    slow_headers,
    /// Connections refused because the worker had reached its limit.
    connections_refused,
    /// Connections, sockets and requests refused because their client's address held its most.
    address_refusals,
    /// Connections, sockets, bodies, frames, cursors and models refused because the memory budget was used up.
    memory_refusals,
    /// Downloads that were begun or resumed with a cursor in a worker's memory.
    cursors_opened,
    /// Requests for the next piece that found no cursor of their session in the worker.
    cursor_misses,
    /// Cursors that were dropped to make room for another.
    cursor_evictions,
    /// Pieces of a download that were answered over HTTP.
    pieces,
    /// Pieces of a download that were published on the bus.
    pieces_relayed,
    /// Models that were loaded.
    model_loads,
    /// Requests that found their session's model loaded.
    model_hits,
    /// Models that were dropped to make room for another.
    model_evictions,
    /// Cursors and models that were dropped because they were unused for too long.
    use_case_expirations,
}

/// Adds one, without ordering: counters are only ever summed.
pub fn bump(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_route_has_its_label() {
        for label in &ROUTES[..12] {
            assert_eq!(ROUTES[Route::of(&format!("{label}/x")) as usize], if *label == "/" { "other" } else { label });
        }
        assert_eq!((Route::of("/"), Route::of("/wsx"), Route::of("/favicon.ico")), (Route::Page, Route::Other, Route::Other));
    }

    #[test]
    fn counts_of_workers_add_up() {
        let (a, b) = (Stats::default(), Stats::default());
        a.requests.count(Route::Page, 200);
        b.requests.count(Route::Page, 200);
        b.requests.count(Route::Ws, 999);
        bump(&b.publishes);
        let mut sum = a.counts();
        sum.add(&b.counts());
        assert_eq!(sum.requests, [(0, 200, 2), (9, 0, 1)]);
        assert_eq!(sum.by_route(), serde_json::json!({"/": {"200": 2}, "/ws": {"0": 1}}));
        assert_eq!(sum.publishes, 1);
        assert!(sum.plain().iter().any(|(name, help, n)| *name == "publishes" && help.contains("bus") && *n == 1));
    }
}
