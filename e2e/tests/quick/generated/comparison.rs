//! The tables of all controllers in `docs/front-doors.md`.

use super::between;
use anyhow::Result;
use stickyctl::comparison::{Cell, Controller, Source, Support, rows};
use testkit::door::Door;
use testkit::front_door::facts::{By, Expect, Seen, data};
use testkit::front_door::markdown::{MEASURED, SOURCE, mark};

pub(super) fn page(page: &str) -> Result<String> {
    let page = between(page, "controllers", &by_controller(|cell, of| format!("{}{}", mark_of(cell, of), cell.text)))?;
    between(&page, "controllers-sources", &by_controller(|cell, _| source(cell)))
}

/// A table with a row for each topic and a column for each controller; what is true of several versions is in one cell.
fn by_controller(text: impl Fn(&Cell, Controller) -> String) -> String {
    let titles = Controller::ALL.map(|controller| format!("{} {}", controller.name(), short(controller)));
    let mut lines = vec![format!("| | {} |", titles.join(" | ")), format!("|---|{}", "---|".repeat(titles.len()))];
    for row in rows::all() {
        let cells = Controller::ALL.map(|controller| {
            let all = row.cells(controller).iter().map(|cell| {
                let since = cell.since.map_or_else(String::new, |since| format!("from {since} on: "));
                format!("{since}{}", text(cell, controller))
            });
            all.collect::<Vec<_>>().join("; ")
        });
        lines.push(format!("| {} | {} |", row.what, cells.join(" | ").replace("\n", " ")));
    }
    lines.join("\n")
}

/// The version as people call it.
fn short(controller: Controller) -> String {
    let version = controller.version();
    if version.2 == 0 { format!("{}.{}", version.0, version.1) } else { version.to_string() }
}

fn mark_of(cell: &Cell, controller: Controller) -> String {
    let mark = match (cell.source, cell.support) {
        // "Source unknown" would mean something else.
        (_, Support::Unknown) => return String::new(),
        (Source::Tested(_), _) => door(controller).map_or(SOURCE, mark),
        (Source::Measured(_), _) => MEASURED,
        (Source::Code(_) | Source::Page(_) | Source::Issue(_), _) => SOURCE,
    };
    format!("{mark} ")
}

fn source(cell: &Cell) -> String {
    match cell.source {
        Source::Tested(fact) | Source::Measured(fact) => {
            let case = data().facts.iter().find(|known| known.id == fact).map_or(fact, |known| &known.case);
            format!("above: {}", case.replace('|', "\\|"))
        }
        Source::Code(place) | Source::Page(place) | Source::Issue(place) => place.to_owned(),
    }
}

/// The front door of a controller, if it is one that the tests run.
const fn door(controller: Controller) -> Option<Door> {
    match controller {
        Controller::IngressNginx => Some(Door::Nginx),
        Controller::TraefikNginx => Some(Door::Traefik),
        Controller::Gateway => Some(Door::Gateway),
        Controller::Traefik | Controller::HaproxyIngress | Controller::Haproxytech | Controller::F5Nginx => None,
    }
}

#[test]
fn facts_are_known_as_the_comparison_says() {
    for row in rows::all() {
        for controller in Controller::ALL {
            for cell in row.cells(controller) {
                let Some(name) = cell.source.fact() else { continue };
                let at = format!("{:?} of {}: {name}", row.topic, controller.name());
                let door = door(controller).expect("a front door that the tests run");
                let fact = data().facts.iter().find(|fact| fact.id == name).unwrap_or_else(|| panic!("no fact {at}"));
                match cell.source {
                    Source::Tested(_) => assert!(fact.asserted(door).is_some(), "no test asserts {at}"),
                    _ => assert!(matches!(fact.expected(door), Expect::Seen(Seen { by: Some(By::Measured), .. })), "not measured: {at}"),
                }
            }
        }
    }
}

#[test]
fn each_row_has_a_cell_for_each_controller() {
    let text = by_controller(|cell, of| format!("{}{}", mark_of(cell, of), cell.text));
    for line in text.lines().filter(|line| !line.starts_with("|---")) {
        assert_eq!(line.trim_matches('|').split(" | ").count(), 1 + Controller::ALL.len(), "{line}");
    }
}
