//! A table in plain columns, as kubectl prints one.

use comfy_table::{CellAlignment, Table, TableStyle};
use sticky_core::harmless::harmless;

/// A header and its rows. Cells are made harmless, so that none breaks the table. Columns from index `numbers` on are
/// right-aligned. No line ends in a space. If a line is longer than `width`, the first column gets lines of its own, above the
/// rows that share its cell.
#[must_use]
pub(crate) fn grid<const N: usize>(header: [&str; N], rows: impl IntoIterator<Item = [String; N]>, numbers: usize, width: Option<usize>) -> String {
    let rows: Vec<Vec<String>> = rows.into_iter().map(|row| row.iter().map(|cell| harmless(cell)).collect()).collect();
    let lines = aligned(&header, rows.iter().map(Vec::as_slice), numbers);
    if width.is_none_or(|width| lines.iter().all(|line| line.chars().count() <= width)) {
        return lines.join("\n");
    }
    let rest = aligned(&header[1..], rows.iter().map(|row| &row[1..]), numbers - 1);
    let firsts = std::iter::once(header[0]).chain(rows.iter().map(|row| row[0].as_str()));
    let (mut text, mut last) = (Vec::new(), None);
    for (first, line) in firsts.zip(rest) {
        if last != Some(first) {
            text.push(first.to_owned());
        }
        text.push(format!("  {line}"));
        last = Some(first);
    }
    text.join("\n")
}

fn aligned<'a>(header: &[&str], rows: impl Iterator<Item = &'a [String]>, numbers: usize) -> Vec<String> {
    let mut table = Table::new();
    table.load_style(TableStyle::new()).set_header(header.to_vec());
    for row in rows {
        table.add_row(row.to_vec());
    }
    for (place, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, 2));
        if place >= numbers {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table.lines().map(|line| line.trim_end().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::grid;

    #[test]
    fn words_left_and_numbers_right() {
        let text = grid(["POD", "STATE", "SOCKETS"], [["app-1", "ready", "3"], ["b", "?", "12"]].map(|row| row.map(str::to_owned)), 2, None);
        assert_eq!(text, "POD    STATE  SOCKETS\napp-1  ready        3\nb      ?           12");
        assert_eq!(grid(["A"], [["x\ny\u{1b}[2J".to_owned()]], 1, None), "A\nx\\u{a}y\\u{1b}[2J");
    }

    #[test]
    fn long_names_have_lines_of_their_own() {
        let rows =
            [["web-abcdef", "ready", "0", "3"], ["web-abcdef", "ready", "1", "4"], ["b", "draining", "0", "12"]].map(|row| row.map(str::to_owned));
        let text = grid(["POD", "STATE", "WORKER", "SOCKETS"], rows.clone(), 2, Some(30));
        let expected =
            "POD\n  STATE     WORKER  SOCKETS\nweb-abcdef\n  ready          0        3\n  ready          1        4\nb\n  draining       0       12";
        assert_eq!(text, expected);
        assert_eq!(grid(["POD", "STATE", "WORKER", "SOCKETS"], rows, 2, Some(37)).lines().count(), 4);
    }
}
