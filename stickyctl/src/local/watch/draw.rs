//! Draws the live view. Pure: the same view gives the same cells.

use super::state::{Question, View};
use crate::fit::fit;
use crate::local::table::{COLUMNS, around, has_versions, mode, rows, up};
use ratatui::Frame;
use ratatui::layout::{Alignment, Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Text};
use ratatui::widgets::{Cell, HighlightSpacing, Row, Table, TableState};
use sticky_core::harmless::{harmless, harmless_lines};
use sticky_core::readiness::State;

/// How the terminal shows things.
#[derive(Debug, Clone, Copy)]
pub(super) struct Look {
    pub colors: bool,
    /// Whether characters beyond ASCII are shown.
    pub unicode: bool,
}

/// Columns between two columns of the table.
const GAP: u16 = 2;
/// Columns of the mark beside the selected row.
const MARK: u16 = 2;

pub(super) fn draw(frame: &mut Frame, view: &View, look: Look) {
    let area = frame.area();
    let (status, columns) = (&view.status, area.width);
    // A line of its own for the URL, so that nothing wraps while the mode changes.
    let title = format!("sticky-sessions  {}  version {}  up {}", mode(status), status.version, up(status));
    let head = Text::from(vec![Line::styled(harmless(&title), Modifier::BOLD), Line::raw(harmless(&status.url))]);
    let foot = foot(view, look, columns);
    // Where there is little room, the pods matter most.
    let (gap, around) = if area.height < 12 { (0, Text::default()) } else { (1, wrapped(&around(status), columns, Style::new())) };
    let height = |text: &Text| u16::try_from(text.height()).unwrap_or(u16::MAX);
    let lines = [
        Constraint::Length(height(&head)),
        Constraint::Length(gap),
        Constraint::Min(2),
        Constraint::Length(height(&around).saturating_add(gap)),
        Constraint::Length(height(&foot)),
    ];
    let [head_area, _, table_area, around_area, foot_area] = Layout::vertical(lines).areas(area);
    frame.render_widget(head, head_area);
    table(frame, view, look, table_area);
    frame.render_widget(around, around_area);
    frame.render_widget(foot, foot_area);
}

fn wrapped(text: &str, columns: u16, style: Style) -> Text<'static> {
    Text::styled(fit(&harmless_lines(text), Some(usize::from(columns.max(20)))), style)
}

fn table(frame: &mut Frame, view: &View, look: Look, area: Rect) {
    let versions = has_versions(&view.status);
    let mut names = COLUMNS.to_vec();
    let mut all: Vec<Vec<String>> = Vec::new();
    for (version, row) in rows(&view.status) {
        let mut row = row.to_vec();
        if versions {
            row.insert(1, version);
        }
        all.push(row.iter().map(|cell| harmless(cell)).collect());
    }
    if versions {
        names.insert(1, "VERSION");
    }
    let numbers = names.len() - 4;
    let width = |column: usize| all.iter().map(|row| row[column].chars().count()).max().unwrap_or(0).max(names[column].len());
    let widths: Vec<u16> = (0..names.len()).map(|column| u16::try_from(width(column)).unwrap_or(u16::MAX)).collect();
    // The last columns are left out first.
    let fits = |count: usize| MARK + widths[..count].iter().fold(0, |sum: u16, width| sum.saturating_add(width + GAP)) <= area.width + GAP;
    let count = (3..=names.len()).rev().find(|count| fits(*count)).unwrap_or(3);
    let cell = |column: usize, text: String| {
        let text = if column >= numbers { Line::raw(text).alignment(Alignment::Right) } else { Line::raw(text) };
        Cell::from(text)
    };
    let states =
        view.status.pods.iter().flat_map(|pod| pod.workers.iter().map(|worker| if pod.left_s.is_some() { State::Draining } else { worker.state }));
    let body = all.into_iter().zip(states).map(|(row, state)| {
        let style = if look.colors && state != State::Ready { Style::new().fg(Color::Yellow) } else { Style::new() };
        Row::new(row.into_iter().take(count).enumerate().map(|(column, text)| cell(column, text))).style(style)
    });
    let head = Row::new(names.iter().take(count).enumerate().map(|(column, name)| cell(column, (*name).to_owned()))).style(Modifier::BOLD);
    let table = Table::new(body, widths[..count].iter().map(|width| Constraint::Length(*width)))
        .header(head)
        .column_spacing(GAP)
        .highlight_symbol("> ")
        .highlight_spacing(HighlightSpacing::Always)
        .row_highlight_style(Modifier::REVERSED);
    frame.render_stateful_widget(table, area, &mut TableState::new().with_selected(Some(view.row)));
}

/// The question or the last news, and the keys.
fn foot(view: &View, look: Look, columns: u16) -> Text<'static> {
    let (said, strong) = match (&view.question, &view.status.failure) {
        (Some(Question::Kill(target)), _) => (format!("kill {target}? {}", effect(view, target)), true),
        (Some(Question::Mode(text)), _) => (format!("new mode, PODSxWORKERS: {text}_"), true),
        (None, Some(why)) => (format!("changing to {} failed: {why}", view.status.mode), true),
        (None, None) => (view.said.clone(), false),
    };
    let select = if look.unicode { "\u{2191}\u{2193} select" } else { "up/down select" };
    let keys: &[&str] = match view.question {
        None => &["+/- pods", "m mode", "a affinity", select, "k kill pod", "w kill worker", "q quit"],
        Some(Question::Kill(_)) => &["y kill", "any other key no"],
        Some(Question::Mode(_)) => &["Enter switch", "Esc cancel"],
    };
    let mut foot = wrapped(if said.is_empty() { " " } else { &said }, columns, if strong { Modifier::BOLD.into() } else { Style::new() });
    foot.extend(together(keys, columns).into_iter().map(Line::raw));
    foot
}

/// The words in as few lines as they fit.
fn together(words: &[&str], columns: u16) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in words {
        match lines.last_mut() {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) if line.chars().count() + 2 + word.chars().count() <= usize::from(columns) => {
                line.push_str("  ");
                line.push_str(word);
            }
            _ => lines.push((*word).to_owned()),
        }
    }
    lines
}

/// What a kill costs.
fn effect(view: &View, target: &str) -> String {
    let of = |pod: &str, worker: u16| target == pod || target == format!("{pod}:{worker}");
    let sockets: usize = view.status.pods.iter().flat_map(|pod| pod.workers.iter().filter(|w| of(&pod.pod, w.worker)).map(|w| w.sockets)).sum();
    match sockets {
        0 => "It holds no sockets.".to_owned(),
        1 => "Its socket closes without a close frame.".to_owned(),
        n => format!("Its {n} sockets close without a close frame."),
    }
}
