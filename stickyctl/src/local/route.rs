//! The front door's choice: which pod a request goes to. Pure.

use std::hash::BuildHasher;
use sticky_core::choice::Issuer;
use sticky_core::cookie;
use sticky_core::topology::Affinity;

/// The cookie that the front door sets if it is the issuer.
pub(super) const COOKIE: &str = "sticky_local";

/// A candidate for a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Candidate {
    pub pod: String,
    /// The value of its cookie: opaque, and not to be guessed from the name.
    pub token: String,
    /// It drains: it keeps its sessions while it can, and gets no new ones.
    pub draining: bool,
}

/// The order in which pods are tried, and the cookie that goes with the first.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Choice {
    /// Places in the list of candidates; the first that takes the connection gets the request.
    pub order: Vec<usize>,
    /// The place that the request's cookie names: its answer needs no new cookie.
    pub bound: Option<usize>,
}

/// Chooses a pod. `turn` counts requests, for round robin; `hash` is random for each run.
pub(super) fn choose(pods: &[Candidate], cookies: &str, affinity: Affinity, issuer: Issuer, turn: usize, hash: &impl BuildHasher) -> Choice {
    let fresh: Vec<usize> = (0..pods.len()).filter(|i| !pods[*i].draining).collect();
    let round_robin = (0..fresh.len()).map(|i| fresh[(turn + i) % fresh.len()]);
    let bound = match (affinity, issuer) {
        (Affinity::Cookie, Issuer::Proxy) => cookie::value(cookies, COOKIE).and_then(|token| pods.iter().position(|p| p.token == token)),
        (Affinity::Cookie, Issuer::App) => {
            cookie::value(cookies, cookie::STICKY_STR).filter(|v| !v.is_empty()).and_then(|value| consistent(pods, &fresh, value, hash))
        }
        _ => None,
    };
    let order = bound.into_iter().chain(round_robin.filter(|i| Some(*i) != bound)).collect();
    Choice { order, bound }
}

/// Rendezvous hashing (highest random weight): a cookie keeps its pod when other pods come or go. Like nginx's
/// `hash … consistent`, it depends on the value alone.
fn consistent(pods: &[Candidate], fresh: &[usize], value: &str, hash: &impl BuildHasher) -> Option<usize> {
    fresh.iter().copied().max_by_key(|i| hash.hash_one((value, &pods[*i].pod)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::hash::RandomState;

    fn pods(n: usize) -> Vec<Candidate> {
        (0..n).map(|i| Candidate { pod: format!("app-{i}"), token: format!("t{i}"), draining: false }).collect()
    }

    #[test]
    fn without_a_cookie_it_is_round_robin() {
        let (pods, hash) = (pods(3), RandomState::new());
        let firsts: Vec<_> = (0..6).map(|turn| choose(&pods, "", Affinity::Cookie, Issuer::Proxy, turn, &hash).order[0]).collect();
        assert_eq!(firsts, [0, 1, 2, 0, 1, 2]);
    }

    #[test]
    fn a_cookie_binds_and_a_foreign_one_does_not() {
        let (pods, hash) = (pods(3), RandomState::new());
        for turn in 0..5 {
            let bound = choose(&pods, "x=1; sticky_local=t2", Affinity::Cookie, Issuer::Proxy, turn, &hash);
            assert_eq!((bound.order[0], bound.bound), (2, Some(2)));
            assert_eq!(bound.order.len(), 3, "the others follow, for when it is gone");
        }
        assert_eq!(choose(&pods, "sticky_local=zz", Affinity::Cookie, Issuer::Proxy, 1, &hash), Choice { order: vec![1, 2, 0], bound: None });
        assert_eq!(choose(&pods, "sticky_local=t2", Affinity::Off, Issuer::Proxy, 0, &hash).order[0], 0);
    }

    #[test]
    fn a_pod_that_drains_keeps_its_sessions_and_gets_no_new_ones() {
        let (mut pods, hash) = (pods(3), RandomState::new());
        pods[1].draining = true;
        assert!((0..9).all(|turn| choose(&pods, "", Affinity::Cookie, Issuer::Proxy, turn, &hash).order[0] != 1));
        assert_eq!(choose(&pods, "sticky_local=t1", Affinity::Cookie, Issuer::Proxy, 0, &hash).order[0], 1);
    }

    #[test]
    fn the_seeds_cookie_keeps_its_pod_when_others_come_and_spreads_over_all() {
        let hash = RandomState::new();
        let at = |pods: &[Candidate], n: usize| choose(pods, &format!("StickyStr=abc{n}-by-x"), Affinity::Cookie, Issuer::App, n, &hash).order[0];
        let (three, four) = (pods(3), pods(4));
        let mut seen = [0; 3];
        for n in 0..300 {
            let before = at(&three, n);
            seen[before] += 1;
            let after = at(&four, n);
            assert!(after == before || after == 3, "only the new pod takes sessions over");
        }
        assert!(seen.iter().all(|n| *n > 50), "{seen:?}");
    }

    #[test]
    fn no_pod_is_no_choice() {
        assert!(choose(&[], "", Affinity::Cookie, Issuer::Proxy, 0, &RandomState::new()).order.is_empty());
    }
}
