//! The choice of a pod for a request.

use super::state::State;
use super::{Affinity, Balance, Proxies, Site};
use std::net::IpAddr;
use std::sync::atomic::Ordering;

/// How a request arrived.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Way {
    /// The proxy that it came through.
    pub(crate) proxy: u64,
    /// The pod that its connection is bound to.
    pub(crate) connection: u64,
    pub(crate) from: IpAddr,
}

/// The pod for a request, whether its cookie decided, and the cookie's new value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Chosen {
    pub(crate) pod: u64,
    pub(crate) bound: bool,
    pub(crate) set: Option<String>,
}

impl Site {
    /// The pods that exist at a request.
    fn pods(&self, number: u64) -> u64 {
        self.pods + u64::from(self.joined_after.is_some_and(|after| number > after))
    }

    pub(crate) fn choose(&self, state: &State, (number, path): (u64, &str), way: Way, sent: Option<&str>) -> Chosen {
        let fresh = |pod: u64| {
            let id = state.issued.fetch_add(1, Ordering::SeqCst);
            Some(format!("{}-{id}-{}", self.name_of(pod, way.proxy), super::SECRET))
        };
        let known = || sent.and_then(|value| self.read(state, value, way.proxy)).map(|pod| self.now(pod, number));
        let any = || self.balanced(state);
        match self.affinity {
            Affinity::Persistent | Affinity::NeverReplaced => match known() {
                Some(pod) => Chosen { pod, bound: true, set: None },
                None => {
                    let (pod, replaces) = (any(), sent.is_none() || self.affinity == Affinity::Persistent);
                    Chosen { pod, bound: false, set: if replaces { fresh(pod) } else { None } }
                }
            },
            Affinity::Ring => {
                let set = if sent.is_none() { fresh(0) } else { None };
                let pod = self.on_ring(sent.or(set.as_deref()).unwrap_or_default(), number);
                Chosen { pod, bound: sent.is_some(), set }
            }
            Affinity::HashOfForeignCookie => match sent {
                Some(value) => Chosen { pod: self.on_ring(value, number), bound: true, set: None },
                None => Chosen { pod: any(), bound: false, set: fresh(0) },
            },
            Affinity::Connection => Chosen { pod: way.connection, bound: false, set: fresh(0) },
            Affinity::Source => {
                Chosen { pod: if let IpAddr::V4(from) = way.from { u64::from(from.octets()[3]) % self.pods } else { 0 }, bound: false, set: fresh(0) }
            }
            Affinity::Path => Chosen { pod: self.on_ring(path, number), bound: false, set: fresh(0) },
            Affinity::Nothing => Chosen { pod: any(), bound: false, set: fresh(0) },
        }
    }

    /// A pod's value in a proxy's cookie.
    fn name_of(&self, pod: u64, proxy: u64) -> String {
        match self.proxies {
            Proxies::OwnValues => format!("{proxy}x{pod}"),
            // The other proxy reads another pod from it.
            Proxies::Disagree => ((pod + self.pods - proxy) % self.pods).to_string(),
            Proxies::One | Proxies::Agree | Proxies::DisagreeFor(_) => pod.to_string(),
        }
    }

    /// The pod that a value means to a proxy.
    fn read(&self, state: &State, value: &str, proxy: u64) -> Option<u64> {
        let mut parts = value.split('-');
        let (name, id) = (parts.next()?, parts.next()?);
        if id.parse::<u64>().ok()? >= self.table {
            return None;
        }
        let pod: u64 = match self.proxies {
            Proxies::OwnValues => name.strip_prefix(&format!("{proxy}x"))?.parse().ok()?,
            Proxies::Disagree => (name.parse::<u64>().ok()? + proxy) % self.pods,
            Proxies::DisagreeFor(time) if state.age() < time => (name.parse::<u64>().ok()? + proxy) % self.pods,
            Proxies::One | Proxies::Agree | Proxies::DisagreeFor(_) => name.parse().ok()?,
        };
        (pod < self.pods).then_some(pod)
    }

    fn now(&self, pod: u64, number: u64) -> u64 {
        if self.rehashed_after.is_some_and(|after| number > after) { (pod + 1) % self.pods } else { pod }
    }

    /// The pod with the highest score for a key (rendezvous hashing): a new pod takes a share from each.
    fn on_ring(&self, key: &str, number: u64) -> u64 {
        let key = key.bytes().fold(0, |all, byte| hash(all ^ u64::from(byte)));
        (0..self.pods(number)).max_by_key(|pod| hash(key ^ hash(*pod))).unwrap_or_default()
    }

    /// The pod that the load balancing chooses.
    pub(crate) fn balanced(&self, state: &State) -> u64 {
        let turn = || state.turn.fetch_add(1, Ordering::SeqCst);
        match self.balance {
            Balance::Turns => turn() % self.pods,
            Balance::Random => hash(state.noise.fetch_add(1, Ordering::SeqCst)) % self.pods,
            Balance::Weighted(weights) => {
                let mut current = state.weights.lock().unwrap();
                current.iter_mut().zip(weights).for_each(|(current, weight)| *current += weight);
                let best = (0..weights.len()).rev().max_by_key(|pod| current[*pod]).unwrap_or_default();
                current[best] -= weights.iter().sum::<i64>();
                best as u64
            }
            Balance::LeastConnections => {
                let (busy, turn) = (state.busy.lock().unwrap(), turn());
                let in_turn = (0..self.pods).map(|n| (turn + n) % self.pods);
                in_turn.min_by_key(|pod| busy[*pod as usize]).unwrap_or_default()
            }
            Balance::KeptConnections => state.kept.lock().unwrap().pop().unwrap_or_else(|| turn() % self.pods),
            Balance::SlowStart(first) => {
                let turn = turn();
                if turn < first || !turn.is_multiple_of(10) { 0 } else { 1 + turn / 10 % (self.pods - 1) }
            }
        }
    }
}

/// Mixes a number (splitmix64): the result looks random, but is the same in every run.
pub(crate) fn hash(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
