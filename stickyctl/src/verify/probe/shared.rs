//! Requests on connections that are kept open: those of clients without cookies, and those of several sessions that share one.

use super::ask::Connection;
use super::asking::{KEPT, ON_KEPT, ON_SHARED, TURNS};
use super::running::Running;
use super::shoot::{Request, send_on};
use futures_util::{StreamExt, stream};
use sticky_affinity::seen::Shot;

impl Running<'_> {
    /// Requests of clients without cookies that keep their connections open.
    pub(super) async fn kept(&self) {
        if !self.asking.reuse {
            return;
        }
        let all = (0..KEPT).map(|n| async move {
            let (mut line, mut shots, state) = (None, Vec::new(), self.fresh());
            for m in 0..ON_KEPT {
                let Some(shot) = self.on(&mut line, Request { round: m, ..self.control(n, 1, &state) }).await else { break };
                let lost = shot.is_lost();
                shots.push(shot);
                // A site that closes connections after each answer keeps none.
                if lost {
                    break;
                }
            }
            shots
        });
        let mut all = stream::iter(all).buffered(self.room.size());
        while let Some(shots) = all.next().await {
            self.book.note(|run| run.kept.push(shots));
        }
    }

    /// Requests of several sessions that take turns on a connection, as those of a CDN's users do.
    pub(super) async fn shared(&self) {
        if !self.asking.shared {
            return;
        }
        let sessions: Vec<u32> = (0..self.asking.sharing()).collect();
        let all = sessions.chunks(ON_SHARED as usize).map(|sharing| async move {
            let (mut line, mut shots) = (None, Vec::new());
            let turns = (1..=TURNS).flat_map(|turn| sharing.iter().map(move |n| (turn, *n)));
            for (turn, n) in turns {
                // One way for all: a connection has one address.
                let request = Request { way: self.asking.way(sharing[0], 0), ..self.request(n, turn, &self.states[n as usize]) };
                let Some(shot) = self.on(&mut line, request).await else { continue };
                let (lost, is_first) = (shot.is_lost(), shots.is_empty());
                // If it is not the first, the site has closed the connection, which says nothing about the session.
                if !lost || is_first {
                    shots.push((n as usize, shot));
                }
                if lost {
                    break;
                }
            }
            shots
        });
        let mut all = stream::iter(all).buffered(self.room.size());
        while let Some(shots) = all.next().await {
            self.book.note(|run| run.shared.push(shots));
        }
    }

    /// One request on a connection, which it opens if there is none yet; `None` if it names a value that its session lacks.
    async fn on(&self, line: &mut Option<Connection>, request: Request<'_>) -> Option<Shot> {
        let filled = request.filled(self.asking)?;
        self.pace.turn().await;
        let (shot, _) = send_on(self.asking, self.book, line, request, &filled).await;
        self.tick();
        Some(shot)
    }
}
