//! At which door each request of a session is made.

use super::Door;

/// The least number of requests of a session: fewer have no room for two returns.
pub const LEAST: u32 = 9;
/// Later requests at its own door of a session that begins at the new one: those show whether the new door keeps its sessions.
const NEWCOMERS: u32 = 8;
/// What such a session does after that: clients whose cache is older, and a rollback, send it to the old door.
const BACK: [Door; 6] = [Door::Old, Door::Old, Door::New, Door::Old, Door::New, Door::New];

/// The doors of a session that begins at the old door, with `total` requests, at least [`LEAST`]. It stays there for about two fifths of
/// them. While DNS caches expire it alternates, and at the end it stays at the new door. Sessions leave at different times: `n` is the
/// session's number.
#[must_use]
pub fn mover(total: u32, n: u32) -> Vec<Door> {
    let total = total.max(LEAST);
    let (before, after) = (total * 2 / 5 + n % 3 - 1, (total / 5).max(2));
    let between = total - before - after;
    let doors = std::iter::repeat_n(Door::Old, before as usize).chain(alternating(between));
    doors.chain(std::iter::repeat_n(Door::New, after as usize)).collect()
}

/// The doors of a session that begins at the new door.
#[must_use]
pub fn newcomer() -> Vec<Door> {
    std::iter::repeat_n(Door::New, 1 + NEWCOMERS as usize).chain(BACK).collect()
}

/// Stays of one or two requests, the first at the new door and the last at the old one.
fn alternating(count: u32) -> Vec<Door> {
    let first = 1 + usize::from(count.is_multiple_of(2));
    let begins = std::iter::repeat_n(Door::New, first).chain([Door::Old; 2]);
    let pairs = [Door::New, Door::Old].into_iter().cycle();
    begins.chain(pairs).take(count as usize).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letters(doors: &[Door]) -> String {
        doors.iter().map(|door| if *door == Door::Old { 'a' } else { 'B' }).collect()
    }

    #[test]
    fn every_session_crosses_comes_back_and_stays() {
        let all: Vec<String> = (0..3).map(|n| letters(&mover(13, n))).collect();
        assert_eq!(all, ["aaaaBaaBaBaBB", "aaaaaBBaaBaBB", "aaaaaaBaaBaBB"]);
        for total in LEAST..60 {
            for n in 0..3 {
                let doors = mover(total, n);
                let stays: Vec<&[Door]> = doors.chunk_by(|one, next| one == next).collect();
                assert_eq!(doors.len() as u32, total);
                assert!(stays.len() >= 4 && stays.len().is_multiple_of(2), "{}", letters(&doors));
                assert!(stays[0].len() >= 2 && stays[stays.len() - 1].len() >= 2, "{}", letters(&doors));
            }
        }
        assert_eq!(letters(&newcomer()), "BBBBBBBBBaaBaBB");
        assert_eq!(mover(3, 0).len() as u32, LEAST);
    }
}
