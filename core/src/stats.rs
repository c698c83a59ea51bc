//! What a worker counts, and how the counts of several workers become one.

use serde::{Deserialize, Serialize};
use std::sync::atomic::{AtomicU64, Ordering};

/// The routes that are told apart in `/metrics`; everything unknown is `Other`, so that no label grows with clients.
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
    /// Anything else.
    Other,
}

/// Label values of the routes, in the order of [`Route`].
pub const ROUTES: [&str; 11] =
    ["/", "/static", "/readme", "/session", "/whoami", "/topology", "/submit", "/without-redis", "/with-redis", "/ws", "other"];

impl Route {
    /// The route that a path belongs to.
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
            _ => Self::Other,
        }
    }
}

/// The statuses that are told apart; the last place is for all others.
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
    /// Counts one answer.
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
        /// The counters of one worker. Atomics, because a memory bus delivers from another worker's thread.
        #[derive(Debug, Default)]
        pub struct Stats {
            /// Requests by route and status.
            pub requests: Requests,
            $($(#[doc = $doc])* pub $name: AtomicU64,)*
        }

        /// The counters at one moment.
        #[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
        pub struct Counts {
            /// Route (place in [`ROUTES`]), status (0: another one), requests.
            pub requests: Vec<(usize, u16, u64)>,
            $($(#[doc = $doc])* pub $name: u64,)*
        }

        impl Stats {
            /// The counters now.
            #[must_use]
            pub fn counts(&self) -> Counts {
                Counts { requests: self.requests.snapshot(), $($name: self.$name.load(Ordering::Relaxed),)* }
            }
        }

        impl Counts {
            /// Adds another worker's counts.
            pub fn add(&mut self, other: &Self) {
                for &(route, status, count) in &other.requests {
                    match self.requests.iter_mut().find(|(r, s, _)| (*r, *s) == (route, status)) {
                        Some((_, _, sum)) => *sum += count,
                        None => self.requests.push((route, status, count)),
                    }
                }
                $(self.$name += other.$name;)*
            }

            /// Requests as JSON: route, status, number.
            #[must_use]
            pub fn by_route(&self) -> serde_json::Value {
                let mut all = serde_json::json!({});
                for (route, status, count) in &self.requests {
                    all[ROUTES.get(*route).copied().unwrap_or("other")][status.to_string()] = (*count).into();
                }
                all
            }

            /// Name, help and value of each plain counter.
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
    /// Frames that a local delivery or an echo put into a socket's queue.
    deliveries_local,
    /// Frames that a relay put into a socket's queue.
    deliveries_relay,
    /// Local deliveries that found no socket.
    misses_local,
    /// Publishes that no worker heard.
    misses_relay,
    /// Messages given to the bus.
    publishes,
    /// Messages that the bus did not take.
    publish_failures,
    /// Messages heard on the bus and dropped, because no socket of theirs is here (broadcast).
    ignored,
    /// Messages on the bus that could not be read.
    bus_bad_messages,
    /// Times that the subscription was made again after a loss.
    bus_reconnects,
    /// Sockets ended because their reader was too slow (1008).
    slow_readers,
    /// Sockets ended because two pings went unanswered.
    dead_peers,
    /// Sockets ended because nothing was said for too long.
    idle_sockets,
    /// Connections closed because a request's head did not come in time.
    slow_headers,
    /// Connections turned away because the worker had as many as it may have.
    connections_refused,
}

/// Adds one.
pub fn bump(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_route_has_its_label() {
        for label in &ROUTES[..10] {
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
