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
