//! Two simulated front doors in front of the same pods, with the real schedule and the real jar: each outcome, and its neighbours.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::schedule::{mover, newcomer};
use super::verdict::{Judgement, Verdict};
use super::*;
use crate::code::Code;
use crate::cookie::Offer;
use crate::jar::{Jar, Place};
use crate::scenario::Mark;
use crate::seen::{Offered, Outcome, Who};
use check::Check;
use fastrand::Rng;
use http::HeaderMap;
use std::borrow::Cow;
use std::time::{Duration, SystemTime};

const PODS: &[&str] = &["a", "b", "c"];
const PLACE: Place<'_> = Place { host: "shop.example", path: "/shop/", tls: false };

/// What a door does with a cookie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A value of its own dialect is a pod; any other is replaced.
    Persistent,
    /// Any value is hashed, with this salt.
    Ring(u64),
    /// As `Persistent`, but a value that is not its own gets this status.
    Strict(u16),
    /// As `Persistent`, but a value that is not its own is never replaced.
    NeverReplaces,
    /// None.
    NoAffinity,
}

#[derive(Debug, Clone, Copy)]
struct Model {
    name: &'static str,
    path: &'static str,
    /// What its values begin with.
    dialect: &'static str,
    pods: &'static [&'static str],
    kind: Kind,
}

const NGINX: Model = Model { name: "route", path: "/", dialect: "n", pods: PODS, kind: Kind::Persistent };
const TRAEFIK: Model = Model { dialect: "t", ..NGINX };

/// A pod for a key: mixed as in splitmix64.
fn hash(text: &[u8], salt: u64) -> usize {
    text.iter().fold(salt, |all, byte| {
        let z = (all ^ u64::from(*byte)).wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z ^ (z >> 27)
    }) as usize
}

struct World {
    doors: [Model; 2],
    rng: Rng,
    now: u64,
}

impl World {
    fn answer(&mut self, door: Door, sent: Option<&[u8]>) -> (Result<&'static str, u16>, Option<String>) {
        let model = self.doors[door as usize];
        let any = self.rng.choice(model.pods).unwrap();
        let set = |value: String| Some(format!("{}={value}; Path={}", model.name, model.path));
        let own = |value: &[u8]| {
            let text = String::from_utf8(value.to_vec()).ok()?;
            let pod = text.strip_prefix(model.dialect)?.to_owned();
            model.pods.iter().copied().find(|known| *known == pod)
        };
        match (model.kind, sent) {
            (Kind::NoAffinity, _) => (Ok(any), None),
            (Kind::Ring(salt), sent) => {
                let key = format!("k{}", self.rng.u32(..));
                let pod = model.pods[hash(sent.unwrap_or(key.as_bytes()), salt) % model.pods.len()];
                (Ok(pod), if sent.is_none() { set(key) } else { None })
            }
            (kind, Some(value)) => match (own(value), kind) {
                (Some(pod), _) => (Ok(pod), None),
                (None, Kind::Strict(status)) => (Err(status), None),
                (None, Kind::NeverReplaces) => (Ok(any), None),
                (None, _) => (Ok(any), set(format!("{}{any}", model.dialect))),
            },
            (_, None) => (Ok(any), set(format!("{}{any}", model.dialect))),
        }
    }

    fn ask(&mut self, door: Door, jar: Option<&mut Jar>) -> Shot {
        let now = SystemTime::now();
        let mut shot = Shot { at: Duration::from_millis(self.now), took: Duration::from_millis(1), ..Shot::none() };
        self.now += 5;
        let name = self.doors[door as usize].name;
        let header = jar.as_ref().and_then(|jar| jar.header(&PLACE, now)).unwrap_or_default();
        let sent = header.split(|byte| *byte == b';').find_map(|pair| pair.trim_ascii().strip_prefix(format!("{name}=").as_bytes()));
        if let Some(jar) = &jar {
            shot.carried = jar.names(&PLACE, now).into_iter().map(Cow::into_owned).collect();
        }
        let (pod, line) = self.answer(door, sent);
        shot.outcome = match pod {
            Ok(pod) => Outcome::By(Who { pod: pod.to_owned(), worker: None }),
            Err(status) => Outcome::Nameless { status },
        };
        if let (Some(jar), Some(line)) = (jar, line) {
            let headers = HeaderMap::from_iter([(http::header::SET_COOKIE, line.parse().unwrap())]);
            for offer in Offer::all(&headers, now) {
                let (name, attributes) = (offer.label().into_owned(), offer.attributes());
                let overwrites = jar.overwrites(&offer, &PLACE, now);
                let fate = jar.take(offer, &PLACE, now);
                shot.offered.push(Offered { name, attributes, fate, overwrites, lives: None, value: None });
            }
        }
        shot
    }

