//! What a worker keeps in its memory for sessions: one value for each, bounded in number and in time.
//!
//! The time is passed in, so that a value can expire in a test without waiting.

use crate::ids::ClientId;
use lru::LruCache;
use std::hash::RandomState;
use std::time::{Duration, Instant};

#[derive(Debug)]
struct Kept<V> {
    value: V,
    used: Instant,
}

/// At most so many values, each until it is unused for too long. One more takes the place of the least recently used one.
#[derive(Debug)]
pub struct Shelf<V> {
    /// In the order of their last use. Unbounded, because a bounded one reserves memory for its most at once.
    kept: LruCache<ClientId, Kept<V>, RandomState>,
    most: usize,
    ttl: Duration,
}

impl<V> Shelf<V> {
    /// An empty shelf for `most` values (at least one), which expire when they are unused for `ttl`.
    #[must_use]
    pub fn new(most: usize, ttl: Duration) -> Self {
        Self { kept: LruCache::unbounded_with_hasher(RandomState::new()), most: most.max(1), ttl }
    }

    /// Drops what has expired; returns how many values that were.
    pub fn expire(&mut self, now: Instant) -> usize {
        let before = self.kept.len();
        while self.kept.peek_lru().is_some_and(|(_, kept)| now.saturating_duration_since(kept.used) >= self.ttl) {
            self.kept.pop_lru();
        }
        before - self.kept.len()
    }

    /// The session's value, unless it has expired. This is a use of it.
    pub fn get(&mut self, id: &ClientId, now: Instant) -> Option<&mut V> {
        let ttl = self.ttl;
        let kept = self.kept.get_mut(id).filter(|kept| now.saturating_duration_since(kept.used) < ttl)?;
        kept.used = now;
        Some(&mut kept.value)
    }

    /// Puts the session's value in place of the one that it had; returns whether another session's had to go.
    pub fn put(&mut self, id: ClientId, value: V, now: Instant) -> bool {
        self.kept.push(id, Kept { value, used: now });
        let full = self.kept.len() > self.most;
        if full {
            self.kept.pop_lru();
        }
        full
    }

    /// Takes the session's value out.
    pub fn remove(&mut self, id: &ClientId) -> Option<V> {
        self.kept.pop(id).map(|kept| kept.value)
    }

    /// Drops the least recently used value; `false` if there is none.
    pub fn drop_oldest(&mut self) -> bool {
        self.kept.pop_lru().is_some()
    }

    /// The number of values, including expired ones that nobody has dropped yet.
    #[must_use]
    pub fn len(&self) -> usize {
        self.kept.len()
    }

    /// Whether there is no value.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashMap;

    const TTL: Duration = Duration::from_secs(10);

    fn id(n: u8) -> ClientId {
        ClientId::from_random([n; 16])
    }

    #[test]
    fn the_least_recently_used_one_goes_first() {
        let (mut shelf, now) = (Shelf::new(2, TTL), Instant::now());
        assert!(!shelf.put(id(1), "a", now) && !shelf.put(id(2), "b", now));
        assert_eq!(shelf.get(&id(1), now), Some(&mut "a"));
        assert!(shelf.put(id(3), "c", now));
        assert!(shelf.get(&id(1), now).is_some() && shelf.get(&id(2), now).is_none() && shelf.len() == 2);
        assert!(!shelf.put(id(1), "d", now), "its own place is free");
        assert_eq!((shelf.remove(&id(1)), shelf.remove(&id(1)), shelf.len()), (Some("d"), None, 1));
        assert!(shelf.drop_oldest() && !shelf.drop_oldest() && shelf.is_empty());
    }

    #[test]
    fn what_is_unused_for_too_long_is_gone() {
        let (mut shelf, now) = (Shelf::new(9, TTL), Instant::now());
        shelf.put(id(1), 1, now);
        shelf.put(id(2), 2, now);
        assert!(shelf.get(&id(1), now + TTL / 2).is_some(), "and each use counts");
        assert_eq!(shelf.expire(now + TTL - Duration::from_millis(1)), 0);
        assert_eq!(shelf.get(&id(2), now + TTL), None, "before anybody has dropped it");
        shelf.put(id(3), 3, now + TTL);
        let mut early = Shelf::new(9, TTL);
        early.put(id(1), 1, now + TTL);
        assert_eq!((early.expire(now), early.len()), (0, 1), "clocks of two threads may differ");
    }

    #[test]
    fn dropping_the_expired_ones_leaves_the_others() {
        let (mut shelf, now) = (Shelf::new(9, TTL), Instant::now());
        for n in 0..4 {
            shelf.put(id(n), n, now + u32::from(n) * TTL / 4);
        }
        assert_eq!((shelf.expire(now + TTL + TTL / 4), shelf.len()), (2, 2));
        assert!(shelf.get(&id(2), now + TTL).is_some());
    }

    proptest! {
        #[test]
        fn it_never_holds_more_than_its_most(uses in prop::collection::vec((0..20_u8, any::<bool>()), 0..200), most in 1..8_usize) {
            let (mut shelf, now, mut last) = (Shelf::new(most, TTL), Instant::now(), HashMap::new());
            for (place, (n, put)) in uses.into_iter().enumerate() {
                if put {
                    shelf.put(id(n), place, now);
                    last.insert(n, place);
                } else if let Some(value) = shelf.get(&id(n), now) {
                    prop_assert_eq!(last.get(&n), Some(&*value), "it is the session's own and its latest");
                }
                prop_assert!(shelf.len() <= most);
            }
        }
    }
}
