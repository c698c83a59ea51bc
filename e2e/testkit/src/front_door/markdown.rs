//! The two tables of `docs/front-doors.md`.

use super::facts::{Expect, Fact, Setting, data};
use crate::door::Door;

/// Asserted by the tests on the test cluster, in every run of CI.
const TESTED: &str = "**tested**";
/// Asserted by the GitHub workflow on kind.
const ON_KIND: &str = "**on kind**";
/// Measured once by hand; no test asserts it.
const MEASURED: &str = "measured";
/// From the controller's source code; no test asserts it.
const SOURCE: &str = "source";

/// The mark for the place where a front door's tests run.
const fn mark(door: Door) -> &'static str {
    match door {
        Door::Nginx => ON_KIND,
        Door::Traefik => TESTED,
    }
}

/// The table of the two front doors.
#[must_use]
pub fn the_two() -> String {
    let title = |door: Door| format!("{} {}", door.name(), door.version());
    let mut text = format!("| case | {} | {} |\n|---|---|---|\n", title(Door::Nginx), title(Door::Traefik));
    for fact in &data().facts {
        let cell = |door| cell(fact, door);
        text.push_str(&format!("| {} | {} | {} |\n", escaped(&fact.case), cell(Door::Nginx), cell(Door::Traefik)));
    }
    text
}

fn cell(fact: &Fact, door: Door) -> String {
    let Expect { seen, note } = fact.expected(door);
    let mark = if fact.is_run() { mark(door) } else { MEASURED };
    // "`COOKIE` sticks" reads better with a comma in between.
    let seen = match &fact.setting {
        Setting::Cookie(_) => seen.replacen("` ", "`, ", 1),
        Setting::Probe | Setting::Read => seen.clone(),
    };
    let note = if note.is_empty() { String::new() } else { format!(" ({note})") };
    format!("{mark} {}{}", escaped(&seen), escaped(&note))
}

/// The table of the six controllers.
#[must_use]
pub fn the_six() -> String {
    let mut text = format!("| | {} |\n|---|{}\n", data().controllers.join(" | "), "---|".repeat(data().controllers.len()));
    for line in &data().comparison {
        let cells = line.cells.iter().zip(0..).map(|(cell, column)| {
            let mark = match (&cell.fact, column) {
                (None, _) => SOURCE,
                (_, 0) => mark(Door::Nginx),
                _ => mark(Door::Traefik),
            };
            format!("{mark} {}", escaped(&cell.text))
        });
        text.push_str(&format!("| {} | {} |\n", line.what, cells.collect::<Vec<_>>().join(" | ")));
    }
    text
}

/// Escapes bars, which would end the cell.
fn escaped(text: &str) -> String {
    text.replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_has_its_cells_and_every_cell_its_mark() {
        let text = format!("{}{}", the_two(), the_six());
        let rows = text.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| case") && !line.starts_with("| |"));
        for row in rows {
            let cells: Vec<&str> = row.trim_matches('|').split(" | ").skip(1).collect();
            assert!(cells.len() == 2 || cells.len() == 6, "{row}");
            for cell in cells {
                assert!([TESTED, ON_KIND, MEASURED, SOURCE].iter().any(|mark| cell.trim().starts_with(mark)), "{cell} in {row}");
            }
        }
        assert!(
            text.contains("| **on kind** `INGRESSCOOKIE; HttpOnly; Path=/`, sticks | **tested** `INGRESSCOOKIE; HttpOnly; Path=/`, sticks |"),
            "{text}"
        );
    }
}
