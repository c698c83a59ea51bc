//! Requests of sessions without some of their cookies: if no answer names a pod, they show whether sessions would be lost without affinity.

use super::running::Running;
use super::session::state::held;
use super::shoot::{Request, cut};
use futures_util::{StreamExt, stream};
use std::collections::BTreeSet;
use std::sync::Mutex;
use sticky_affinity::jar::Jar;
use sticky_affinity::lever::{EXPLORERS, MEASURERS, TIMES, levers, measures};
use sticky_affinity::run::Replay;

impl Running<'_> {
    /// Whether sessions are judged by a symptom, because no answer has named a pod so far.
    pub(super) fn is_by_symptom(&self) -> bool {
        !self.asking.lost_when.is_empty() && self.book.look(|run| run.shots().all(|shot| shot.pod().is_none()))
    }

    /// The last round with the URL's own path: the requests without cookies come before it, and it shows which sessions still exist after them.
    pub(super) fn last_own_round(&self) -> u32 {
        let (later, paths) = (self.asking.sample.later, self.asking.target.later.len() as u32);
        later - later.saturating_sub(1) % paths.max(1)
    }

    /// Tries what sessions can leave out, and if leaving it out both loses and keeps them, measures how often.
    pub(super) async fn replays(&self) {
        if self.asking.lost_when.is_empty() {
            return;
        }
        // A log may still name a pod, so that no symptom is needed.
        self.settle().await;
        if !self.is_by_symptom() || self.book.look(sticky_affinity::run::Run::finds_lost_sessions) {
            return;
        }
        let jars: Vec<Jar> = self.states.iter().map(|state| held(&state.jar).clone()).collect();
        let levers = levers(&jars, self.book.look(|run| !run.values.is_empty()));
        self.book.note(|run| run.levers = levers.iter().map(|names| names.iter().map(|name| cut(name)).collect()).collect());
        let mut rng = fastrand::Rng::with_seed(self.asking.seed);
        // In a fixed order, a proxy that takes pods in turn would answer each lever by the same pod.
        let explore = self.explorers().into_iter().map(|session| {
            let mut tried: Vec<usize> = (0..levers.len()).flat_map(|lever| vec![lever; TIMES as usize]).collect();
            rng.shuffle(&mut tried);
            (session, tried)
        });
        let explore = explore.collect::<Vec<_>>().into_iter().map(async |(session, tried)| {
            for (time, lever) in (1..).zip(tried) {
                self.replay((session, time), (lever, &levers[lever]), false).await;
            }
        });
        stream::iter(explore).buffer_unordered(self.room.size()).collect::<()>().await;
        let Some(lever) = self.book.look(sticky_affinity::run::Run::telling_lever) else { return };
        let mut sessions: Vec<u32> = (0..self.asking.sample.sessions.min(MEASURERS)).collect();
        for time in 1..=measures(sessions.len() as u32) {
            rng.shuffle(&mut sessions);
            let measure = sessions.iter().map(|session| self.replay((*session, time), (lever, &levers[lever]), true));
            stream::iter(measure).buffer_unordered(self.room.size()).collect::<()>().await;
        }
    }

    /// The sessions that try everything: those that were lost, if any, then the others.
    fn explorers(&self) -> Vec<u32> {
        let lost = |session: &u32| self.book.look(|run| run.sessions[*session as usize].shots.iter().skip(1).any(|shot| shot.symptom == Some(true)));
        let (lost, kept): (Vec<u32>, Vec<u32>) = (0..self.asking.sample.sessions).partition(lost);
        lost.into_iter().chain(kept).take(EXPLORERS as usize).collect()
    }

    /// A session's next request, without some cookies. It belongs to the session like any other: what its answer changes is kept.
    async fn replay(&self, (session, time): (u32, u32), (lever, names): (usize, &BTreeSet<String>), measured: bool) {
        let state = &self.states[session as usize];
        let jar = Mutex::new(held(&state.jar).without(names));
        let request = Request { jar: Some(&jar), way: self.asking.way(session, time), ..self.request(session, 1, state) };
        let Some(shot) = self.shoot(request).await else { return };
        if shot.symptom == Some(false) {
            held(&state.jar).renew(&held(&jar));
        }
        self.book.note(|run| run.replays.push(Replay { session: session as usize, lever, measured, shot }));
    }
}
