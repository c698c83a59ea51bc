//! Made-up reports, for tests of every form of a report and for the documentation.

use super::build::About;
use super::model::Report;
use crate::exit::Exit;
use fastrand::Rng;
use std::time::Duration;
use sticky_affinity::jar::Fate;
use sticky_affinity::migrate::schedule::{mover, newcomer};
use sticky_affinity::migrate::verdict::Verdict;
use sticky_affinity::migrate::{Door, Migration, Session, Visit, judge};
use sticky_affinity::run::Run;
use sticky_affinity::seen::{Offered, Outcome, Shot, Who};

/// What the two doors of a sample do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Both read one cookie alike.
    Seamless,
    /// Each replaces the other's cookie.
    FlipFlop,
    /// Each has a cookie of its own name.
    TwoNames,
    /// The new one leads to other pods.
    OtherPods,
    /// No answer names its pod.
    Nobody,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Seamless, Self::FlipFlop, Self::TwoNames, Self::OtherPods, Self::Nobody];
}

const OLD: [&str; 3] = ["shop-7d9c-4xk2p", "shop-7d9c-9qvtz", "shop-7d9c-m8w6l"];
const NEW: [&str; 3] = ["shop-6f5b-2hjdn", "shop-6f5b-7rsgc", "shop-6f5b-zv4tk"];

/// The report of a sample.
#[must_use]
pub fn report(kind: Kind) -> Report {
    let run = run(kind);
    let judgement = judge(&run, 0.0);
    let exit = match judgement.verdict {
        Verdict::Seamless => Exit::Done,
        Verdict::NotSeamless => Exit::Negative,
        Verdict::Inconclusive => Exit::Inconclusive,
    };
    let about = About {
        urls: ["http://shop.example/", "http://10.0.0.8/"].map(str::to_owned),
        host: "shop.example".to_owned(),
        command: "stickyctl verify --from http://shop.example/ --to http://10.0.0.8/".to_owned(),
        began: "2026-11-30T08:00:00Z".to_owned(),
        took: Duration::from_millis(5_210),
        seed: 7,
        partial: false,
        exit,
        planned: (875, 20),
        sessions: (30, 15),
        controls: 60,
        identity: "header:x-pod".to_owned(),
        tolerated: 0.0,
    };
    Report::new(&about, &run, &judgement)
}

fn run(kind: Kind) -> Migration {
    let (mut rng, mut at) = (Rng::with_seed(7), 0);
    let pods = |door| if kind == Kind::OtherPods && door == Door::New { NEW } else { OLD };
    let mut shot = |pod: &str| {
        at += 5;
        let outcome = if kind == Kind::Nobody { Outcome::Nameless { status: 200 } } else { Outcome::By(Who { pod: pod.to_owned(), worker: None }) };
        Shot { at: Duration::from_millis(at), took: Duration::from_millis(3), outcome, ..Shot::none() }
    };
    let controls = Door::ALL.map(|door| (0..60).map(|n| shot(pods(door)[n % 3])).collect());
    let doors = controls.map(|controls| Run { controls, identity: "header:x-pod".to_owned(), ..Run::default() });
    let mut session = |doors: Vec<Door>| {
        let homes = [rng.usize(..3), rng.usize(..3)];
        let mut session = Session::default();
        let (mut place, mut before): (usize, Option<Door>) = (homes[0], None);
        for door in doors {
            if before.is_some_and(|before| before != door) && kind == Kind::FlipFlop {
                place = rng.usize(..3);
            }
            if matches!(kind, Kind::TwoNames | Kind::OtherPods) {
                place = homes[door as usize];
            }
            let is_first_here = session.visits.iter().all(|visit: &Visit| visit.door != door);
            let mut shot = shot(pods(door)[place]);
            let name = if kind == Kind::TwoNames && door == Door::New { "_traefik" } else { "route" };
            let sets = before.is_none() || (kind == Kind::FlipFlop && before != Some(door)) || (kind == Kind::TwoNames && is_first_here);
            if sets {
                let overwrites = before.is_some() && kind == Kind::FlipFlop;
                shot.offered.push(Offered {
                    name: name.to_owned(),
                    attributes: "Path=/".to_owned(),
                    fate: Fate::Kept,
                    overwrites,
                    lives: None,
                    value: None,
                });
            }
            if before.is_some() {
                shot.carried.push("route".to_owned());
            }
            session.visits.push(Visit { door, shot });
            before = Some(door);
        }
        session
    };
    let sessions = (0..30).map(|n| mover(13, n)).chain((0..15).map(|_| newcomer())).map(&mut session).collect();
    Migration { doors, sessions, ..Migration::default() }
}
