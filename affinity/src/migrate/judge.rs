//! The verdict on a move between two front doors.
//!
//! If one of the doors does not keep its own sessions, sessions move whatever their cookies are, and nothing is said about the other's
//! cookies. If both do, moves between them are counted by session: a session that was on one pod and is on another was moved, whatever the
//! odds. That no session moves is proof only where chance alone would have moved some.

use super::check::Check;
use super::tally::Tally;
use super::verdict::{Finding, Judgement, Verdict};
use super::{Crossing, Door, Migration, Session, Took};
use crate::bounds::{self, CHANCE};
use crate::code::Code;
use crate::verdict::{self, Found};
use std::collections::BTreeMap;

/// If so many of the sessions that moved are on one pod at each door, the doors have a pod each for them: the rest met it by chance.
const MOSTLY: f64 = 0.9;
/// If so many sockets cannot be opened at the new door, that is more than bad luck.
const REFUSED: f64 = 0.1;
/// Reasons why a door's run shows nothing about pods at all.
const BLIND: [Code; 6] = [Code::NoIdentity, Code::NoLogLine, Code::IdentityUnstable, Code::Cached, Code::ErrorRate, Code::Transport];

const UNREADABLE: &str = "The new front door cannot read the old one's cookie values, and picks any pod";
const HASHED: &str = "Each front door hashes the cookie in its own way";
const IGNORED: &str = "The new front door ignores the old one's cookie, which has another name";
const ONE_NAME: &str = "Both front doors use one cookie name, each with values that the other cannot read";
const NOT_REPLACED: &str = "One front door answers a cookie that it cannot read from any pod, and sets no new one";
const TWO_NAMES: &str = "The cookies have different names, so each front door binds the session by itself";
const OTHER_HASH: &str = "The proxies hash the cookie in different ways, as an old and a new front door do";
const NEITHER: &str = "The cookie is another front door's, and the new one neither reads nor replaces it";

/// Judges a run at two doors. `tolerated` is the rate of sessions that may move, 0 to 1; with 0 a single one is enough.
#[must_use]
pub fn judge(migration: &Migration, tolerated: f64) -> Judgement {
    let doors = Door::ALL.map(|door| crate::judge(&migration.alone(door), tolerated));
    let tally = Tally::new(migration);
    let seen = Seen { migration, tally: &tally, doors: &doors, tolerated };
    let (mut findings, mut notes) = seen.findings();
    let verdict = match () {
        () if seen.is_blind() => Verdict::Inconclusive,
        () if !findings.is_empty() => Verdict::NotSeamless,
        () => {
            notes.splice(0..0, seen.unproven());
            let is_open = notes.iter().any(|note| note.code != Code::TwoCookiesOneName);
            if is_open { Verdict::Inconclusive } else { Verdict::Seamless }
        }
    };
    if verdict == Verdict::Inconclusive {
        notes.append(&mut findings);
    }
    findings.append(&mut notes);
    let checks = seen.checks(&findings);
    Judgement { verdict, doors, findings, tally, checks }
}

struct Seen<'a> {
    migration: &'a Migration,
    tally: &'a Tally,
    doors: &'a [verdict::Judgement; 2],
    tolerated: f64,
}