    fn session(&mut self, doors: Vec<Door>) -> Session {
        let mut jar = Jar::default();
        Session { visits: doors.into_iter().map(|door| Visit { door, shot: self.ask(door, Some(&mut jar)) }).collect() }
    }

    fn reconnect(&mut self) -> Reconnect {
        let mut jar = Jar::default();
        let mut ask = |door| self.ask(door, Some(&mut jar));
        let (first, old, new, after) = (ask(Door::Old), ask(Door::Old), ask(Door::New), ask(Door::New));
        let socket = |opened| Some(Socket { opened, refused_by: None, end: None });
        Reconnect { first: Some(first), old: socket(old), new: socket(new), after: Some(after) }
    }

    fn split(&mut self) -> Split {
        let mut jar = Jar::default();
        let first = Some(self.ask(Door::Old, Some(&mut jar)));
        // All of them send what the jar had before any answer came.
        let mut jars = vec![jar; 8];
        let together = (0..8).map(|n| Visit { door: Door::ALL[n % 2], shot: self.ask(Door::ALL[n % 2], Some(&mut jars[n])) }).collect();
        let mut jar = jars.pop().unwrap();
        let after = (0..3).map(|_| self.ask(Door::New, Some(&mut jar))).collect();
        Split { first, together, after }
    }
}

fn run(old: Model, new: Model, seed: u64) -> Migration {
    let mut world = World { doors: [old, new], rng: Rng::with_seed(seed), now: 0 };
    let doors = Door::ALL.map(|door| Run { controls: (0..60).map(|_| world.ask(door, None)).collect(), ..Run::default() });
    let mut sessions: Vec<Session> = (0..30).map(|n| world.session(mover(13, n))).collect();
    sessions.extend((0..15).map(|_| world.session(newcomer())));
    let splits = (0..10).map(|_| world.split()).collect();
    Migration { doors, sessions, splits, reconnects: (0..10).map(|_| world.reconnect()).collect() }
}

fn judged(old: Model, new: Model, seed: u64) -> Judgement {
    judge(&run(old, new, seed), 0.0)
}

fn codes(judgement: &Judgement) -> Vec<&'static str> {
    judgement.findings.iter().map(|finding| finding.code.word()).collect()
}

/// The same result with every seed.
fn always(old: Model, new: Model, verdict: Verdict, wanted: &[&str]) {
    for seed in 0..10 {
        let judgement = judged(old, new, seed);
        assert_eq!((judgement.verdict, codes(&judgement).as_slice()), (verdict, wanted), "seed {seed}: {:?}", judgement.findings);
    }
}

#[test]
fn nothing_moves_if_each_reads_the_others_values() {
    always(NGINX, NGINX, Verdict::Seamless, &[]);
    let judgement = judged(NGINX, NGINX, 7);
    let seen = judgement.tally.foreign[Door::New as usize];
    assert_eq!((seen.requests, seen.same_pod, judgement.tally.cut_over), (30, 30, (0, 30)));
    assert!(judgement.checks.iter().all(|found| found.mark == Mark::Pass), "{:?}", judgement.checks);
    let ring = Model { kind: Kind::Ring(7), ..NGINX };
    always(ring, ring, Verdict::Seamless, &[]);
}

#[test]
fn one_name_and_two_dialects() {
    always(NGINX, TRAEFIK, Verdict::NotSeamless, &["flip-flop", "moved-at-cut-over"]);
    let judgement = judged(NGINX, TRAEFIK, 7);
    let seen = judgement.tally.foreign[Door::New as usize];
    assert_eq!((seen.replaced, seen.requests), (30, 30));
    let (moved, of) = judgement.tally.cut_over;
    assert!((12..=28).contains(&moved) && of == 30, "two thirds: {moved} of {of}");
    assert!(judgement.findings[0].evident[0].starts_with("Both front doors use one cookie name"));
    assert!(judgement.findings[1].evident[0].starts_with("The new front door cannot read"));
}

#[test]
fn two_names_are_two_pods() {
    let other = Model { name: "_traefik", ..TRAEFIK };
    always(NGINX, other, Verdict::NotSeamless, &["two-names-two-pods"]);
    let judgement = judged(NGINX, other, 7);
    assert_eq!((judgement.tally.foreign[1].added, judgement.checks[Check::Settle as usize].mark), (30, Mark::Pass));
    assert_eq!((judgement.checks[Check::CutOver as usize].mark, judgement.checks[Check::ComeBack as usize].mark), (Mark::Fail, Mark::Pass));
    assert!(judgement.findings[0].detail.ends_with("the old one sets route, the new one _traefik"), "{:?}", judgement.findings);
}

