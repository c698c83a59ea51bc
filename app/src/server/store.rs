//! The cursors and models that a worker keeps, each charged to the memory budget.

use crate::server::desk::Desk;
use crate::server::memory::{Charge, Memory};
use crate::server::reply::Problem;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;
use sticky_core::download::Cursor;
use sticky_core::ids::ClientId;
use sticky_core::limits::Limits;
use sticky_core::memory;
use sticky_core::model::{LOADING, Model};
use sticky_core::shelf::Shelf;
use sticky_core::stats::bump;
use tokio::sync::OnceCell;

/// What a worker keeps for sessions. A plain mutex for each shelf: it is held for a look-up or an insert, never across an await.
pub(crate) struct Store {
    cursors: Mutex<Shelf<Download>>,
    models: Mutex<Shelf<Arc<Place>>>,
    desk: Arc<Desk>,
    memory: Arc<Memory>,
}

struct Download {
    cursor: Cursor,
    _charge: Charge,
}

/// The place of a session's model. Who loads it holds it too, so its charge ends when nobody needs it any more.
pub(crate) struct Place {
    model: OnceCell<Model>,
    _charge: Charge,
}

/// A lock that a panicking request left behind is fine: no change of a shelf has steps in between.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Store {
    /// An empty store; `desk` counts what happens to it.
    pub(crate) fn new(limits: &Limits, desk: Arc<Desk>, memory: Arc<Memory>) -> Self {
        let (cursors, models) = (Shelf::new(limits.max_cursors, limits.use_case_ttl), Shelf::new(limits.max_models, limits.use_case_ttl));
        Self { cursors: Mutex::new(cursors), models: Mutex::new(models), desk, memory }
    }

    /// Puts a cursor of the session, in place of one that it may have.
    ///
    /// # Errors
    /// 503 if the memory budget has no room, even without all other cursors.
    pub(super) fn open(&self, id: ClientId, cursor: Cursor, now: Instant) -> Result<(), Problem> {
        let (mut shelf, stats) = (lock(&self.cursors), &self.desk.stats);
        self.drop_expired(&mut shelf, now);
        if let Some(download) = shelf.get(&id, now) {
            download.cursor = cursor;
        } else {
            let (charge, mut evicted) = self.charge(&mut shelf, memory::CURSOR);
            if let Some(_charge) = charge {
                evicted += u64::from(shelf.put(id, Download { cursor, _charge }, now));
                stats.cursor_evictions.fetch_add(evicted, Ordering::Relaxed);
            } else {
                stats.cursor_evictions.fetch_add(evicted, Ordering::Relaxed);
                return Err(no_room("cursor"));
            }
        }
        bump(&stats.cursors_opened);
        Ok(())
    }

    /// The cursor of the session, which moves on; after the last piece it is gone. `None` if there is none here.
    pub(super) fn advance(&self, id: &ClientId, now: Instant) -> Option<Cursor> {
        let mut shelf = lock(&self.cursors);
        self.drop_expired(&mut shelf, now);
        let Some(download) = shelf.get(id, now) else {
            bump(&self.desk.stats.cursor_misses);
            return None;
        };
        let cursor = download.cursor;
        match cursor.after() {
            Some(next) => download.cursor = next,
            None => drop(shelf.remove(id)),
        }
        bump(&self.desk.stats.pieces);
        Some(cursor)
    }

    /// The place of the session's model, which may have to be loaded.
    ///
    /// # Errors
    /// 503 if the memory budget has no room, even without all other models.
    pub(super) fn place(&self, id: ClientId, now: Instant) -> Result<Arc<Place>, Problem> {
        let (mut shelf, stats) = (lock(&self.models), &self.desk.stats);
        self.drop_expired(&mut shelf, now);
        if let Some(place) = shelf.get(&id, now) {
            return Ok(place.clone());
        }
        let (charge, evicted) = self.charge(&mut shelf, memory::MODEL);
        stats.model_evictions.fetch_add(evicted, Ordering::Relaxed);
        let place = Arc::new(Place { model: OnceCell::new(), _charge: charge.ok_or_else(|| no_room("model"))? });
        if shelf.put(id, place.clone(), now) {
            bump(&stats.model_evictions);
        }
        Ok(place)
    }

    /// Drops cursors and models that are unused for too long.
    pub(crate) fn expire(&self, now: Instant) {
        self.drop_expired(&mut lock(&self.cursors), now);
        self.drop_expired(&mut lock(&self.models), now);
    }

    fn drop_expired<V>(&self, shelf: &mut Shelf<V>, now: Instant) {
        self.desk.stats.use_case_expirations.fetch_add(shelf.expire(now) as u64, Ordering::Relaxed);
    }

    /// A charge for something on this shelf, and how many others had to go for it.
    fn charge<V>(&self, shelf: &mut Shelf<V>, price: usize) -> (Option<Charge>, u64) {
        let mut evicted = 0;
        loop {
            let charge = self.memory.kept(price);
            if charge.is_some() || !shelf.drop_oldest() {
                if charge.is_none() {
                    bump(&self.desk.stats.memory_refusals);
                }
                return (charge, evicted);
            }
            evicted += 1;
        }
    }
}