impl Seen<'_> {
    /// Whether a door's answers show nothing about pods.
    fn is_blind(&self) -> bool {
        self.doors.iter().any(|door| door.pods == verdict::Verdict::Inconclusive && door.reasons.first().is_some_and(|one| BLIND.contains(&one.code)))
    }

    fn leaves(&self, door: Door) -> bool {
        self.doors[door as usize].pods == verdict::Verdict::NotSticky
    }

    /// Whether more of them moved than is tolerated.
    fn is_more(&self, (seen, of): (u64, u64)) -> bool {
        seen > 0 && bounds::rate(seen, of, bounds::SHOWN).least > self.tolerated
    }

    /// What speaks against the move, the decisive finding first; and what does not.
    fn findings(&self) -> (Vec<Finding>, Vec<Finding>) {
        let (mut against, mut notes) = (Vec::new(), Vec::new());
        for door in Door::ALL {
            let judged = &self.doors[door as usize];
            let list = if self.leaves(door) { &mut against } else { &mut notes };
            if judged.pods != verdict::Verdict::Sticky {
                list.extend(judged.reasons.first().map(|reason| {
                    let finding = Finding::new(reason.code, Check::of(door), format!("at {}, {}", door.phrase(), reason.detail));
                    Finding { evident: reason.evident.clone(), ..finding }
                }));
            }
        }
        if self.is_blind() {
            // The run may have ended early because of it, and then the other door has too few answers.
            notes.retain(|note| BLIND.contains(&note.code));
            return (against, notes);
        }
        against.extend(self.errors());
        let doubled = self.doubled();
        if Door::ALL.iter().any(|door| self.leaves(*door)) {
            notes.extend(doubled);
            return (against, notes);
        }
        let mut moves = self.moves(doubled.as_ref());
        if moves.is_empty() && against.is_empty() {
            moves.extend(self.sockets());
            moves.extend(self.split());
        }
        if !moves.iter().any(|finding| finding.code == Code::TwoCookiesOneName) {
            notes.extend(doubled);
        }
        against.append(&mut moves);
        (against, notes)
    }

    fn errors(&self) -> Option<Finding> {
        let (door, came, controls) = &self.tally.errors;
        let door = (*door)?;
        let least = bounds::rate(came.0, came.1, bounds::SHOWN).least;
        if came.0 == 0 || least <= bounds::rate(controls.0, controls.1, bounds::SHOWN).most {
            return None;
        }
        let statuses = self.migration.failed_crossings(door).into_iter().map(|(status, count)| match status {
            0 => format!("{count} without an answer"),
            status => format!("{count} with status {status}"),
        });
        let statuses: Vec<String> = statuses.collect();
        let detail = format!(
            "{} of {} first requests at {} with the other's cookie failed ({}), and {} of {} without a cookie",
            came.0,
            came.1,
            door.phrase(),
            statuses.join(", "),
            controls.0,
            controls.1
        );
        Some(Finding::new(Code::ForeignCookieErrors, Check::ForeignCookie, detail))
    }

    fn doubled(&self) -> Option<Finding> {
        let (sessions, all, names) = self.migration.doubled();
        let names: Vec<&str> = names.into_iter().collect();
        let detail = || format!("{sessions} of {all} sessions sent two cookies named {} after they had changed doors", names.join(" and "));
        (sessions > 0).then(|| Finding::new(Code::TwoCookiesOneName, Check::OneCookie, detail()))
    }

    /// Moves between doors that both keep their sessions. Two cookies of one name explain any of them.
    fn moves(&self, doubled: Option<&Finding>) -> Vec<Finding> {
        let tally = self.tally;
        let [old, new] = Door::ALL.map(|door| self.migration.pods(door));
        if !old.is_empty() && !new.is_empty() && old.is_disjoint(&new) {
            let detail = format!("{} pods answered at the old front door and {} at the new one, and none at both", old.len(), new.len());
            return vec![Finding::new(Code::OtherPods, Check::SamePods, detail)];
        }
        if self.is_more(tally.unsettled) {
            return vec![doubled.cloned().unwrap_or_else(|| self.unsettled())];
        }
        let (returned, (pairs, of)) = (self.is_more(tally.returns()), tally.one_pod_by_door);
        let mut all = Vec::new();
        match () {
            () if returned && of > 0 && pairs as f64 >= of as f64 * MOSTLY => all.push(self.two_pods()),
            () => {
                all.extend(returned.then(|| self.flips()));
                all.extend(self.is_more(tally.avoidable()).then(|| self.moved()));
            }
        }
        if !all.is_empty() {
            all.splice(0..0, doubled.cloned());
        }
        all
    }

    /// Sessions from the old door never settle at the new one.
    fn unsettled(&self) -> Finding {
        let (left, of) = self.tally.unsettled;
        let detail = format!("{left} of {of} later requests at the new front door left the pod that had answered first");
        let finding = Finding::new(Code::DeadCookieUnsettled, Check::Settle, detail);
        let foreign = self.tally.foreign[Door::New as usize];
        if (foreign.same_pod + foreign.elsewhere) * 2 > foreign.requests { finding.because(NEITHER) } else { finding }
    }

    /// Each door has a pod for a session.
    fn two_pods(&self) -> Finding {
        let (moved, of) = self.tally.cut_over;
        let detail = format!("{moved} of {of} sessions reached another pod at the new front door, and their first pod again at the old one");
        let [old, new] = self.migration.own_names();
        if old.is_empty() || new.is_empty() {
            return Finding::new(Code::ProxyDisagreement, Check::ComeBack, detail).because(OTHER_HASH);
        }
        let names = |names: std::collections::BTreeSet<&str>| names.into_iter().collect::<Vec<_>>().join(", ");
        let detail = format!("{detail}; the old one sets {}, the new one {}", names(old), names(new));
        Finding::new(Code::TwoNamesTwoPods, Check::ComeBack, detail).because(TWO_NAMES)
    }

    fn flips(&self) -> Finding {
        let ((back, of_back), (again, of_again)) = (self.tally.back, self.tally.again);
        let detail = format!(
            "{back} of {of_back} returns to the old front door and {again} of {of_again} later requests at the new one reached another pod than before"
        );
        let finding = Finding::new(Code::FlipFlop, Check::ComeBack, detail);
        let renewed = self.migration.renewed();
        let movers = self.migration.sessions.iter().filter(|session| session.begins() == Some(Door::Old));
        let crossings: Vec<Crossing<'_>> = movers.flat_map(Session::crossings).collect();
        let replaced = crossings.iter().filter(|crossing| crossing.took(&renewed) == Took::Replaced).count();
        // Those that could be read need no replacement.
        let moved = crossings.iter().filter(|crossing| crossing.moved() == Some(true)).count();
        finding.because(if replaced * 2 > moved { ONE_NAME } else { NOT_REPLACED })
    }

    fn moved(&self) -> Finding {
        let ((moved, of), forced) = (self.tally.cut_over, self.tally.forced);
        let must =
            if forced > 0 { format!("; {forced} of them had to, because their pod does not answer at the new front door") } else { String::new() };
        let detail = format!("{moved} of {of} sessions reached another pod with their first request at the new front door{must}");
        let finding = Finding::new(Code::MovedAtCutOver, Check::CutOver, detail);
        let foreign = self.tally.foreign[Door::New as usize];
        let mostly = |count: u64| count * 2 > foreign.requests;
        match () {
            () if mostly(foreign.replaced) => finding.because(UNREADABLE),
            () if mostly(foreign.added) => finding.because(IGNORED),
            () if mostly(foreign.same_pod + foreign.elsewhere) => finding.because(HASHED),
            () => finding,
        }
    }

    /// Requests stay, but sockets do not.
    fn sockets(&self) -> Option<Finding> {
        let (refused, of) = self.tally.refused_sockets;
        if refused as f64 > of as f64 * REFUSED {
            let detail = format!("{refused} of {of} sockets that were open at the old front door could not be opened at the new one");
            return Some(Finding::new(Code::UpgradeFailed, Check::Sockets, detail));
        }
        let ((moved, of), (after, of_after)) = (self.tally.sockets, self.tally.after_socket);
        let detail = match () {
            () if self.is_more((moved, of)) => format!("{moved} of {of} sockets that came back at the new front door reached another pod"),
            () if self.is_more((after, of_after)) => {
                format!("{after} of {of_after} sessions whose socket came back at the new front door reached another pod with the next request")
            }
            () => return None,
        };
        Some(Finding::new(Code::SocketElsewhere, Check::Sockets, detail))
    }

    fn split(&self) -> Option<Finding> {
        let (unsettled, of) = self.tally.split_unsettled;
        let detail = format!("{unsettled} of {of} sessions whose page came through both front doors at once did not stay on one pod afterwards");
        self.is_more((unsettled, of)).then(|| Finding::new(Code::ParallelUnsettled, Check::Split, detail))
    }

    /// Why it is no proof that no session moved.
    fn unproven(&self) -> Option<Finding> {
        let (moved, of) = self.tally.cut_over;
        if of == 0 {
            return Some(Finding::new(Code::TooFewProbes, Check::CutOver, "no session was seen at both front doors"));
        }
        let bound = bounds::rate(moved, of, bounds::SHOWN);
        if moved > 0 && bound.most > self.tolerated {
            return Some(Finding::new(Code::RateUndecided, Check::CutOver, format!("{moved} of {of} sessions moved when they changed doors")));
        }
        let odds = self.chance();
        let detail = || format!("chance alone keeps all sessions on their pods at the new front door in {:.2}% of runs", odds * 100.0);
        (odds >= CHANCE && self.doors.iter().all(|door| door.pods == verdict::Verdict::Sticky))
            .then(|| Finding::new(Code::UnbalancedControl, Check::CutOver, detail()))
    }

    /// An upper bound for the odds that a new door which ignores the old one's cookie keeps so many sessions on their pods. Only arrivals
    /// count before which the door had set no cookie.
    fn chance(&self) -> f64 {
        let spread = self.migration.doors[Door::New as usize].spread();
        let renewed = self.migration.renewed();
        let (mut arrived, mut moves): (BTreeMap<&str, u64>, u64) = (BTreeMap::new(), 0);
        for session in self.migration.sessions.iter().filter(|session| session.begins() == Some(Door::Old)) {
            for crossing in session.crossings().into_iter().filter(|crossing| crossing.to == Door::New) {
                if let (Some(home), Some(moved)) = (crossing.home, crossing.moved()) {
                    *arrived.entry(home).or_default() += 1;
                    moves += u64::from(moved);
                }
                if crossing.took(&renewed) != Took::Accepted {
                    break;
                }
            }
        }
        let pods: Vec<(u64, u64)> = arrived.into_iter().map(|(home, count)| (spread.get(home).copied().unwrap_or_default(), count)).collect();
        bounds::chance_by_pod(&pods, moves)
    }

    /// The outcome of each check, in the order of [`ALL`](super::check::ALL).
    fn checks(&self, findings: &[Finding]) -> [Found; super::check::ALL.len()] {
        let tally = self.tally;
        let [old, new] = Door::ALL.map(|door| self.door(door));
        let pods = Door::ALL.map(|door| self.migration.pods(door));
        let both = pods[0].intersection(&pods[1]).count();
        let same_pods = match () {
            () if pods.iter().any(std::collections::BTreeSet::is_empty) => Found::skip("no answer at one of the front doors identified its pod"),
            () if both == pods[0].len() && both == pods[1].len() => Found::pass(format!("{both} pods answered at both")),
            () => {
                let detail = format!(
                    "{both} pods answered at both, {} only at the old one, {} only at the new one",
                    pods[0].len() - both,
                    pods[1].len() - both
                );
                // Which pods answer is partly chance.
                if both == 0 { Found::fail(detail) } else { Found::pass(detail) }
            }
        };
        let failed: (u64, u64) = tally.foreign.iter().fold((0, 0), |sum, one| (sum.0 + one.errors, sum.1 + one.requests));
        let has = |code| findings.iter().any(|finding| finding.code == code);
        let foreign = format!("{} of {} first requests with the other's cookie failed", failed.0, failed.1);
        let foreign = match failed.1 {
            0 => Found::skip("no session changed doors"),
            _ if has(Code::ForeignCookieErrors) => Found::fail(foreign),
            _ => Found::pass(foreign),
        };
        let counted = |(seen, of): (u64, u64), none: &str, what: &str| match of {
            0 => Found::skip(none),
            of if self.is_more((seen, of)) => Found::fail(format!("{seen} of {of} {what}")),
            of => Found::pass(format!("{seen} of {of} {what}")),
        };
        let over = "no session was seen at both front doors";
        let (doubled, crossed) = tally.doubled;
        let one_cookie = format!("{doubled} of {crossed} sessions sent two cookies of one name");
        let one_cookie = match (crossed, doubled) {
            (0, _) => Found::skip("no session changed doors"),
            (_, 0) => Found::pass(one_cookie),
            _ => Found::fail(one_cookie),
        };
        let (split, of) = tally.split;
        let unsettled = counted(tally.split_unsettled, "no page was requested through both", "sessions moved afterwards");
        let split = match unsettled.mark {
            crate::scenario::Mark::Skip => unsettled,
            mark => Found { mark, detail: format!("{split} of {of} pages met several pods at once; {}", unsettled.detail) },
        };
        let sockets = match tally.refused_sockets {
            (refused, all) if refused as f64 > all as f64 * REFUSED => {
                Found::fail(format!("{refused} of {all} could not be opened at the new front door"))
            }
            _ => counted(tally.sockets, "no WebSocket was tested; add --ws-url /PATH", "reached another pod"),
        };
        let cut_over = counted(tally.cut_over, over, "sessions reached another pod");
        let settle = counted(tally.unsettled, over, "later requests reached another pod");
        let come_back = if has(Code::TwoNamesTwoPods) || has(Code::ProxyDisagreement) {
            Found::pass(format!("{} returns reached the pod that the session has at that front door", tally.returns().1))
        } else {
            counted(tally.returns(), "no session came back", "returns reached another pod")
        };
        let roll_back =
            counted(tally.roll_back, "no session went back", "sessions that began at the new front door reached another pod at the old one");
        [old, new, same_pods, foreign, cut_over, settle, come_back, roll_back, one_cookie, split, sockets]
    }

    fn door(&self, door: Door) -> Found {
        let judged = &self.doors[door as usize];
        let run = self.migration.alone(door);
        let (moved, of) = run.moves();
        let detail = format!("{moved} of {of} later requests moved");
        match judged.pods {
            verdict::Verdict::Sticky => Found::pass(detail),
            verdict::Verdict::NotSticky => Found::fail(detail),
            _ => Found::skip(judged.reasons.first().map_or(detail, |reason| reason.detail.clone())),
        }
    }
}