/// Both hash whatever they get, and neither replaces it: two pods as well, but with one cookie.
#[test]
fn two_rings_disagree() {
    let ring = |salt| Model { kind: Kind::Ring(salt), ..NGINX };
    always(ring(1), ring(2), Verdict::NotSeamless, &["proxy-disagreement"]);
    assert_eq!(judged(ring(1), ring(2), 7).tally.foreign[1].replaced, 0);
    always(NGINX, ring(2), Verdict::NotSeamless, &["proxy-disagreement"]);
}

/// The switch is seamless, and a rollback would not be.
#[test]
fn only_the_way_back() {
    let both = Model { kind: Kind::Ring(1), ..NGINX };
    let mut migration = run(both, both, 3);
    for session in migration.sessions.iter_mut().filter(|session| session.visits[0].door == Door::New) {
        let home = session.visits[0].shot.pod().unwrap().to_owned();
        for visit in session.visits.iter_mut().filter(|visit| visit.door == Door::Old) {
            visit.shot.outcome = Outcome::By(Who { pod: if home == "a" { "b" } else { "a" }.to_owned(), worker: None });
        }
    }
    let judgement = judge(&migration, 0.0);
    assert_eq!((judgement.verdict, judgement.tally.roll_back), (Verdict::Seamless, (15, 15)));
    assert_eq!(judgement.checks[Check::RollBack as usize].mark, Mark::Fail);
}

/// The old door reads what the new one sets, but not the other way round.
#[test]
fn moved_once() {
    let mut rng = Rng::with_seed(3);
    let mut migration = run(NGINX, NGINX, 3);
    for session in migration.sessions.iter_mut().filter(|session| session.visits[0].door == Door::Old) {
        let first = session.visits.iter().position(|visit| visit.door == Door::New).unwrap();
        let pod = *rng.choice(PODS).unwrap();
        for visit in &mut session.visits[first..] {
            visit.shot.outcome = Outcome::By(Who { pod: pod.to_owned(), worker: None });
        }
    }
    let judgement = judge(&migration, 0.0);
    assert_eq!((judgement.verdict, codes(&judgement)), (Verdict::NotSeamless, vec!["moved-at-cut-over"]));
    assert_eq!((judgement.tally.back.0, judgement.tally.again.0), (0, 0));
    // A single session is enough, unless some may move.
    let mut one = run(NGINX, NGINX, 3);
    let visits = &mut one.sessions[0].visits;
    let last = visits.iter().rposition(|visit| visit.door == Door::Old).unwrap() + 1;
    let home = visits[0].shot.pod().unwrap().to_owned();
    let pod = PODS.iter().find(|pod| **pod != home).unwrap();
    let first = visits.iter().position(|visit| visit.door == Door::New).unwrap();
    for visit in &mut visits[first..] {
        visit.shot.outcome = Outcome::By(Who { pod: (*pod).to_owned(), worker: None });
    }
    assert!(last > first);
    assert_eq!(codes(&judge(&one, 0.0)), ["moved-at-cut-over"]);
    let tolerant = judge(&one, 0.1);
    assert_eq!((tolerant.verdict, codes(&tolerant)), (Verdict::Inconclusive, vec!["rate-undecided"]));
    assert_eq!(judge(&one, 0.3).verdict, Verdict::Seamless);
}

#[test]
fn errors_on_a_foreign_cookie() {
    let strict = Model { kind: Kind::Strict(400), ..TRAEFIK };
    always(NGINX, strict, Verdict::NotSeamless, &["foreign-cookie-errors"]);
    assert!(
        judged(NGINX, strict, 7).findings[0].detail.contains("at the new front door")
            && judged(NGINX, strict, 7).findings[0].detail.contains("with status 400")
    );
    let other = Model { name: "_traefik", ..strict };
    assert!(!codes(&judged(NGINX, other, 7)).contains(&"foreign-cookie-errors"), "another name is no foreign cookie");
    // A door that fails for everybody is not strict.
    let mut migration = run(NGINX, NGINX, 7);
    for (n, shot) in migration.doors[1].controls.iter_mut().enumerate() {
        if n % 5 == 0 {
            shot.outcome = Outcome::Nameless { status: 503 };
        }
    }
    let failing = |visit: &&mut Visit| visit.door == Door::New;
    for (n, visit) in migration.sessions.iter_mut().flat_map(|session| &mut session.visits).filter(failing).enumerate() {
        if n % 5 == 0 {
            visit.shot.outcome = Outcome::Nameless { status: 503 };
        }
    }
    let judgement = judge(&migration, 0.0);
    assert!(!judgement.findings.iter().any(|finding| finding.code == Code::ForeignCookieErrors), "{:?}", judgement.findings);
    assert_eq!((judgement.verdict, codes(&judgement)[0]), (Verdict::Inconclusive, "error-rate"));
}