impl Place {
    /// The model, and whether it had to be waited for. Requests that come while it is loaded wait for the same load; if the request
    /// that loads it is cancelled, the next one begins again.
    pub(super) async fn loaded(&self, id: &ClientId, desk: &Desk) -> (&Model, bool) {
        let cold = !self.model.initialized();
        if !cold {
            bump(&desk.stats.model_hits);
        }
        let load = async || {
            tokio::time::sleep(LOADING).await;
            bump(&desk.stats.model_loads);
            Model::load(id)
        };
        (self.model.get_or_init(load).await, cold)
    }
}

fn no_room(what: &str) -> Problem {
    Problem::new(503, "busy", format!("this worker has no memory left for another {what}; try again, another may have room")).retry_after(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use sticky_core::choice::Expose;
    use sticky_core::identity::{Identity, PodName};
    use sticky_core::topology::Door;
    use sticky_core::version::Version;

    const TTL: Duration = Duration::from_secs(60);

    /// A store with room for so many cursors and models, and a budget with room for so many models.
    fn store(most: usize, models: usize) -> Store {
        let limits = Limits { max_cursors: most, max_models: most, use_case_ttl: TTL, ..Limits::default() };
        let identity = Identity::new(PodName::new("a").unwrap(), 0, 1, "b".into(), Expose::Full, Version::own());
        // A sixteenth of a budget is for what is kept.
        Store::new(&limits, Desk::new(identity, Door::default(), &limits, true), Memory::new(16 * models * memory::MODEL))
    }

    fn id(n: u8) -> ClientId {
        ClientId::from_random([n; 16])
    }

    fn first() -> Cursor {
        Cursor::from_query(None).unwrap()
    }

    fn evictions(store: &Store) -> (u64, u64, u64) {
        let counts = store.desk.stats.counts();
        (counts.cursor_evictions, counts.model_evictions, counts.use_case_expirations)
    }

    #[test]
    fn one_more_takes_the_oldest_place_and_its_memory() {
        let (store, now) = (store(2, 100), Instant::now());
        for n in 0..3 {
            assert!(store.open(id(n), first(), now).is_ok() && store.place(id(n), now).is_ok());
        }
        assert!(store.advance(&id(0), now).is_none() && store.advance(&id(1), now).is_some());
        assert_eq!((evictions(&store), store.memory.used()), ((1, 1, 0), 2 * (memory::CURSOR + memory::MODEL)));
    }

    #[test]
    fn what_is_unused_gives_its_memory_back() {
        let (store, now) = (store(9, 100), Instant::now());
        assert!(store.open(id(1), first(), now).is_ok() && store.place(id(1), now).is_ok());
        assert!(store.open(id(2), first(), now + TTL / 2).is_ok());
        store.expire(now + TTL);
        assert_eq!((evictions(&store), store.memory.used()), ((0, 0, 2), memory::CURSOR));
        assert!(store.advance(&id(1), now + TTL).is_none() && store.advance(&id(2), now + TTL).is_some());
    }

    #[test]
    fn a_cursor_ends_with_its_last_piece() {
        let (store, now) = (store(9, 100), Instant::now());
        assert!(store.open(id(1), first(), now).is_ok() && store.open(id(1), first(), now).is_ok());
        assert_eq!(store.memory.used(), memory::CURSOR, "a session has one");
        let pieces: Vec<_> = std::iter::from_fn(|| store.advance(&id(1), now)).map(Cursor::next).collect();
        assert_eq!((pieces, store.memory.used()), ((0..12).collect(), 0));
    }

    #[test]
    fn without_memory_the_oldest_go_and_then_the_answer_is_busy() {
        let (store, now) = (store(9, 2), Instant::now());
        for n in 0..3 {
            assert!(store.place(id(n), now).is_ok());
        }
        assert_eq!(evictions(&store), (0, 1, 0), "the limit of models is not reached, but that of memory");
        let others = store.memory.kept(0).unwrap();
        store.expire(now + TTL);
        assert!(others.set(2 * memory::MODEL), "now something else uses it");
        assert!(store.place(id(5), now).is_err() && store.open(id(5), first(), now).is_err());
        assert_eq!(store.desk.stats.counts().memory_refusals, 2);
        drop(others);
        assert!(store.place(id(5), now).is_ok() && store.open(id(5), first(), now).is_ok());
    }

    /// This one waits for real loads: three of them.
    #[tokio::test]
    async fn a_model_is_loaded_once_and_a_cancelled_load_begins_again() {
        let (store, now) = (store(1, 100), Instant::now());
        let place = store.place(id(1), now).ok().unwrap();
        let load = async |id: ClientId, place: &Arc<Place>| place.loaded(&id, &store.desk).await.1;
        let loads = || store.desk.stats.counts().model_loads;

        // Its client goes away at once; the other one waits, and begins again.
        let gone = tokio::time::timeout(LOADING / 8, load(id(1), &place));
        let (gone, cold) = tokio::join!(gone, load(id(1), &place));
        assert!(gone.is_err() && cold && loads() == 1);
        assert!(!load(id(1), &place).await && loads() == 1);

        let other = store.place(id(2), now).ok().unwrap();
        let (one, two) = tokio::join!(load(id(2), &other), load(id(2), &other));
        assert!(one && two && loads() == 2, "both found it cold, and it was loaded once");
        assert_eq!(store.desk.stats.counts().model_hits, 1);

        let again = store.place(id(1), now).ok().unwrap();
        assert!(load(id(1), &again).await && loads() == 3, "it was evicted");
        drop((place, other));
        assert_eq!(store.memory.used(), memory::MODEL, "the evicted ones cost nothing once nobody uses them");
    }
}
