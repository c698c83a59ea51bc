//! The table of the three front doors in `docs/front-doors.md`.

use super::facts::{By, Expect, Fact, GatewayCase, Seen, Setting, data};
use crate::door::Door;
use serde_json::{Map, Value, json};

/// Asserted by the tests on the test cluster, in every run of CI.
pub const TESTED: &str = "**tested**";
/// Asserted by the GitHub workflow on kind.
pub const ON_KIND: &str = "**on kind**";
/// Measured once by hand; no test asserts it.
pub const MEASURED: &str = "measured";
/// From the controller's source code; no test asserts it.
pub const SOURCE: &str = "source";
/// The case doesn't exist there.
const NOTHING: &str = "–";

/// The mark for the place where a front door's tests run.
#[must_use]
pub const fn mark(door: Door) -> &'static str {
    match door {
        Door::Nginx => ON_KIND,
        Door::Traefik | Door::Gateway => TESTED,
    }
}

/// The table of the three front doors.
#[must_use]
pub fn the_three() -> String {
    let titles = Door::ALL.map(|door| format!("{} {}", door.name(), door.version()));
    let mut text = format!("| case | {} |\n|---|{}\n", titles.join(" | "), "---|".repeat(titles.len()));
    for fact in &data().facts {
        let cells = Door::ALL.map(|door| cell(fact, door));
        text.push_str(&format!("| {} | {} |\n", escaped(&fact.case), cells.join(" | ")));
    }
    text
}

fn cell(fact: &Fact, door: Door) -> String {
    let Seen { with, seen, note, by } = match fact.expected(door) {
        Expect::Seen(seen) => seen,
        Expect::Nothing(why) => return format!("{NOTHING} {}", escaped(why)),
    };
    let mark = match by {
        None => mark(door),
        Some(By::Measured) => MEASURED,
        Some(By::Source) => SOURCE,
    };
    let (with, seen) = match &fact.setting {
        // "`COOKIE` sticks" reads better with a comma in between.
        Setting::Cookie(case) => {
            let with = case.gateway.as_ref().filter(|_| door == Door::Gateway).map_or_else(|| with.clone(), setting);
            (with, seen.replacen("` ", "`, ", 1))
        }
        Setting::Probe | Setting::Read => (with.clone(), seen.clone()),
    };
    let with = if with.is_empty() { with } else { format!("{with}: ") };
    let note = if note.is_empty() { String::new() } else { format!(" ({note})") };
    escaped(&format!("{mark} {with}{seen}{note}"))
}

/// What a case sets up behind a gateway, in YAML.
fn setting(case: &GatewayCase) -> String {
    match case {
        GatewayCase::Session(session) => format!("`sessionPersistence: {}`", flow(&json!(session))),
        GatewayCase::Hash(cookie) if cookie.attributes.is_empty() => "a hashed cookie".to_owned(),
        GatewayCase::Hash(cookie) => format!("a hashed cookie with `attributes: {}`", flow(&json!(cookie.attributes))),
        GatewayCase::Policy(spec) => format!("`{}`", fields(spec)),
    }
}

/// A value as YAML in one line.
fn flow(value: &Value) -> String {
    match value {
        Value::Object(map) => format!("{{{}}}", fields(map)),
        // YAML would read them as nothing and as a truth value.
        Value::String(text) if ["", "yes"].contains(&text.as_str()) => format!("\"{text}\""),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn fields(map: &Map<String, Value>) -> String {
    map.iter().map(|(key, value)| format!("{key}: {}", flow(value))).collect::<Vec<_>>().join(", ")
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
        let text = the_three();
        let rows = text.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| case") && !line.starts_with("| |"));
        for row in rows {
            let cells: Vec<&str> = row.trim_matches('|').split(" | ").skip(1).collect();
            assert_eq!(cells.len(), 3, "{row}");
            for cell in cells {
                assert!([TESTED, ON_KIND, MEASURED, SOURCE, NOTHING].iter().any(|mark| cell.trim().starts_with(mark)), "{cell} in {row}");
            }
        }
        assert!(
            text.contains("| **on kind** `INGRESSCOOKIE; HttpOnly; Path=/`, sticks | **tested** `INGRESSCOOKIE; HttpOnly; Path=/`, sticks |"),
            "{text}"
        );
    }
}
