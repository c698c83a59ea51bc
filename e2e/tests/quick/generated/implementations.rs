//! The tables of the Gateway API's implementations in `docs/front-doors.md`.

use super::between;
use anyhow::Result;
use stickyctl::gateway_api::Shape;
use stickyctl::gateway_api::implementations::{Cell, all};

pub(super) fn page(page: &str) -> Result<String> {
    let page = between(page, "implementations", &overview())?;
    between(&page, "implementations-cookie", &cookies())
}

/// Who honors the field, and what helps where nobody does.
fn overview() -> String {
    let rows = all().map(|one| {
        let controllers: Vec<String> = one.controllers.iter().map(|controller| format!("`{controller}`")).collect();
        format!("| {} | {} | {} | {} |", one.name, controllers.join(", "), cell(one.persistence), cell(one.instead))
    });
    let head = "| implementation | `controllerName` begins with | `sessionPersistence` with a cookie | affinity without it |\n|---|---|---|---|";
    format!("{head}\n{}", rows.collect::<Vec<_>>().join("\n"))
}

/// The cookies of those that honor the field.
fn cookies() -> String {
    let rows = all().filter_map(|one| {
        let details = one.details?;
        let reads = match details.reads {
            Shape::SessionName => "v1.6: `sessionName`",
            Shape::Cookie => "v1.7: `cookie.name`",
        };
        Some(format!("| {} | {reads} | {} | {} | {} |", one.name, cell(details.attributes), cell(details.lifetime), cell(details.header)))
    });
    let head = "| implementation | reads the field as in | the cookie's attributes | `Permanent` and `absoluteTimeout` | `type: Header` |\n|---|---|---|---|---|";
    format!("{head}\n{}", rows.collect::<Vec<_>>().join("\n"))
}

/// A statement with its mark and its source.
fn cell(cell: Cell) -> String {
    let mark = match cell {
        Cell { run: true, .. } => "**tested** ",
        // "Source unknown" would mean something else.
        Cell { text, .. } if text.starts_with("unknown") => "",
        Cell { .. } => "source ",
    };
    format!("{mark}{} ({})", cell.text, cell.source)
}