#[test]
fn two_cookies_of_one_name() {
    let rule = Model { path: "/shop", ..NGINX };
    always(rule, TRAEFIK, Verdict::NotSeamless, &["two-cookies-one-name"]);
    assert_eq!(judged(rule, TRAEFIK, 7).tally.doubled, (45, 45));
    // The same path: one cookie.
    assert!(!codes(&judged(Model { path: "/shop", ..NGINX }, Model { path: "/shop", ..TRAEFIK }, 7)).contains(&"two-cookies-one-name"));
}

/// The new door neither reads the foreign cookie nor replaces it.
#[test]
fn never_replaced() {
    always(NGINX, Model { kind: Kind::NeverReplaces, ..TRAEFIK }, Verdict::NotSeamless, &["dead-cookie-unsettled"]);
}

#[test]
fn a_door_that_does_not_keep_its_own() {
    always(NGINX, Model { kind: Kind::NoAffinity, ..TRAEFIK }, Verdict::NotSeamless, &["no-affinity-cookie"]);
    let judgement = judged(Model { kind: Kind::NoAffinity, ..NGINX }, TRAEFIK, 7);
    assert_eq!(
        (judgement.verdict, codes(&judgement), judgement.findings[0].check),
        (Verdict::NotSeamless, vec!["no-affinity-cookie"], Check::OldDoor)
    );
    assert!(judgement.findings[0].detail.starts_with("at the old front door, "));
}

#[test]
fn other_pods() {
    let elsewhere = Model { pods: &["x", "y", "z"], ..TRAEFIK };
    always(NGINX, elsewhere, Verdict::NotSeamless, &["other-pods"]);
    let judgement = judged(NGINX, elsewhere, 7);
    assert_eq!((judgement.tally.forced, judgement.tally.cut_over), (30, (30, 30)));
    // One pod in common is enough to have a choice.
    let some = Model { pods: &["a", "y", "z"], ..TRAEFIK };
    assert!(!codes(&judged(NGINX, some, 7)).contains(&"other-pods"));
}

#[test]
fn one_pod_proves_nothing() {
    let alone = |model| Model { pods: &["a"], ..model };
    let judgement = judged(alone(NGINX), alone(TRAEFIK), 7);
    assert_eq!((judgement.verdict, codes(&judgement)), (Verdict::Inconclusive, vec!["single-backend-path", "single-backend-path"]));
    // Two names, and nobody to move to at the new door.
    let judgement = judged(NGINX, alone(TRAEFIK), 7);
    assert_eq!(judgement.verdict, Verdict::NotSeamless, "sessions do move: {:?}", codes(&judgement));
}

/// A door that reads no cookie of the other sends some sessions to their pod by chance; it must never be called seamless.
#[test]
fn chance_is_not_seamless() {
    for pods in [&["a", "b"][..], &["a", "b", "c"]] {
        for seed in 0..10 {
            let (old, new) = (Model { pods, ..NGINX }, Model { pods, name: "_traefik", ..TRAEFIK });
            assert_ne!(judged(old, new, seed).verdict, Verdict::Seamless, "seed {seed}");
        }
    }
}

#[test]
fn only_sockets_or_only_split_pages() {
    let mut migration = run(NGINX, NGINX, 7);
    let elsewhere = |shot: &mut Shot| shot.outcome = Outcome::By(Who { pod: format!("{}x", shot.pod().unwrap()), worker: None });
    for one in &mut migration.reconnects[..4] {
        elsewhere(&mut one.new.as_mut().unwrap().opened);
    }
    let judgement = judge(&migration, 0.0);
    assert_eq!((judgement.verdict, codes(&judgement)), (Verdict::NotSeamless, vec!["socket-elsewhere"]));
    let mut migration = run(NGINX, NGINX, 7);
    for one in &mut migration.reconnects {
        one.new.as_mut().unwrap().opened.outcome = Outcome::Nameless { status: 400 };
    }
    assert_eq!(codes(&judge(&migration, 0.0)), ["upgrade-failed"]);
    let mut migration = run(NGINX, NGINX, 7);
    for split in &mut migration.splits[..2] {
        elsewhere(&mut split.after[1]);
    }
    assert_eq!(codes(&judge(&migration, 0.0)), ["parallel-unsettled"]);
}

/// Ctrl-C may come at any time.
#[test]
fn what_is_cut_short_is_judged_all_the_same() {
    let whole = run(NGINX, TRAEFIK, 7);
    for left in 0..13 {
        let mut migration = whole.clone();
        migration.sessions.iter_mut().for_each(|session| session.visits.truncate(left));
        migration.splits.clear();
        migration.reconnects.clear();
        let judgement = judge(&migration, 0.0);
        assert_ne!(judgement.verdict, Verdict::Seamless, "{left}");
    }
    assert_eq!(judge(&Migration::default(), 0.0).verdict, Verdict::Inconclusive);
}
