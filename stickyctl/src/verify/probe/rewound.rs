//! Requests of sessions that moved, with the values that their cookies had at first.

use super::asking::{MANY, REWOUND};
use super::running::Running;
use super::session::state::{State, held};
use std::sync::Mutex;

impl Running<'_> {
    /// If answers changed a cookie that sessions sent, the first value may be the one that works. Each request sends first values only,
    /// whatever the answer to the last one set.
    pub(super) async fn rewound(&self) {
        let asked: Vec<(usize, u32)> = self.book.look(|run| {
            let moved = run.moved().into_iter().filter(|(session, _)| run.sessions[*session].is_overwritten());
            moved.map(|(session, shot)| (session, shot.round)).take(MANY as usize).collect()
        });
        for again in 0..REWOUND {
            for (session, round) in &asked {
                let state = &self.states[*session];
                let state = State { jar: Mutex::new(held(&state.jar).rewound()), values: Mutex::new(held(&state.values).clone()) };
                // By another address, if there are several: a value that only one of the proxies knows does not work.
                let shot = self.shoot(self.request(*session as u32, round + again, &state)).await;
                self.book.note(|run| run.rewound.extend(shot.map(|shot| (*session, shot))));
            }
        }
    }
}
