//! A table in plain columns, as kubectl prints one.

use comfy_table::{CellAlignment, Table, TableStyle};
use sticky_core::harmless::harmless;

/// A header and its rows. Cells are made harmless, so that none breaks the table. Columns from index `numbers` on are
/// right-aligned. No line ends in a space.
#[must_use]
pub(crate) fn grid<const N: usize>(header: [&str; N], rows: impl IntoIterator<Item = [String; N]>, numbers: usize) -> String {
    let mut table = Table::new();
    table.load_style(TableStyle::new()).set_header(header);
    for row in rows {
        table.add_row(row.map(|cell| harmless(&cell)));
    }
    for (place, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, 2));
        if place >= numbers {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let lines: Vec<String> = table.lines().map(|line| line.trim_end().to_owned()).collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::grid;

    #[test]
    fn words_left_and_numbers_right() {
        let text = grid(["POD", "STATE", "SOCKETS"], [["app-1", "ready", "3"], ["b", "?", "12"]].map(|row| row.map(str::to_owned)), 2);
        assert_eq!(text, "POD    STATE  SOCKETS\napp-1  ready        3\nb      ?           12");
        assert_eq!(grid(["A"], [["x\ny\u{1b}[2J".to_owned()]], 1), "A\nx\\u{a}y\\u{1b}[2J");
    }
}
